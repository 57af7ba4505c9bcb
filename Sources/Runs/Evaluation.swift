import Algorithms
import Engine
import Environments
import Foundation
import Synchronization
import Tensors

/// Plays without learning, and scores each task.
public enum Evaluation {
  /// What a task's episodes came to. Intervals are 95 % bootstrap intervals; one episode has none.
  public struct TaskScore: Codable, Sendable {
    public let id: String
    public let episodes: Int
    /// How many of them were cut off at the limit of steps, and count with what they had returned by then.
    public let cut: Int
    /// Mean return in the task's own units.
    public let `return`: Double
    public let returnLow, returnHigh: Double?
    /// Mean returns of random play and of the reference; nil where they are unknown.
    public let random, reference: Double?
    /// (mean - random) / (reference - random) as a fraction, and its interval; nil where either is unknown.
    public let normalized, low, high: Double?
    /// Whether the task may say that it is solved.
    public let hasSuccessRule: Bool
    /// Share of episodes in which the task's success rule held; nil where it has none, or no episode said anything of
    /// it.
    public let success: Double?

    init(_ task: Task, _ episodes: [EpisodeRecord]) {
      let mean = Estimate.mean(ofEpisodes: episodes.map(\.score))
      (id, self.episodes, cut) = (task.id, episodes.count, episodes.count { $0.isCut })
      (self.return, returnLow, returnHigh) = (mean.estimate, mean.bounds?.low, mean.bounds?.high)
      (random, reference) = (task.scores?.random, task.scores?.reference)
      let ends = mean.bounds.flatMap { bounds in
        task.scores?.normalized(bounds.low).flatMap { low in
          // A reference below random play turns the ends around.
          task.scores?.normalized(bounds.high).map { [low, $0].sorted() }
        }
      }
      (normalized, low, high) = (task.scores?.normalized(mean.estimate), ends?[0], ends?[1])
      hasSuccessRule = task.hasSuccessRule
      success = task.hasSuccessRule ? Estimate.successRate(episodes.map(\.success)) : nil
    }
  }

  /// How far `play` has come, over all tasks.
  public struct Progress: Sendable {
    public internal(set) var episodes = 0, steps = 0
  }

  /// Uniformly random play over each task's own actions.
  private final class RandomPolicy: Policy {
    let recurrentSize = 0
    private let space: ActionSpace
    init(_ space: ActionSpace) { self.space = space }
    func act(_ rows: ActorRows, version: Int, tape: Tape) { rows.actUniformly(in: space) }
  }

  /// A policy that acts uniformly at random.
  public static func randomPolicy(_ space: ActionSpace) -> any Policy { RandomPolicy(space) }

  /// Agent steps after which an episode is cut off by default: an environment need not end its episodes.
  public static let longestEpisode = 100_000

  /// Plays `episodes` episodes of each task, tasks side by side on all cores. Every slot plays equally many, so that
  /// short episodes are not favoured.
  ///
  /// - Parameters:
  ///   - ids: Tasks of the set to play; empty for all. The set is the policy's whole, as a task's number tells it the
  ///     task.
  ///   - greedy: Whether to take the most probable action instead of sampling.
  ///   - longestEpisode: Agent steps after which an episode is cut off.
  ///   - report: Called now and then, on any thread.
  /// - Throws: What the environments throw.
  public static func play(
    _ taskSet: TaskSet, tasks ids: [String] = [], policy: any Policy, version: Int = 0, episodes: Int, seed: UInt64,
    greedy: Bool = false, longestEpisode: Int = longestEpisode, report: @Sendable (Progress) -> Void = { _ in }
  ) throws -> [TaskScore] {
    precondition(episodes >= 1, "\(episodes) episodes have no mean")
    let tasks = taskSet.tasks
    let played =
      ids.isEmpty ? Array(tasks.indices) : try taskSet.subset(ids).ids.map { taskSet.ids.firstIndex(of: $0)! }
    let progress = Mutex(Progress())
    return try played.concurrentMap { index in
      var records: [EpisodeRecord] = []
      var seed = seed
      // A slot whose episode was cut off is done, as that can't be begun anew: others, with other seeds, play what is
      // left.
      while records.count < episodes {
        let slots = min(episodes - records.count, 16)
        let player = try Player(
          tasks, played: index..<index + 1, policy: policy, version: version, slots: slots, unroll: 20, seed: seed,
          greedy: greedy, longestEpisode: longestEpisode)
        records += try play(player, slots: slots, episodes: episodes - records.count) { ended, steps in
          report(
            progress.withLock {
              $0.episodes += ended
              $0.steps += steps
              return $0
            })
        }
        seed &+= 1
      }
      return TaskScore(tasks[index], records)
    }
  }

  private static func play(
    _ player: Player, slots: Int, episodes: Int, report: (_ ended: Int, _ steps: Int) -> Void
  ) throws -> [EpisodeRecord] {
    let perSlot = (episodes + slots - 1) / slots
    var played: [[EpisodeRecord]] = Array(repeating: [], count: slots)
    func isDone(_ slot: [EpisodeRecord]) -> Bool { slot.count == perSlot || slot.last?.isCut == true }
    while !played.allSatisfy(isDone) {
      var ended = 0
      for episode in try player.unroll() where !isDone(played[episode.column]) {
        played[episode.column].append(episode)
        ended += 1
      }
      report(ended, player.block.steps * slots)
    }
    return Array(played.flatMap { $0 }.prefix(episodes))
  }
}
