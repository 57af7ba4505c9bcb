import Foundation
import Polymath

/// The live table of a training run. On a terminal it is drawn over each second; elsewhere it is printed now and then
/// as plain lines.
final class ProgressDisplay: @unchecked Sendable {
  private let quiet: Bool
  private let agent: Agent
  private let path: String
  private var drawnLines = 0
  private var seenComplaints = 0
  private var forecast = Forecast()
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
      for line in whole(run) { print(line) }
      print("")
    }
  }

  /// Prints the whole table, however small the terminal is.
  func finish(_ run: Run) {
    if quiet { return }
    Swift.print(clearing() + whole(run).map { "\($0.printableText)\n" }.joined(), terminator: "")
  }

  private func whole(_ run: Run) -> [String] { scores(run) + texts(run).map { wrapped($0, for: STDOUT_FILENO) } }

  private func draw(_ run: Run) {
    let size = terminalSize()
    let lines = fitting(scores(run, width: size.columns), texts(run), size)
    Swift.print(clearing() + lines.map { "\($0.printableText)\n" }.joined(), terminator: "")
    drawnLines = lines.count
  }

  /// Clears the last table; where something was written below it, it stays.
  private func clearing() -> String {
    let complaints = Output.complaints
    defer { seenComplaints = complaints }
    return drawnLines > 0 && complaints == seenComplaints ? "\u{1b}[\(drawnLines)A\u{1b}[J" : ""
  }

  private func scores(_ run: Run, width: Int = .max) -> [String] {
    let rows = zip(run.tasks, run.recent).map { task, recent in
      (task, recent, score: Estimate.mean(ofEpisodes: recent.scores))
    }
    let hasReference = run.tasks.contains { $0.scores?.reference != nil }
    return table(
      of: rows,
      [
        .init("task") { $0.0.id }, .init("episodes", expendable: 2) { grouped($0.1.count) },
        .init("return") { short($0.score.estimate) },
        .init("95 % interval", expendable: 5) { interval($0.score.bounds?.low, $0.score.bounds?.high, short) },
        .init("success", expendable: 1) { $0.0.hasSuccessRule ? $0.1.success.map(percent) ?? "n/a" : nil },
        .init("random", expendable: 4) { $0.0.scores?.random.map(short) },
        .init("reference", expendable: 3) { $0.0.scores?.reference.map(short) },
        .init("normalized") { $0.0.scores?.normalized($0.score.estimate).map(percent) },
        .init("", expendable: 6) { row in hasReference ? self.bar(row.0.scores?.normalized(row.score.estimate)) : nil },
      ], width: width)
  }

  /// What is said below the table; how far the run has come is last.
  private func texts(_ run: Run) -> [String] {
    let all = agent.configuration.steps
    let left = forecast.left(steps: run.steps, of: all, seconds: run.seconds)
    let status =
      "\(grouped(run.steps)) of \(grouped(all)) steps (\(percent(min(Double(run.steps) / Double(all), 1)))), "
      + "\(grouped(run.stepsPerSecond)) steps/s, \(duration(run.seconds)) gone, \(duration(left)) left"
    let losses = zip(agent.taskSet.tasks, run.training.losses).filter { $1.lost > 0 }.map { task, lost in
      (lost.reason.isEmpty ? "" : "\(lost.reason); ")
        + "\(task.id): \(grouped(lost.lost)) steps lost, worker started again "
        + (lost.restarts == 1 ? "once" : "\(grouped(lost.restarts)) times")
        + (lost.quarantined ? ", then given up" : "")
    }
    return agent.learner.metrics.remarks + losses + [status]
  }

  /// Twenty cells from random play to the reference.
  private func bar(_ normalized: Double?) -> String {
    guard let normalized, normalized.isFinite else { return String(repeating: ".", count: 20) }
    let filled = Int((20 * min(max(normalized, 0), 1)).rounded())
    return String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
  }
}

/// When a run will have ended.
struct Forecast {
  /// What was known first: before it, environments and the learner did for the first time what they do once.
  private var first: (steps: Int, seconds: Double)?

  /// Seconds to go, by the speed since the first call; infinite until five seconds after it.
  mutating func left(steps: Int, of all: Int, seconds: Double) -> Double {
    let first = self.first ?? (steps, seconds)
    self.first = first
    if steps >= all { return 0 }
    let passed = seconds - first.seconds
    return passed < 5 ? .infinity : Double(all - steps) * passed / Double(steps - first.steps)
  }
}

/// A table and texts below it, the last of which is seen whole, as a terminal shows them: a line that wraps, or scrolls
/// away, could not be drawn over.
func fitting(_ table: [String], _ texts: [String], _ size: (columns: Int, rows: Int)) -> [String] {
  let last = texts.suffix(1).flatMap { wrapped($0, to: size.columns) }
  var shown = table + texts.dropLast().flatMap { wrapped($0, to: size.columns) }
  // The cursor has a row of its own.
  if shown.count + last.count >= size.rows {
    let kept = max(size.rows - 2 - last.count, 1)
    shown = shown.prefix(kept) + (shown.count > kept ? ["(\(shown.count - kept) more lines)"] : [])
  }
  return (shown + last).map { String($0.prefix(size.columns)) }
}
