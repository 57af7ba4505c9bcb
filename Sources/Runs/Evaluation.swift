import Algorithms
import Dispatch
import Engine
import Environments
import Foundation
import Synchronization
import Tensors

/// Plays without learning, and scores each task.
public enum Evaluation {
  /// What a task's episodes came to.
  public struct TaskScore: Codable, Sendable {
    public let id: String
    public let episodes: Int
    /// Mean score in the task's own units.
    public let `return`: Double
    /// (mean - random) / (reference - random) and its 95 % bootstrap interval, as fractions; nil without references.
    public let normalized, low, high: Double?
    /// Share of episodes in which the task's success rule held; nil where it has none, or no episode said anything of it.
    public let success: Double?
  }

  /// Uniformly random play over each task's own actions.
  private final class RandomPolicy: Policy {
    let recurrentSize = 0
    private let space: ActionSpace
    init(_ space: ActionSpace) { self.space = space }
    func act(_ rows: ActorRows, version: Int, tape: Tape) { rows.actUniformly(in: space) }
  }

  /// A policy that acts uniformly at random on a task set.
  public static func randomPolicy(_ taskSet: TaskSet) -> any Policy {
    RandomPolicy(taskSet.action)
  }

  /// Plays `episodes` episodes of each task, tasks side by side on all cores. Every slot plays equally many, so that short
  /// episodes are not favoured.
  ///
  /// - Parameters:
  ///   - ids: Tasks of the set to play; empty for all. The set is the policy's whole, as a task's number tells it the task.
  ///   - greedy: Whether to take the most probable action instead of sampling.
  public static func play(
    _ taskSet: TaskSet, tasks ids: [String] = [], policy: any Policy, version: Int = 0, episodes: Int, seed: UInt64,
    greedy: Bool = false
  ) throws -> [TaskScore] {
    precondition(episodes >= 1, "\(episodes) episodes have no mean")
    let tasks = taskSet.tasks
    let played =
      ids.isEmpty ? Array(tasks.indices) : try taskSet.subset(ids).ids.map { taskSet.ids.firstIndex(of: $0)! }
    let slots = min(episodes, 16)
    let scores = Mutex([Result<TaskScore, any Error>?](repeating: nil, count: played.count))
    DispatchQueue.concurrentPerform(iterations: played.count) { place in
      let index = played[place]
      let result = Result {
        let player = try Player(
          tasks, task: index, policy: policy, version: version, slots: slots, unroll: 20, seed: seed, greedy: greedy)
        return score(tasks[index], try play(player, slots: slots, episodes: episodes))
      }
      scores.withLock { $0[place] = result }
    }
    return try scores.withLock { try $0.map { try $0!.get() } }
  }

  private static func play(_ player: Player, slots: Int, episodes: Int) throws -> [EpisodeRecord] {
    let perSlot = (episodes + slots - 1) / slots
    var played: [[EpisodeRecord]] = Array(repeating: [], count: slots)
    while played.contains(where: { $0.count < perSlot }) {
      for episode in try player.unroll() where played[episode.column].count < perSlot {
        played[episode.column].append(episode)
      }
    }
    return Array(played.flatMap { $0 }.prefix(episodes))
  }

  private static func score(_ task: Task, _ episodes: [EpisodeRecord]) -> TaskScore {
    let mean = Statistics.mean(ofEpisodes: episodes.map(\.score))
    return TaskScore(
      id: task.id, episodes: episodes.count, return: mean.estimate,
      normalized: task.scores.flatMap { $0.normalized(mean.estimate) },
      low: task.scores.flatMap { $0.normalized(mean.low) }, high: task.scores.flatMap { $0.normalized(mean.high) },
      success: task.hasSuccessRule ? Statistics.successRate(episodes.map(\.success)) : nil)
  }
}
