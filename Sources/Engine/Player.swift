import CKernels
import Environments
import Tensors

/// Environments of one task, or of several, that a policy plays without learning, one unroll after the other.
public final class Player {
  /// The last unroll: row t + 1 holds what followed the action in row t.
  public let block: RoundBlock
  private let group: Group
  private let policy: any Policy
  private let version: Int
  private let tape = Tape()
  private var round = 0

  /// - Parameters:
  ///   - tasks: The policy's, of which `played` are played together.
  ///   - slots: Environments of each task.
  ///   - version: Which of the policy's parameters act.
  ///   - greedy: Whether to take the most probable action instead of sampling.
  ///   - longestEpisode: Agent steps after which an episode counts as it stands (`EpisodeRecord.isCut`); nil for no
  ///     limit.
  public init(
    _ tasks: [Task], played: Range<Int> = 0..<1, policy: any Policy, version: Int = 0, slots: Int, unroll: Int,
    seed: UInt64, greedy: Bool = false, longestEpisode: Int? = nil, recovery: WorkerRecovery = WorkerRecovery()
  ) throws {
    let shape = try RunShape(
      firstTask: played.lowerBound, tasks: played.count, environmentsPerTask: slots, unroll: unroll, groups: 1,
      shards: 1, lag: 0)
    group = try Group(
      0, shape: shape, tasks: tasks, seed: seed, purpose: .evaluation, recurrentSize: policy.recurrentSize,
      recovery: recovery)
    (group.greedy, group.longestEpisode) = (greedy, longestEpisode)
    block =
      RoundEngine.blocks(
        shape: shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: policy.recurrentSize)[
        0][0]
    (self.policy, self.version) = (policy, version)
  }

  /// Plays one more unroll.
  /// - Returns: the episodes that ended in it.
  @discardableResult
  public func unroll() throws -> [EpisodeRecord] {
    ck_flush_denormals()
    try group.unroll(round: round, version: version, block: block, policy: policy, tape: tape)
    defer { round += 1 }
    return group.episodes(inRound: round)
  }
}
