import ArgumentParser
import CKernels
import Foundation
import Polymath

extension Bench {
  struct SAC: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sac",
      abstract: "SAC's update at the sizes of Meta-World: temperatures, policy, two critics, Adam, targets.")

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

    @Option(help: "Network: \(Network.allCases.map(\.rawValue).joined(separator: ", ")).")
    var network = Network.softShallow
    @Option(help: "Tasks.")
    var tasks = 10
    @Option(help: "Transitions of a batch, of all tasks.")
    var batch = 1280
    @Option(help: "Parts of the batch that are differentiated together; they divide the tasks.")
    var shards = 2
    @Option(help: "Threads.")
    var threads = 1
    @Option(help: "Rounds of four updates that are timed, after one that is not.")
    var repetitions = 7
    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
      if tasks < 1 || shards < 1 || threads < 1 || repetitions < 1 {
        throw ValidationError("tasks, shards, threads and repetitions must be above 0")
      }
    }

    func run() throws {
      Command.prepare()
      let benchmark = try SACBenchmark(
        network.configuration, tasks: tasks, batch: batch, shards: shards, threads: threads)
      _ = try benchmark.updates(1)
      let before = benchmark.times
      let seconds = try benchmark.updates(repetitions)
      let median = seconds.sorted()[seconds.count / 2]
      if json {
        print("{\"updatesPerSecond\": \(1 / median)}")
        return
      }
      print(
        "\(String(format: "%.2f", 1 / median)) updates/s, \(String(format: "%.1f", 1e3 * median)) ms each: network "
          + "\(network.rawValue), batch \(batch), threads \(threads), kernels \(Command.kernelLevel), OpenBLAS core "
          + "\(String(cString: ck_blas_core_name()))")
      let total = Double(threads) * seconds.reduce(0, +) * Double(SACBenchmark.updatesPerRound)
      var rows = [["work", "share"]]
      var rest = 1.0
      for (start, end) in zip(before, benchmark.times) {
        let share = (end.seconds - start.seconds) / total
        rest -= share
        rows.append([end.work, String(format: "%.1f %%", 100 * share)])
      }
      rows.append(["the rest", String(format: "%.1f %%", 100 * rest)])
      table(rows).forEach { print($0) }
    }
  }
}
