import ArgumentParser
import Foundation
import Polymath

struct Analyze: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look into what runs have learned, and how.", subcommands: [Routing.self, Curves.self])

  struct Routing: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How a run of soft modularization routes its tasks, beside the untrained network.",
      usage: "polymath analyze routing RUN [OPTIONS]",
      discussion:
        "Plays every task, notes how the policy's modules are mixed, and how the untrained policy would mix them "
        + "in the same states. Plays again with the routing of each task's successor: the task's number reaches nothing but "
        + "the routing. Tables and pictures are written into the run's folder, under analysis.")

    private enum Numbers {
      static let episodes = NumberOption.episodes(20)
      static let stride = NumberOption<Int>(
        "Note every so many steps; by default so that a task has about 200 rows", .whole(1...1_000_000))
      static let seed = NumberOption.seed(1001)
    }

    @Argument(help: "Folder of a run.", transform: path)
    var runFolder: String
    @Option(help: Numbers.episodes.help, transform: Numbers.episodes.read)
    var episodes = Numbers.episodes.value
    @Option(help: Numbers.stride.help, transform: Numbers.stride.read)
    var stride: Int?
    @Option(help: Numbers.seed.help, transform: Numbers.seed.read)
    var seed = Numbers.seed.value
    @Flag(help: "Sample actions instead of taking the mean.")
    var sampled = false
    @Option(
      help: "Python modules that the run's files name and that may be imported, separated by commas.",
      transform: Words.init)
    var envModule: [Words] = []
    @OptionGroup var trust: TrustOptions
    @Flag(help: "Print the report as one JSON object.")
    var json = false

    func run() throws {
      Command.prepare()
      var options = RoutingAnalysis.Options()
      options.catalogue = Command.catalogue
      (options.episodes, options.stride, options.seed, options.greedy) = (episodes, stride, seed, !sampled)
      options.trust = trust.trust(naming: envModule)
      let analysis = try RoutingAnalysis(runFolder, options)
      if json { Swift.print(try analysis.json()) } else { show(analysis) }
      fflush(nil)
      if analysis.points >= 1000 {
        note("two pictures of \(grouped(analysis.points)) points by t-SNE take up to a minute")
      }
      let files = try analysis.write()
      if !json { print("\n\(runFolder)/analysis: \(files.joined(separator: ", "))") }
    }

    private func show(_ analysis: RoutingAnalysis) {
      let report = analysis.report
      print(
        "\(report.algorithm) on \(report.suite), \(grouped(report.steps)) steps: \(report.episodes) episodes per task, "
          + "\(report.greedy ? "greedy" : "sampled"), \(grouped(analysis.trained.samples.count)) rows\n")
      showMeasures(report)
      print("")
      showTasks(report)
    }

    /// Untrained and trained, each beside its control.
    private func showMeasures(_ report: RoutingReport) {
      // Three digits, however small: before training routing is uniform within 1e-3.
      func number(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "n/a" }
      typealias Measures = RoutingReport.Measures
      let columns = [report.untrained, report.untrainedShuffled, report.trained, report.trainedShuffled]
      func row(_ name: String, _ text: (Measures) -> String) -> [String] { [name] + columns.map(text) }
      var rows = [["routing", "untrained", "(shuffled)", "trained", "(shuffled)"]]
      // Entropy knows no tasks: shuffling them doesn't change it.
      for layer in report.trained.entropy.indices {
        rows.append(
          ["entropy of layer \(layer + 1), of log n", number(report.untrained.entropy[layer]), ""]
            + [number(report.trained.entropy[layer]), ""])
      }
      if let before = report.untrained.headEntropy, let after = report.trained.headEntropy {
        rows.append(["entropy of the head, of log n", number(before), "", number(after), ""])
      }
      rows.append(row("total variation between tasks") { number($0.betweenTasks) })
      rows.append(row("total variation within tasks") { number($0.withinTasks) })
      rows.append(row("between / within") { number($0.ratio) })
      rows.append(row("5-NN tells the task") { $0.neighbours.map(percent) ?? "n/a" })
      table(rows).forEach { print($0) }
    }

    private func showTasks(_ report: RoutingReport) {
      var rows = [["task", "success", "return", "routed as", "success", "return"]]
      for task in report.tasks {
        rows.append([
          task.own.id, task.own.success.map(percent) ?? "n/a", short(task.own.return), task.other,
          task.rerouted.success.map(percent) ?? "n/a", short(task.rerouted.return),
        ])
      }
      table(rows).forEach { print($0) }
    }
  }
}
