import ArgumentParser
import CKernels
import Foundation
import Polymath

extension Bench {
  struct SAC: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sac",
      abstract: "SAC's update at the sizes of Meta-World: temperatures, policy, two critics, Adam, targets.",
      usage: "polymath bench sac [OPTIONS]")

    enum Network: String, ExpressibleByArgument, CaseIterable {
      case multiTask = "mt-sac"
      case multiHead = "mt-mh-sac"
      case softShallow = "soft-shallow"
      case softDeep = "soft-deep"

      var configuration: Polymath.SAC.Configuration {
        var configuration = Polymath.SAC.Configuration()
        configuration.balance = .code
        switch self {
        case .multiTask: configuration.network = .mlp
        case .multiHead: configuration.network = .multiHead
        case .softShallow: break
        case .softDeep: configuration.routing = .deep
        }
        return configuration
      }
    }

    private enum Numbers {
      static let tasks = NumberOption<Int>("Tasks", .whole(1...1000), default: 10)
      static let batch = NumberOption<Int>("Transitions of a batch, of all tasks", .whole(1...65_536), default: 1280)
      static let shards = NumberOption.shards(2)
      static let threads = NumberOption.threads(1)
      static let repetitions = NumberOption<Int>(
        "Rounds of four updates that are timed, after one that is not", .whole(1...100_000), default: 7)
    }

    @Option(help: "Network: \(Network.allCases.map(\.rawValue).joined(separator: ", ")).")
    var network = Network.softShallow
    @Option(help: Numbers.tasks.help, transform: Numbers.tasks.read)
    var tasks = Numbers.tasks.value
    @Option(help: Numbers.batch.help, transform: Numbers.batch.read)
    var batch = Numbers.batch.value
    @Option(help: Numbers.shards.help, transform: Numbers.shards.read)
    var shards = Numbers.shards.value
    @Option(help: Numbers.threads.help, transform: Numbers.threads.read)
    var threads = Numbers.threads.value
    @Option(help: Numbers.repetitions.help, transform: Numbers.repetitions.read)
    var repetitions = Numbers.repetitions.value
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
      Command.prepare()
      let benchmark = try SACBenchmark(
        network.configuration, tasks: tasks, batch: batch, shards: shards, threads: threads)
      _ = try benchmark.updates(1)
      let before = benchmark.times
      // Other programs may slow both, so that both are timed in turn.
      let measured = try (0..<repetitions).map { _ in
        (seconds: try benchmark.updates(1)[0], rate: SACBenchmark.productRate())
      }
      func median(_ number: ((seconds: Double, rate: Double)) -> Double) -> Double {
        measured.map(number).sorted()[measured.count / 2]
      }
      let seconds = median(\.seconds)
      if json {
        print("{\"updatesPerSecond\": \(1 / seconds)}")
        return
      }
      print(
        "\(String(format: "%.2f", 1 / seconds)) updates/s, \(String(format: "%.1f", 1e3 * seconds)) ms each: network "
          + "\(network.rawValue), batch \(batch), threads \(threads), kernels \(Command.kernelLevel), OpenBLAS core "
          + "\(String(cString: ck_blas_core_name()))")
      print(
        "meanwhile one thread of BLAS makes \(String(format: "%.0f", median(\.rate) / 1e9)) GFLOP/s: "
          + "\(String(format: "%.1f", median { $0.seconds * $0.rate } / 1e9)) GFLOP in the time of an update")
      Bench.printShares(
        benchmark.times, since: before,
        of: Double(threads * SACBenchmark.updatesPerRound) * measured.reduce(0) { $0 + $1.seconds })
    }
  }
}
