import Analysis
import Foundation

/// What runs had learned by when, a task a panel, from their `metrics.jsonl`.
public struct LearningCurves {
  /// Of the last 100 training episodes of a task, in which actions are sampled.
  public enum Metric: String, CaseIterable, Sendable {
    case success, normalized, `return`
  }

  /// IQM over an arm's seeds with its 95 % stratified bootstrap interval. Where tasks have one scale, the first panel is over
  /// all of them.
  public let panels: [CurvePicture.Panel]
  public let arms: [String]
  public let metric: Metric
  /// What all runs were trained on.
  public let suite: String

  /// Reads the metrics of runs; those that differ in nothing but their seed are an arm.
  ///
  /// - Parameter points: Points of a curve. Each is the newest record of every seed; a curve ends with its shortest run.
  /// - Precondition: at least one run.
  /// - Throws: `RunError.notARun`, `.cannotRead` where a run has other tasks than the first, or nothing of `metric`.
  public init(_ runs: [String], metric: Metric, points: Int = 120) throws {
    let configurations = try runs.map(Run.configuration)
    let (suite, tasks) = (configurations[0].suite, configurations[0].tasks)
    for (path, run) in zip(runs, configurations) where run.suite != suite || run.tasks != tasks {
      throw RunError.cannotRead(
        path: path, reason: "its tasks are \(run.tasks) of \(run.suite), those of the first run \(tasks) of \(suite)")
    }
    let longest = configurations.map(\.steps).max()!
    let steps = (1...points).map { longest * $0 / points }
    let names = RunConfiguration.armsApart(configurations.map(\.arm))
    var arms: [String] = []
    // [arm][seed][point][task]
    var values: [[[[Double]?]]] = []
    for (path, name) in zip(runs, names) {
      let records = try MetricsLog.read(
        RunDirectory(path: path).metrics, at: steps, names: tasks.map { "\($0)/\(metric.rawValue)" })
      guard records.contains(where: { $0 != nil }) else {
        throw RunError.cannotRead(path: path, reason: "its metrics.jsonl has no \(metric.rawValue) of every task")
      }
      let arm = arms.firstIndex(of: name) ?? arms.count
      if arm == arms.count {
        arms.append(name)
        values.append([])
      }
      values[arm].append(records)
    }
    // A point an arm's seeds all have: [seed][task].
    let known = values.map { seeds in
      steps.indices.map { point in
        let scores = seeds.compactMap { $0[point] }
        return scores.count == seeds.count ? scores : nil
      }
    }
    func panel(_ title: String, _ select: ([Double]) -> [Double]) -> CurvePicture.Panel {
      let curves = known.map { scores in
        zip(steps, scores).compactMap { steps, scores in
          scores.map { Self.point(steps, $0.map(select)) }
        }
      }
      return CurvePicture.Panel(title: title, curves: curves)
    }
    var panels = tasks.indices.map { task in panel(tasks[task]) { [$0[task]] } }
    if metric != .return && tasks.count > 1 { panels.insert(panel("all tasks (IQM)") { $0 }, at: 0) }
    (self.panels, self.arms, self.metric, self.suite) = (panels, arms, metric, suite)
  }

  private static func point(_ steps: Int, _ scores: [[Double]]) -> CurvePicture.Point {
    let interval = Statistics.aggregate(scores: scores, resamples: 500)
    // One seed says nothing about the next.
    return scores.count < 2
      ? .init(steps: steps, estimate: interval.estimate, low: interval.estimate, high: interval.estimate)
      : .init(steps: steps, estimate: interval.estimate, low: interval.low, high: interval.high)
  }

  /// The picture as the text of an SVG file.
  public var svg: String {
    CurvePicture(
      title: "\(suite): \(metric.rawValue), last 100 training episodes", arms: arms, panels: panels,
      range: metric == .success ? 0...1 : nil
    ).svg
  }
}
