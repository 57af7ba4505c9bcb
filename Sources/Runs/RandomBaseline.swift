import Engine
import Environments
import Foundation

/// What uniformly random play returns on a task whose suite doesn't know it: measured when a run begins, and kept in
/// its folder.
///
/// Nothing that is learned or logged depends on it: it is measured for a limited time.
public struct RandomBaseline: Codable, Equatable, Sendable {
  public let task: String
  public let episodes: Int
  /// Mean return, in the task's own units.
  public let `return`: Double
  /// Its 95 % bootstrap interval; nil for one episode.
  public let low, high: Double?
  /// Agent steps that were played.
  public let steps: Int
  public let seed: UInt64

  /// When measuring stops.
  struct Limits {
    var episodes = 100
    /// Agent steps of each task.
    var steps = 20_000
    /// For all tasks together, from when their environments have begun; no further step is made after that.
    var seconds = 10.0
  }

  private static let seed: UInt64 = 3001

  /// Plays those of the tasks whose random play is unknown, side by side on all cores.
  ///
  /// - Returns: One per task of which an episode ended in time.
  /// - Throws: What an environment throws that never works. One that fails now and then costs its baseline, no more.
  static func measure(_ taskSet: TaskSet, within limits: Limits) throws -> [RandomBaseline] {
    let tasks = taskSet.tasks.filter { $0.scores?.random == nil }
    if tasks.isEmpty { return [] }
    let parts = min(tasks.count, ProcessInfo.processInfo.activeProcessorCount)
    return try (0..<parts).concurrentMap { part in
      try measure(Array(tasks[part * tasks.count / parts..<(part + 1) * tasks.count / parts]), within: limits)
    }.flatMap { $0 }
  }

  /// Plays tasks step by step together, so that one worker process hosts them all.
  private static func measure(_ tasks: [Task], within limits: Limits) throws -> [RandomBaseline] {
    let player = try Player(
      tasks, played: tasks.indices, policy: Evaluation.randomPolicy(tasks[0].action), slots: 1, unroll: 1, seed: seed,
      recovery: WorkerRecovery(most: 1, afterwards: .quarantine))
    var returns = tasks.map { _ in [Double]() }
    var (steps, deadline) = (0, ContinuousClock.Instant?.none)
    while returns.contains(where: { $0.count < limits.episodes }), steps < limits.steps,
      deadline.map({ .now < $0 }) ?? true
    {
      for episode in try player.unroll() where returns[episode.task].count < limits.episodes {
        returns[episode.task].append(episode.score)
      }
      steps += 1
      deadline = deadline ?? .now + .seconds(limits.seconds)
    }
    return zip(tasks, returns).compactMap { task, returns in
      if returns.isEmpty { return nil }
      let mean = Estimate.mean(ofEpisodes: returns)
      return RandomBaseline(
        task: task.id, episodes: returns.count, return: mean.estimate, low: mean.bounds?.low, high: mean.bounds?.high,
        steps: steps, seed: seed)
    }
  }

  /// Those that a run's folder holds; none where it holds none.
  /// - Throws: `RunError.cannotRead`.
  static func read(_ path: String) throws(RunError) -> [RandomBaseline] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let bytes = try AtomicFile.read(path)
    guard let baselines = try? JSONDecoder().decode([RandomBaseline].self, from: Data(bytes)) else {
      throw .cannotRead(path: path, reason: "it is not a list of baselines; remove it to do without")
    }
    return baselines
  }

  static func write(_ baselines: [RandomBaseline], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(Array(encoder.encode(baselines)), to: path)
  }
}

extension TaskSet {
  /// The same tasks, whose returns are measured against what the user says, where that is given.
  ///
  /// - Parameter references: Returns by task.
  /// - Throws: `EnvironmentError.unknownTask` for other tasks than the set's.
  public func scored(against references: [String: Double]) throws -> TaskSet {
    _ = try subset(references.keys.sorted() + (references.isEmpty ? [ids[0]] : []))
    return scored { task in
      guard let reference = references[task.id] else { return task.scores }
      return Task.ReferenceScores(random: task.scores?.random, reference: reference, label: "reference")
    }
  }

  /// The same tasks, with random play as it was measured where the suite doesn't know it.
  func scored(with baselines: [RandomBaseline]) -> TaskSet {
    let measured = Dictionary(baselines.map { ($0.task, $0.return) }) { $1 }
    return scored { task in
      guard task.scores?.random == nil, let random = measured[task.id] else { return task.scores }
      return Task.ReferenceScores(
        random: random, reference: task.scores?.reference, label: task.scores?.label ?? "reference")
    }
  }
}
