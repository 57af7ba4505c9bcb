/// A batch around another one of as many slots: passes everything on, and lets a subclass change what comes back.
class WrapperEnvironment: Environment {
  private enum Pending {
    case none
    case reset(ObservationRows)
    case step(StepRows)
  }

  let inner: any Environment
  let task: Task
  /// Where the inner environment writes observations that the caller gets changed; nil where it writes to the caller's.
  let innerObservation, innerFinal: ObservationMemory?
  private var pending = Pending.none

  /// - Parameters:
  ///   - task: What the inner environment is of.
  ///   - keeps: Whether the inner environment's observations go to memory of its own instead of to the caller's.
  init(_ inner: any Environment, of task: Task, keepsObservations keeps: Bool = false) {
    (self.inner, self.task) = (inner, task)
    innerObservation = keeps ? ObservationMemory(task.observation, slots: inner.slots) : nil
    innerFinal = keeps ? ObservationMemory(task.observation, slots: inner.slots) : nil
  }

  // MARK: What a subclass changes

  /// What the inner environment is to do.
  func innerAction(_ action: ActionRows) -> ActionRows { action }
  /// An episode has begun in `slot` without a step.
  func began(_ slot: Int, into observation: ObservationRows) {}
  /// `slot` made a step, and has begun its next episode where one ended.
  func stepped(_ slot: Int, into rows: StepRows) throws {}
  /// Of its own; always as long.
  var ownState: [UInt8] { [] }
  /// - Throws: `EnvironmentError.badState` where `ownState` can't have written it.
  func restoreOwnState(_ state: UnsafeRawBufferPointer) throws(EnvironmentError) {}

  // MARK: Environment

  final var slots: Int { inner.slots }
  final var losses: EnvironmentLosses { inner.losses }
  final var beginsEpisodes: Bool { inner.beginsEpisodes }
  var statistics: ObservationStatistics? { inner.statistics }
  func adopt(_ statistics: ObservationStatistics, frozen: Bool) throws { try inner.adopt(statistics, frozen: frozen) }

  final func reset(into observation: ObservationRows) throws -> StepProgress {
    pending = .reset(observation)
    return try finish(inner.reset(into: innerObservation?.rows ?? observation))
  }

  final func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    pending = .step(rows)
    var own = rows
    if let innerObservation { own.observation = innerObservation.rows }
    if let innerFinal { own.finalObservation = innerFinal.rows }
    return try finish(inner.step(innerAction(action), into: own))
  }

  final func advance() throws -> StepProgress { try finish(inner.advance()) }

  /// Changes what came back, once: an environment that is done may be asked to advance again.
  private func finish(_ progress: StepProgress) throws -> StepProgress {
    guard progress == .done else { return progress }
    switch pending {
    case .none: break
    case .reset(let observation): for slot in 0..<slots { began(slot, into: observation) }
    case .step(let rows): for slot in 0..<slots { try stepped(slot, into: rows) }
    }
    pending = .none
    return .done
  }

  final func beginEpisode(slot: Int, into observation: ObservationRows) throws {
    try inner.beginEpisode(slot: slot, into: innerObservation?.rows ?? observation)
    began(slot, into: observation)
  }

  final func saveState() throws -> [UInt8]? { try inner.saveState().map { ownState + $0 } }

  final func restoreState(_ state: [UInt8]) throws {
    let count = ownState.count
    guard state.count >= count else {
      throw EnvironmentError.badState(
        task: task.id, reason: "it has \(state.count) bytes, and its wrapper alone needs \(count)")
    }
    try inner.restoreState(Array(state[count...]))
    try state.withUnsafeBytes { try restoreOwnState(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }
}

extension StepRows {
  func ended(_ slot: Int) -> Bool { terminated[slot] | truncated[slot] != 0 }
}

/// Observations of a batch in memory of one's own, zeros at first.
final class ObservationMemory {
  let rows: ObservationRows
  let byteCounts: [Int]

  init(_ space: ObservationSpace, slots: Int) {
    byteCounts = space.leaves.map(\.byteCount)
    rows = ObservationRows(leaves: .allocate(capacity: byteCounts.count))
    for (index, bytes) in byteCounts.enumerated() {
      let leaf = UnsafeMutableRawPointer.allocate(byteCount: slots * bytes, alignment: 64)
      leaf.initializeMemory(as: UInt8.self, repeating: 0, count: slots * bytes)
      rows.leaves.initializeElement(at: index, to: leaf)
    }
  }

  deinit {
    rows.leaves.forEach { $0.deallocate() }
    rows.leaves.deallocate()
  }
}
