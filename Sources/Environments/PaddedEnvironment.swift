/// Environments whose vectors are shorter than their task set's: observations are filled up with zeros, and with a one where their
/// task has its mark; of a box's actions the first ones are passed on.
final class PaddedEnvironment: WrapperEnvironment {
  /// Floats of a slot's observation: the environment's and the set's.
  private let (length, paddedLength): (Int, Int)
  /// Where the set's observations say which task it is; nil where they don't.
  private let mark: Int?
  /// Numbers of a slot's action: the environment's and the set's; 0 where actions are discrete.
  private let (dimension, paddedDimension): (Int, Int)
  private let actions: UnsafeMutableBufferPointer<Float>

  /// - Precondition: both observations are one vector; the set's is not shorter, and neither is its action.
  init(_ inner: any Environment, of task: Task, in observation: ObservationSpace, _ action: ActionSpace, mark: Int?) {
    precondition(
      task.observation.leaves.count == 1 && task.observation.leaves[0].isVector, "only one vector can be padded")
    (length, paddedLength) = (task.observation.leaves[0].elementCount, observation.leaves[0].elementCount)
    (dimension, paddedDimension) = (task.action.dimension, action.dimension)
    precondition(length <= paddedLength && dimension <= paddedDimension, "padding never cuts")
    self.mark = mark
    actions = .allocate(capacity: inner.slots * dimension)
    super.init(inner, of: task, keepsObservations: true)
  }

  deinit { actions.deallocate() }

  override func innerAction(_ action: ActionRows) -> ActionRows {
    guard let box = action.box else { return action }
    for slot in 0..<slots {
      (actions.baseAddress! + slot * dimension).update(from: box + slot * paddedDimension, count: dimension)
    }
    return ActionRows(box: actions.baseAddress!)
  }

  override func began(_ slot: Int, into observation: ObservationRows) { pad(innerObservation!, slot, to: observation) }

  override func stepped(_ slot: Int, into rows: StepRows) {
    if rows.ended(slot) { pad(innerFinal!, slot, to: rows.finalObservation) }
    pad(innerObservation!, slot, to: rows.observation)
  }

  private func pad(_ vectors: ObservationMemory, _ slot: Int, to rows: ObservationRows) {
    let vector = vectors.rows.leaves[0].assumingMemoryBound(to: Float.self) + slot * length
    let target = rows.leaves[0].assumingMemoryBound(to: Float.self) + slot * paddedLength
    target.update(from: vector, count: length)
    (target + length).update(repeating: 0, count: paddedLength - length)
    if let mark { target[mark] = 1 }
  }
}
