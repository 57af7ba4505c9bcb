import ArgumentParser
import CKernels
import Foundation
import Polymath

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time training end to end, or the learner's update or acting on random pictures.",
    subcommands: [Training.self, Learner.self, Inference.self, VTrace.self, SAC.self], defaultSubcommand: Training.self)

  /// Prints where `total` seconds of all threads went between two readings.
  static func printShares(_ times: [WorkTime], since before: [WorkTime], of total: Double) {
    var seconds = zip(times, before).map { ($0.work, $0.seconds - $1.seconds) }
    seconds.append(("the rest", total - seconds.reduce(0) { $0 + $1.1 }))
    let rows = seconds.map { [$0, String(format: "%.2f", $1), String(format: "%.1f %%", 100 * $1 / total)] }
    table([["work", "seconds", "share"]] + rows).forEach { print($0) }
  }

  struct Options: ParsableArguments {
    private enum Numbers {
      static let batch = NumberOption.batch(32)
      static let repetitions = NumberOption.repetitions(10)
    }

    @Option(help: "Trunk: \(TrunkKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var network = TrunkKind.deep
    @Option(help: Numbers.batch.help, transform: Numbers.batch.read)
    var batch = Numbers.batch.value
    @Option(help: Numbers.repetitions.help, transform: Numbers.repetitions.read)
    var repetitions = Numbers.repetitions.value
    @Flag(help: "Print one JSON object.")
    var json = false

    /// Bytes of the largest resident set so far (`VmHWM`).
    private var mostMemory: Int {
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
      return 1024 * (line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0)
    }

    func report(_ seconds: [Double], steps: Int, threads: Int) {
      let timed = seconds.dropFirst(2).sorted()
      let median = timed[timed.count / 2]
      if json {
        print("{\"stepsPerSecond\": \(Double(steps) / median)}")
        return
      }
      print(
        "\(grouped(Double(steps) / median)) steps/s: \(String(format: "%.3f", 1e3 * median)) ms for \(steps), "
          + "median of \(timed.count), \(String(format: "%.3f", 1e3 * timed[0])) to "
          + "\(String(format: "%.3f", 1e3 * timed[timed.count - 1])) ms")
      print(
        "network \(network.rawValue), batch \(batch), threads \(threads), kernels \(Command.kernelLevel), OpenBLAS core "
          + "\(String(cString: ck_blas_core_name())), at most \(mostMemory / 1_000_000) MB")
    }
  }

  struct Learner: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "IMPALA's update: forward, V-trace, losses, backward, clip, RMSProp.",
      usage: "polymath bench learner [OPTIONS]", discussion: "Steps are agent steps, T B an update.")
    private enum Numbers {
      static let unroll = NumberOption.unroll(20)
      static let shards = NumberOption.shards(4)
      static let threads = NumberOption.threads(1)
    }

    @OptionGroup var options: Options
    @Option(help: Numbers.unroll.help, transform: Numbers.unroll.read)
    var unroll = Numbers.unroll.value
    @Option(help: Numbers.shards.help, transform: Numbers.shards.read)
    var shards = Numbers.shards.value
    @Option(help: Numbers.threads.help, transform: Numbers.threads.read)
    var threads = Numbers.threads.value

    func run() throws {
      Command.prepare()
      let benchmark = Benchmark(
        network: options.network, unroll: unroll, batch: options.batch, shards: shards, threads: threads)
      options.report(
        try benchmark.updates(options.repetitions + 2), steps: unroll * options.batch, threads: threads)
    }
  }

  struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Acting: one forward pass for B environments, and sampling.",
      usage: "polymath bench inference [OPTIONS]")
    @OptionGroup var options: Options

    func run() throws {
      Command.prepare()
      let benchmark = Benchmark(network: options.network, unroll: 10, batch: options.batch, shards: 1, threads: 1)
      options.report(try benchmark.actions(options.repetitions + 2), steps: options.batch, threads: 1)
    }
  }
}

extension Bench {
  struct Training: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "training", abstract: "A suite's training without files, and where its time goes.",
      usage: "polymath bench training [--suite NAME] [OPTIONS]")
    private enum Numbers {
      static let threads = NumberOption.threads(ProcessInfo.processInfo.activeProcessorCount)
      static let seconds = NumberOption<Double>(
        "Seconds to train for, after a warm-up of a fifth", .above(0, to: 86_400), default: 20)
    }

    @Option(help: "Suite.")
    var suite = "arcade"
    @Option(help: "Tasks, separated by commas; all by default.", transform: Words.init)
    var tasks: [Words] = []
    @Option(help: "Environments of each task; the preset's by default.")
    var environmentsPerTask: String?
    @Option(help: "Steps of an unroll: T; the preset's by default.")
    var unroll: String?
    @Option(help: "Trunk; the preset's by default.")
    var network: TrunkKind?
    @Option(help: Numbers.threads.help, transform: Numbers.threads.read)
    var threads = Numbers.threads.value
    @Option(help: Numbers.seconds.help, transform: Numbers.seconds.read)
    var seconds = Numbers.seconds.value
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
      Command.prepare()
      var flags = [("suite", suite), ("threads", "\(threads)"), ("tasks", tasks.text), ("steps", "1000000000")]
      if let environmentsPerTask { flags.append(("environments-per-task", environmentsPerTask)) }
      if let unroll { flags.append(("unroll", unroll)) }
      if let network { flags.append(("network", network.rawValue)) }
      let agent = try Agent(RunConfiguration.resolve(flags: flags.map { (name: $0.0, value: $0.1) }))
      let training = try Polymath.Training(agent)
      try train(training, for: seconds / 5)
      let (steps, times) = (training.steps, training.engine.times)
      let start = ContinuousClock.now
      try train(training, for: seconds)
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      let rate = Double(training.steps - steps) / elapsed
      if json {
        print("{\"stepsPerSecond\": \(rate)}")
        return
      }
      let network = agent.configuration.settings.first { $0.name == "network" }!.read(agent.configuration)
      print(
        "\(grouped(rate)) steps/s: \(suite), \(agent.shape.columns) environments, network \(network), threads "
          + "\(threads), kernels \(Command.kernelLevel), OpenBLAS core \(String(cString: ck_blas_core_name()))")
      Bench.printShares(training.engine.times, since: times, of: Double(threads) * elapsed)
    }

    private func train(_ training: Polymath.Training, for seconds: Double) throws {
      let end = ContinuousClock.now + .seconds(seconds)
      let engine = training.engine
      try engine.run(until: 1 << 53) { _ in
        if ContinuousClock.now >= end { engine.stop() }
      }
    }
  }

  struct VTrace: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "vtrace", abstract: "V-trace on T B numbers.",
      usage: "polymath bench vtrace [OPTIONS]")
    private enum Numbers {
      static let unroll = NumberOption.unroll(100)
      static let batch = NumberOption.batch(1024)
      static let repetitions = NumberOption.repetitions(200)
    }

    @Option(help: Numbers.unroll.help, transform: Numbers.unroll.read)
    var unroll = Numbers.unroll.value
    @Option(help: Numbers.batch.help, transform: Numbers.batch.read)
    var batch = Numbers.batch.value
    @Option(help: Numbers.repetitions.help, transform: Numbers.repetitions.read)
    var repetitions = Numbers.repetitions.value
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
      Command.prepare()
      let times = Benchmark.vTrace(repetitions + 3, unroll: unroll, batch: batch).dropFirst(3).sorted()
      let median = 1e6 * times[times.count / 2]
      print(json ? "{\"microseconds\": \(median)}" : String(format: "%.1f us, median of %d", median, times.count))
    }
  }
}

extension TrunkKind: ExpressibleByArgument {}
