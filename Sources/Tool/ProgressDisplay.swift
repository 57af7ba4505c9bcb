import Foundation
import Polymath

/// The live table of a training run. On a terminal it is drawn over each second; elsewhere it is printed now and then as
/// plain lines.
final class ProgressDisplay: @unchecked Sendable {
  private let quiet: Bool
  private let agent: Agent
  private let path: String
  private var drawnLines = 0
  private var printed: ContinuousClock.Instant?

  init(_ run: Run, quiet: Bool) { (agent, path, self.quiet) = (run.training.agent, run.directory.path, quiet) }

  func begin() {
    if quiet { return }
    print("Settings (all are in \(path)/run.yaml):")
    let settings = agent.configuration.yaml.split(separator: "\n").map(String.init)
    let half = (settings.count + 1) / 2
    let width = settings[..<half].map(\.count).max() ?? 0
    for row in 0..<half {
      let left = settings[row], right = half + row < settings.count ? settings[half + row] : ""
      print("  " + left + String(repeating: " ", count: width - left.count + 3) + right)
    }
    print(
      "\nTraining \(agent.learner.parameterCount) parameters on \(agent.taskSet.tasks.count) tasks, "
        + "\(agent.shape.columns) environments, \(agent.configuration.threads) threads, kernels "
        + "\(Command.kernelLevel).\n")
    fflush(nil)
  }

  /// What is printed is not flushed.
  func update(_ run: Run) {
    if quiet { return }
    if isTerminal {
      draw(run)
    } else if printed.map({ ContinuousClock.now - $0 >= .seconds(15) }) ?? true {
      printed = .now
      for line in lines(run) { print(line) }
      print("")
    }
  }

  func finish(_ run: Run) {
    if quiet { return }
    if isTerminal { draw(run) } else { for line in lines(run) { print(line) } }
  }

  private func draw(_ run: Run) {
    let lines = fitting(lines(run))
    // Up over the last table, then each line cleared before it is written.
    print((drawnLines > 0 ? "\u{1b}[\(drawnLines)A" : "") + lines.map { "\u{1b}[2K\($0)\n" }.joined(), terminator: "")
    drawnLines = lines.count
  }

  /// The lines cut to the terminal: one that wraps, or scrolls away, could not be drawn over.
  private func fitting(_ lines: [String]) -> [String] {
    let (columns, rows) = terminalSize()
    var shown = lines
    if lines.count >= rows {
      let kept = max(rows - 3, 1)
      shown = lines[..<kept] + ["(\(lines.count - 1 - kept) more tasks)", lines[lines.count - 1]]
    }
    return shown.map { String($0.prefix(columns)) }
  }

  private func lines(_ run: Run) -> [String] {
    let tasks = agent.taskSet.tasks
    let (hasSuccess, hasScores) = (tasks.contains(where: \.hasSuccessRule), tasks.contains { $0.scores != nil })
    var rows = [
      ["task", "episodes", "return"] + (hasSuccess ? ["success"] : [])
        + (hasScores ? ["random", "reference", "normalized", ""] : [])
    ]
    for (task, recent) in zip(tasks, run.recent) {
      let score = Statistics.mean(recent.scores)
      var row = [task.id, grouped(recent.count), short(score)]
      if hasSuccess { row.append(task.hasSuccessRule ? recent.success.map(percent) ?? "n/a" : "n/a") }
      if hasScores {
        let normalized = task.scores.flatMap { $0.normalized(score) }
        row += [
          task.scores.map { short($0.random) } ?? "n/a", task.scores?.reference.map(short) ?? "n/a",
          normalized.map(percent) ?? "n/a", bar(normalized),
        ]
      }
      rows.append(row)
    }
    let done = Double(run.steps) / Double(agent.configuration.steps)
    let status =
      "\(grouped(run.steps)) of \(grouped(agent.configuration.steps)) steps (\(percent(min(done, 1)))), "
      + "\(grouped(run.stepsPerSecond)) steps/s, \(duration(run.seconds)) gone, \(duration(run.remaining)) left"
    let losses = zip(agent.taskSet.tasks, run.training.losses).filter { $1.lost > 0 }.map { task, lost in
      "\(task.id): \(grouped(lost.lost)) steps lost, worker started again \(grouped(lost.restarts)) times"
        + (lost.quarantined ? ", then given up" : "") + (lost.reason.isEmpty ? "" : "; last: \(lost.reason)")
    }
    return table(rows) + agent.learner.metrics.remarks + losses + [status]
  }

  /// Twenty cells from random play to the reference.
  private func bar(_ normalized: Double?) -> String {
    guard let normalized, normalized.isFinite else { return String(repeating: ".", count: 20) }
    let filled = Int((20 * min(max(normalized, 0), 1)).rounded())
    return String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
  }
}
