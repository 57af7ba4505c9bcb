import ArgumentParser
import Foundation
import Polymath

extension Analyze {
  struct Curves: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draw the learning curves of runs, task by task.",
      usage: "polymath analyze curves RUN ... [--metric NAME] [--out FILE] [OPTIONS]",
      discussion:
        "Runs that differ in nothing but their seed are an arm: a line, with a 95 % bootstrap interval behind it. Numbers are "
        + "those of the last 100 training episodes, from each run's metrics.jsonl; runs that still train can be drawn.")

    @Argument(help: "Folders of runs.", transform: path)
    var runs: [String]
    @Option(help: "What to draw; by default the first of these that is known of every task.")
    var metric: LearningCurves.Metric?
    @Option(help: "File of the picture.", transform: path)
    var out = "curves.svg"
    @Flag(help: "Replace the file that is there, also where it is no picture of this command.")
    var overwrite = false

    func run() throws {
      Command.prepare()
      if !overwrite { try LearningCurves.checkReplaceable(out) }
      let curves = try LearningCurves(runs, metric: metric, in: Command.catalogue)
      try AtomicFile.write(curves.svg.utf8, to: out)
      print("\(out): \(curves.metric.rawValue) of \(curves.arms.map(\.name).joined(separator: "; "))")
    }
  }
}

extension LearningCurves.Metric: ExpressibleByArgument {}
