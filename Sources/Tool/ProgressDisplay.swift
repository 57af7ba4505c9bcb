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
        + "\(Command.kernelLevel). Returns are means of a task's last 100 episodes, in which actions are sampled.\n")
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
    Swift.print(
      (drawnLines > 0 ? "\u{1b}[\(drawnLines)A" : "") + lines.map { "\u{1b}[2K\($0)\n" }.joined(), terminator: "")
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
    return shown.map { String($0.printableText.prefix(columns)) }
  }

  private func lines(_ run: Run) -> [String] {
    let rows = zip(run.tasks, run.recent).map { task, recent in
      (task, recent, score: Statistics.mean(ofEpisodes: recent.scores))
    }
    let hasReference = run.tasks.contains { $0.scores?.reference != nil }
    let scores = table(
      of: rows,
      [
        .init("task") { $0.0.id }, .init("episodes") { grouped($0.1.count) },
        .init("return") { short($0.score.estimate) },
        .init("95 % interval") { interval($0.score.bounds?.low, $0.score.bounds?.high, short) },
        .init("success") { $0.0.hasSuccessRule ? $0.1.success.map(percent) ?? "n/a" : nil },
        .init("random") { $0.0.scores?.random.map(short) }, .init("reference") { $0.0.scores?.reference.map(short) },
        .init("normalized") { $0.0.scores?.normalized($0.score.estimate).map(percent) },
        .init("") { row in hasReference ? self.bar(row.0.scores?.normalized(row.score.estimate)) : nil },
      ])
    let done = Double(run.steps) / Double(agent.configuration.steps)
    let status =
      "\(grouped(run.steps)) of \(grouped(agent.configuration.steps)) steps (\(percent(min(done, 1)))), "
      + "\(grouped(run.stepsPerSecond)) steps/s, \(duration(run.seconds)) gone, \(duration(run.remaining)) left"
    let losses = zip(agent.taskSet.tasks, run.training.losses).filter { $1.lost > 0 }.map { task, lost in
      "\(task.id): \(grouped(lost.lost)) steps lost, worker started again \(grouped(lost.restarts)) times"
        + (lost.quarantined ? ", then given up" : "") + (lost.reason.isEmpty ? "" : "; last: \(lost.reason)")
    }
    return scores + agent.learner.metrics.remarks + losses + [status]
  }

  /// Twenty cells from random play to the reference.
  private func bar(_ normalized: Double?) -> String {
    guard let normalized, normalized.isFinite else { return String(repeating: ".", count: 20) }
    let filled = Int((20 * min(max(normalized, 0), 1)).rounded())
    return String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
  }
}
