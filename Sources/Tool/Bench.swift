import ArgumentParser
import CKernels
import Foundation
import Polymath

struct Bench: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Time training end to end, or a part of it apart from everything else.",
      subcommands: [Training.self] + Command.catalogue.algorithms.flatMap { $0.benchmarks.map { command(of: $0) } } + [
        VTrace.self
      ],
      defaultSubcommand: Training.self)
  }

  private static func command<Kind: Benchmark>(of _: Kind.Type) -> any ParsableCommand.Type { BenchCommand<Kind>.self }

  /// Prints where `total` seconds of all threads went.
  static func printShares(_ times: [WorkTime], of total: Double) {
    let seconds = times + [("the rest", total - times.reduce(0) { $0 + $1.seconds })]
    let rows = seconds.map {
      [$0.work, String(format: "%.2f", $0.seconds), String(format: "%.1f %%", 100 * $0.seconds / total)]
    }
    table([["work", "seconds", "share"]] + rows).forEach { print($0) }
  }

  /// What computes here.
  static var machine: String {
    "kernels \(Command.kernelLevel), OpenBLAS core \(String(cString: ck_blas_core_name())), at most "
      + "\(mostMemory / 1_000_000) MB"
  }

  /// Bytes of the largest resident set so far (`VmHWM`).
  private static var mostMemory: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return 1024 * (line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0)
  }

  /// A second: few of something are told with digits after the point.
  fileprivate static func text(_ rate: Double) -> String { rate < 100 ? String(format: "%.2f", rate) : grouped(rate) }
}

/// A benchmark that an algorithm declares, as a command.
struct BenchCommand<Kind: Benchmark>: SettingsCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Kind.name, abstract: Kind.abstract,
      usage: "polymath bench \(Kind.name) [--SETTING VALUE ...] [--json]",
      discussion: String(SettingsHelp.section("SETTINGS", Kind.settings, Kind()).trimmingPrefix(/\n+/)))
  }

  static var settingNames: [String] { Kind.settings.map(\.name) }

  @Flag(help: "Print one JSON object.")
  var json = false
  @Argument(parsing: .allUnrecognized, help: .hidden)
  var settings: [String] = []

  func validate() throws {
    if let unknown = Complaint.unknownOption(["bench", Kind.name] + settings) { throw ValidationError(unknown) }
  }

  func run() throws {
    Command.prepare()
    var benchmark = Kind()
    for (name, value) in try SettingWords.parse(settings, among: Kind.settings) {
      do {
        // Every name was looked at.
        try Kind.settings.first { $0.name == name }!.write(value, to: &benchmark)
      } catch let error as ConfigurationError { throw ValidationError(error.description) }
    }
    try MemoryEstimate.check(benchmark.memory(), threads: benchmark.threads)
    let result = try benchmark.measure()
    if json {
      print("{\"\(result.unit)PerSecond\": \(result.rate)}")
      return
    }
    print("\(Bench.text(result.rate)) \(result.unit)/s: \(result.remarks.joined(separator: "\n"))")
    print(Bench.machine)
    if let times = result.times { Bench.printShares(times.parts, of: times.total) }
  }
}

extension Bench {
  struct Training: SettingsCommand {
    static let configuration = CommandConfiguration(
      commandName: "training", abstract: "A suite's training without files, and where its time goes.",
      usage: "polymath bench training [--suite NAME] [--SETTING VALUE ...] [OPTIONS]",
      discussion:
        "Settings of `polymath train` that say what is trained are options, too: --suite, --tasks, --algorithm, "
        + "--environments-per-task, --unroll, --network, --threads and the others of `polymath train --help`.")
    private enum Numbers {
      static let seconds = NumberOption<Double>(
        "Seconds to train for, after a warm-up of a fifth", .above(0, to: 86_400), default: 20)
    }

    /// Without those that a training without files and without an end doesn't read.
    static var settingNames: [String] {
      let unread = [
        "steps", "reference", "checkpoint-every", "checkpoint-seconds", "metrics-every",
      ]
      return Train.settingNames.filter { !unread.contains($0) }
    }

    @Option(help: Numbers.seconds.help, transform: Numbers.seconds.read)
    var seconds = Numbers.seconds.value
    @Flag(help: "Print one JSON object.")
    var json = false
    @Argument(parsing: .allUnrecognized, help: .hidden)
    var settings: [String] = []

    func validate() throws {
      if let unknown = Complaint.unknownOption(["bench", "training"] + settings) { throw ValidationError(unknown) }
    }

    func run() throws {
      Command.prepare()
      let catalogue = Command.catalogue
      var configuration = try RunConfiguration.resolve(
        flags: SettingWords.parse(settings, among: catalogue.everySetting),
        cores: ProcessInfo.processInfo.activeProcessorCount, in: catalogue)
      let arm = configuration.arm
      configuration.steps = 1_000_000_000
      let agent = try Agent(configuration)
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
      print(
        "\(grouped(rate)) steps/s: \(configuration.suite), \(agent.shape.columns) environments, \(arm), threads "
          + "\(configuration.threads)")
      print(Bench.machine)
      Bench.printShares(
        zip(training.engine.times, times).map { ($0.work, $0.seconds - $1.seconds) },
        of: Double(configuration.threads) * elapsed)
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
      static let unroll = NumberOption<Int>("Steps of an unroll, T", .whole(1...10_000), default: 100)
      static let batch = NumberOption<Int>("Environments, B", .whole(1...4096), default: 1024)
      static let repetitions = NumberOption<Int>(
        "Repetitions that are timed, after three that are not", .whole(1...1_000_000), default: 200)
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
      let times = VTraceBenchmark.seconds(repetitions + 3, unroll: unroll, batch: batch).dropFirst(3).sorted()
      let median = 1e6 * times[times.count / 2]
      print(json ? "{\"microseconds\": \(median)}" : String(format: "%.1f us, median of %d", median, times.count))
    }
  }
}
