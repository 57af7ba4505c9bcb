import CKernels
import Engine
import Environments
import Tensors

/// Environments of one task that a policy plays without learning, one unroll after the other.
public final class Player {
  /// The last unroll: row t + 1 holds what followed the action in row t.
  public let block: RoundBlock
  private let group: Group
  private let policy: any Policy
  private let version: Int
  private let tape = Tape()
  private var round = 0

  /// - Parameters:
  ///   - tasks: The policy's, of which `task` is played.
  ///   - version: Which of the policy's parameters act.
  ///   - greedy: Whether to take the most probable action instead of sampling.
  public init(
    _ tasks: [Task], task index: Int = 0, policy: any Policy, version: Int = 0, slots: Int, unroll: Int, seed: UInt64,
    greedy: Bool = false
  ) throws {
    let task = tasks[index]
    let shape = try RunShape(
      firstTask: index, tasks: 1, environmentsPerTask: slots, unroll: unroll, groups: 1, shards: 1, lag: 0)
    group = try Group(
      0, shape: shape, tasks: tasks, seed: seed, purpose: .evaluation, recurrentSize: policy.recurrentSize)
    group.greedy = greedy
    block =
      RoundEngine.blocks(
        shape: shape, observation: task.observation, action: task.action, recurrentSize: policy.recurrentSize)[0][0]
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
