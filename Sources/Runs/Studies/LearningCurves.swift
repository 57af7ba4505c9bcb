import Algorithms
import Analysis
import Foundation

/// What runs had learned by when, a task a panel, from their `metrics.jsonl`.
public struct LearningCurves {
  /// Of the last 100 training episodes of a task, in which actions are sampled.
  public enum Metric: String, CaseIterable, Sendable {
    case success, normalized, `return`
  }

  /// More arms have no colours of their own.
  private static let mostArms = 12

  public let metric: Metric
  public let arms: [Arm]
  /// IQM over an arm's seeds with its 95 % stratified bootstrap interval. Where tasks have one scale, the first panel
  /// is over all of them.
  public let panels: [CurvePicture.Panel]
  /// What all runs were trained on.
  public let suite: String

  /// Reads the metrics of runs. A curve begins where all tasks are known, and ends with the arm's shortest run.
  ///
  /// - Parameters:
  ///   - metric: nil for the first that the newest record of each run knows of all tasks.
  ///   - points: Equal parts of the longest run; a point is the newest record of every seed by then.
  /// - Precondition: at least one run.
  /// - Throws: `RunError.notARun`, `.cannotRead`, `.sameRun`; `.noCurves` for runs of different tasks, unknown numbers
  ///   or too many arms.
  public init(
    _ runs: [String], metric wanted: Metric? = nil, points: Int = 120, in catalogue: Catalogue = .all
  ) throws {
    let configurations = try runs.map { try Run.configuration(of: $0, in: catalogue) }
    let (suite, tasks) = (configurations[0].suite, configurations[0].tasks)
    for (path, run) in zip(runs, configurations) where run.suite != suite || run.tasks != tasks || tasks.isEmpty {
      throw RunError.noCurves(
        reason:
          "has \(path), whose tasks are \(run.tasks) of \(run.suite), beside \(runs[0]) with \(tasks) of \(suite): "
          + "draw runs of the same tasks")
    }
    let arms = try Arm.group(zip(runs, configurations).map { ($0, $1.arm, $1.seed) })
    guard arms.count <= Self.mostArms else {
      throw RunError.noCurves(reason: "has \(arms.count) arms, but colours for \(Self.mostArms): draw fewer")
    }
    let records = try runs.map { try StepLog.records(RunDirectory(path: $0).metrics) }
    func isKnown(_ metric: Metric) -> Bool {
      records.allSatisfy { $0.last.map { !$0.numbers(Self.names(metric, tasks)).contains(nil) } ?? false }
    }
    guard let metric = wanted ?? Metric.allCases.first(where: isKnown), isKnown(metric) else {
      throw RunError.noCurves(
        reason:
          "finds no \(wanted?.rawValue ?? "numbers") of every task in every run: train for longer, or draw another "
          + "--metric (\(Metric.allCases.map(\.rawValue).joined(separator: ", ")))")
    }
    let longest = records.map { $0.last!.steps }.max()!
    let steps = (1...points).map { longest / points * $0 + longest % points * $0 / points }
    // [run][point][task], nil where not all tasks are known, and after the run's newest record.
    let numbers = records.map { records in
      steps.map { steps -> [Double]? in
        guard steps <= records.last!.steps, let record = records.last(where: { $0.steps <= steps }) else { return nil }
        let numbers = record.numbers(Self.names(metric, tasks)).compactMap { $0 }
        return numbers.count == tasks.count ? numbers : nil
      }
    }
    func curve(_ arm: Arm, _ select: ([Double]) -> [Double]) -> [CurvePicture.Point] {
      steps.indices.compactMap { point in
        let seeds = arm.runs.compactMap { numbers[$0][point] }
        if seeds.count < arm.runs.count { return nil }
        let interval = Estimate.aggregate(scores: seeds.map(select), resamples: 500)
        return .init(steps: steps[point], estimate: interval.estimate, low: interval.low, high: interval.high)
      }
    }
    var panels = tasks.indices.map { task in
      CurvePicture.Panel(title: tasks[task], curves: arms.map { curve($0) { [$0[task]] } })
    }
    if metric != .return && tasks.count > 1 {
      panels.insert(CurvePicture.Panel(title: "all tasks (IQM)", curves: arms.map { curve($0) { $0 } }), at: 0)
    }
    (self.metric, self.arms, self.panels, self.suite) = (metric, arms, panels, suite)
  }

  /// What the newest record of a run knows of `tasks`, each nil where it is unknown.
  /// - Throws: `RunError.cannotRead`.
  public static func newest(_ metric: Metric, of tasks: [String], in run: String) throws(RunError) -> [Double?] {
    try StepLog.records(RunDirectory(path: run).metrics).last?.numbers(names(metric, tasks))
      ?? tasks.map { _ in nil }
  }

  private static func names(_ metric: Metric, _ tasks: [String]) -> [String] {
    tasks.map { "\($0)/\(metric.rawValue)" }
  }

  /// Makes sure that a file may be replaced by a picture: there is none, or it is such a picture.
  /// - Throws: `RunError.foreignFile`.
  public static func checkReplaceable(_ path: String) throws(RunError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard let file = try? AtomicFile.read(path), String(decoding: file, as: UTF8.self).contains(mark) else {
      throw .foreignFile(path: path)
    }
  }

  /// Every picture's title ends so.
  private static let mark = ", last 100 training episodes</text>"

  /// The picture as the text of an SVG file.
  public var svg: String {
    CurvePicture(
      title: "\(suite): \(metric.rawValue), last 100 training episodes", arms: arms.map(\.name), panels: panels,
      range: metric == .success ? 0...1 : nil
    ).svg
  }
}
