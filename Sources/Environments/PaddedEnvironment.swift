/// Environments whose vectors are shorter than their task set's: observations are filled up with zeros, and with a one where their
/// task has its mark; of a box's actions the first ones are passed on.
final class PaddedEnvironment: Environment {
  private let inner: any Environment
  /// Floats of a slot's observation: the environment's and the set's.
  private let (length, paddedLength): (Int, Int)
  /// Where the set's observations say which task it is; nil where they don't.
  private let mark: Int?
  /// Numbers of a slot's action: the environment's and the set's; 0 where actions are discrete.
  private let (dimension, paddedDimension): (Int, Int)
  private let observation, final, actions: UnsafeMutableBufferPointer<Float>
  private let observationLeaf, finalLeaf: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
  /// Where the answer goes to what is under way; flags and rewards go there by themselves.
  private var reset: ObservationRows?
  private var step: StepRows?

  /// - Precondition: both observations are one vector; the set's is not shorter, and neither is its action.
  init(_ inner: any Environment, of task: Task, in observation: ObservationSpace, _ action: ActionSpace, mark: Int?) {
    (self.inner, self.mark) = (inner, mark)
    (length, paddedLength) = (task.observation.leaves[0].elementCount, observation.leaves[0].elementCount)
    (dimension, paddedDimension) = (task.action.dimension, action.dimension)
    precondition(
      task.observation.leaves.count == 1 && task.observation.leaves[0].isVector, "only one vector can be padded")
    precondition(length <= paddedLength && dimension <= paddedDimension, "padding never cuts")
    self.observation = .allocate(capacity: inner.slots * length)
    final = .allocate(capacity: inner.slots * length)
    actions = .allocate(capacity: inner.slots * dimension)
    observationLeaf = .allocate(capacity: 1)
    observationLeaf.initialize(repeating: UnsafeMutableRawPointer(self.observation.baseAddress!))
    finalLeaf = .allocate(capacity: 1)
    finalLeaf.initialize(repeating: UnsafeMutableRawPointer(final.baseAddress!))
  }

  deinit {
    for buffer in [observation, final, actions] { buffer.deallocate() }
    observationLeaf.deallocate()
    finalLeaf.deallocate()
  }

  var slots: Int { inner.slots }
  var losses: EnvironmentLosses { inner.losses }

  func reset(into observation: ObservationRows) throws -> StepProgress {
    (reset, step) = (observation, nil)
    return finish(try inner.reset(into: ObservationRows(leaves: observationLeaf)))
  }

  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    (reset, step) = (nil, rows)
    var own = rows
    own.observation = ObservationRows(leaves: observationLeaf)
    own.finalObservation = ObservationRows(leaves: finalLeaf)
    return finish(try inner.step(narrowed(action), into: own))
  }

  func advance() throws -> StepProgress { finish(try inner.advance()) }

  func saveState() throws -> [UInt8]? { try inner.saveState() }
  func restoreState(_ state: [UInt8]) throws { try inner.restoreState(state) }

  private func narrowed(_ action: ActionRows) -> ActionRows {
    guard let box = action.box else { return action }
    for slot in 0..<slots {
      (actions.baseAddress! + slot * dimension).update(from: box + slot * paddedDimension, count: dimension)
    }
    return ActionRows(box: actions.baseAddress!)
  }

  private func finish(_ progress: StepProgress) -> StepProgress {
    guard progress == .done else { return progress }
    if let rows = reset ?? step?.observation { for slot in 0..<slots { pad(observation, slot, to: rows) } }
    if let step {
      for slot in 0..<slots where step.terminated[slot] | step.truncated[slot] != 0 {
        pad(final, slot, to: step.finalObservation)
      }
    }
    (reset, step) = (nil, nil)
    return .done
  }

  private func pad(_ vectors: UnsafeMutableBufferPointer<Float>, _ slot: Int, to rows: ObservationRows) {
    let target = rows.leaves[0].assumingMemoryBound(to: Float.self) + slot * paddedLength
    target.update(from: vectors.baseAddress! + slot * length, count: length)
    (target + length).update(repeating: 0, count: paddedLength - length)
    if let mark { target[mark] = 1 }
  }
}
