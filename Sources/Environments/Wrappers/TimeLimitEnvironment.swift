/// Truncates episodes after `limit` steps.
final class TimeLimitEnvironment: WrapperEnvironment {
  private let limit: Int64
  private let byteCounts: [Int]
  /// Steps of each slot's episode.
  private var steps: [Int64]

  /// - Throws: `EnvironmentError.refused` where the inner environment begins episodes only where one ended.
  init(_ inner: any Environment, of task: Task, limit: Int) throws {
    precondition(limit >= 1, "time limit \(limit) is not 1 or more")
    guard inner.beginsEpisodes else {
      throw EnvironmentError.refused(
        task: task.id,
        reason:
          "time-limit:\(limit) must begin episodes, and these environments begin them only where one ended: leave it "
          + "out, and set Gymnasium's own limit with --env-arg max_episode_steps=\(limit), Meta-World's with horizon=\(limit)"
      )
    }
    self.limit = Int64(limit)
    byteCounts = task.observation.leaves.map(\.byteCount)
    steps = Array(repeating: 0, count: inner.slots)
    super.init(inner, of: task)
  }

  override func began(_ slot: Int, into observation: ObservationRows) { steps[slot] = 0 }

  override func stepped(_ slot: Int, into rows: StepRows) throws {
    steps[slot] += 1
    if !rows.ended(slot) {
      guard steps[slot] >= limit else { return }
      for (leaf, bytes) in byteCounts.enumerated() {
        (rows.finalObservation.leaves[leaf] + slot * bytes)
          .copyMemory(from: rows.observation.leaves[leaf] + slot * bytes, byteCount: bytes)
      }
      rows.truncated[slot] = 1
      try inner.beginEpisode(slot: slot, into: rows.observation)
    }
    steps[slot] = 0
  }

  override var ownState: [UInt8] { steps.withUnsafeBytes(Array.init) }

  override func restoreOwnState(_ state: UnsafeRawBufferPointer) throws(EnvironmentError) {
    steps.withUnsafeMutableBytes { $0.copyMemory(from: state) }
    if let bad = steps.first(where: { !(0..<limit).contains($0) }) {
      throw .badState(task: task.id, reason: "\(bad) steps of an episode, which is over after \(limit)")
    }
  }
}
