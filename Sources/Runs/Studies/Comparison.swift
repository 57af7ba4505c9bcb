import Algorithms
import Environments

/// Scores of runs of one suite, grouped into arms: runs that differ in nothing but their seed.
///
/// ```swift
/// let comparison = try Comparison(["runs/a-1", "runs/a-2", "runs/b-1", "runs/b-2"])
/// for arm in comparison.arms {
///   print(arm.name, arm.interval(by: .interquartileMean))
/// }
/// ```
public struct Comparison: Sendable {
  /// What runs are scored by. Raw values are the words of `ScoreTable.conditions`.
  public enum Measure: String, CaseIterable, Sendable {
    /// Share of episodes that succeed.
    case success
    /// (mean return - random) / (reference - random).
    case normalized = "normalized return"
    /// Mean return in the task's own units.
    case `return`
  }

  /// Which episodes are scored.
  public enum Scoring: Hashable, Sendable {
    /// `episodes` of each task, played now by the newest checkpoint.
    case played(episodes: Int, seed: UInt64, greedy: Bool)
    /// The last 100 training episodes of each task, or all where there are fewer, from the run's log.
    case logged

    func conditions(_ measure: Measure) -> String {
      switch self {
      case .logged: "\(measure.rawValue) of the last 100 training episodes per task"
      case .played(let episodes, let seed, let greedy):
        "\(measure.rawValue) of \(episodes) \(greedy ? "greedy" : "sampled") episodes per task, seed \(seed)"
      }
    }
  }

  public struct Options: Sendable {
    public var scoring = Scoring.played(episodes: 100, seed: 1001, greedy: false)
    /// Whether to score by success; else by normalised return, or by return where a task has no reference.
    public var bySuccess = false
    /// Tasks to compare on; all where empty.
    public var tasks: [String] = []
    /// Returns that count as 1, by task, beside those of the runs.
    public var references: [String: Double] = [:]
    public var trust = Trust()
    /// File of scores (`ScoreTable`): runs that it has are not scored again, others are added one by one.
    public var scores: String?
    /// Algorithms and suites that there are.
    public var catalogue = Catalogue.all

    public init() {}
  }

  public let suite: String
  /// How the runs were scored, such as "success of 50 greedy episodes per task, seed 1001".
  public let conditions: String
  public let measure: Measure
  public let tasks: [String]
  public let arms: [ScoredArm]
  /// Mean return of random play, of tasks where it was measured along with a run.
  public let random: [String: Double]
  /// Tasks without a reference, for which all are compared by `return`.
  public let unreferenced: [String]
  /// Runs whose scores were in the file.
  public let recorded: Int

  /// Whether tasks have one unit, so that a mean over them means something.
  public var hasCommonUnit: Bool { measure != .return || tasks.count == 1 }

  /// Scores runs, each by its folder. Of those whose scores are in the file, only the folders' names matter.
  ///
  /// - Precondition: At least one run.
  /// - Throws: `RunError.notComparable`, `.unfinished`, `.sameRun`, `.badTable`, and what `Run.load` and
  ///   `Evaluation.play` throw.
  public init(_ paths: [String], options: Options = Options()) throws {
    precondition(!paths.isEmpty, "a comparison needs a run")
    var scorer = try ComparisonScorer(paths, options)
    recorded = scorer.recorded
    while try scorer.scoreNext() {}
    guard let table = scorer.table, let measure = scorer.measure else {
      preconditionFailure("there is at least one run, scored or recorded")
    }
    let runs = scorer.runs
    (suite, conditions, self.measure, tasks) = (table.suite, table.conditions, measure, table.tasks)
    (random, unreferenced) = (scorer.random, scorer.unreferenced)
    arms = scorer.arms.map { arm in
      ScoredArm(name: arm.name, scores: arm.runs.map { table.row(ofRun: runs[$0].name)!.scores })
    }
  }
}

/// An arm with the scores of its runs.
public struct ScoredArm: Equatable, Sendable {
  /// Over seeds and tasks.
  public enum Aggregate: CaseIterable, Sendable {
    /// The steadier of the two, but it leaves out tasks that an arm always or never solves.
    case interquartileMean
    case mean

    func callAsFunction(_ scores: [Double]) -> Double {
      self == .mean ? Estimate.mean(scores) : Estimate.interquartileMean(scores)
    }
  }

  public let name: String
  /// A row per seed, a number per task.
  public let scores: [[Double]]

  public init(name: String, scores: [[Double]]) { (self.name, self.scores) = (name, scores) }

  public var seeds: Int { scores.count }

  /// An aggregate over seeds and tasks with its 95 % stratified bootstrap interval. One seed gives none.
  public func interval(by aggregate: Aggregate) -> Estimate.Interval {
    Estimate.aggregate(scores: scores, by: aggregate.callAsFunction).of(seeds: seeds)
  }

  /// The aggregate of this arm minus that of `other`, with its interval. One seed gives none.
  public func difference(to other: ScoredArm, by aggregate: Aggregate) -> Estimate.Interval {
    Estimate.difference(scores, other.scores, by: aggregate.callAsFunction).of(seeds: min(seeds, other.seeds))
  }

  /// IQM over seeds of the task at a place, with its interval. One seed gives none.
  public func interval(task: Int) -> Estimate.Interval {
    Estimate.aggregate(scores: scores.map { [$0[task]] }, resamples: 5000).of(seeds: seeds)
  }
}

extension Estimate.Interval {
  /// One seed says nothing about the next.
  fileprivate func of(seeds: Int) -> Estimate.Interval {
    seeds < 2 ? Estimate.Interval(estimate: estimate, low: .nan, high: .nan) : self
  }
}
