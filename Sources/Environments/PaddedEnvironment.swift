/// Environments whose vector or image is smaller than their task set's: what is seen keeps its place at the beginning
/// of every axis, and zeros surround it, but for a one where their task has its mark; of a box's actions the first ones
/// are passed on.
final class PaddedEnvironment: WrapperEnvironment {
  /// An image `[height, width, channels]`; a vector is one pixel.
  private struct Extent {
    let height, width: Int
    /// Bytes of a pixel's channels.
    let pixel: Int
    var bytes: Int { height * width * pixel }

    init(_ leaf: ObservationLeaf) {
      let shape = Array(repeating: 1, count: 3 - leaf.shape.count) + leaf.shape
      (height, width, pixel) = (shape[0], shape[1], shape[2] * leaf.element.byteCount)
    }
  }

  /// Of a slot's observation: the environment's and the set's.
  private let (extent, paddedExtent): (Extent, Extent)
  /// Where the set's observations say which task it is; nil where they don't.
  private let mark: Int?
  /// Numbers of a slot's action: the environment's and the set's; 0 where actions are discrete.
  private let (dimension, paddedDimension): (Int, Int)
  private let actions: UnsafeMutableBufferPointer<Float>

  /// - Precondition: both observations are one vector, or both one image; the set's is not smaller along any axis, and
  ///   neither is its action. Only vectors have a mark.
  init(_ inner: any Environment, of task: Task, in observation: ObservationSpace, _ action: ActionSpace, mark: Int?) {
    precondition(task.observation.isPaddable, "only one vector or one image can be padded")
    let (leaf, paddedLeaf) = (task.observation.leaves[0], observation.leaves[0])
    (extent, paddedExtent) = (Extent(leaf), Extent(paddedLeaf))
    (dimension, paddedDimension) = (task.action.dimension, action.dimension)
    precondition(
      zip(leaf.shape, paddedLeaf.shape).allSatisfy { $0 <= $1 } && dimension <= paddedDimension, "padding never cuts")
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

  private func pad(_ observations: ObservationMemory, _ slot: Int, to rows: ObservationRows) {
    let source = observations.rows.leaves[0] + slot * extent.bytes
    let target = rows.leaves[0] + slot * paddedExtent.bytes
    target.initializeMemory(as: UInt8.self, repeating: 0, count: paddedExtent.bytes)
    for y in 0..<extent.height {
      for x in 0..<extent.width {
        (target + (y * paddedExtent.width + x) * paddedExtent.pixel).copyMemory(
          from: source + (y * extent.width + x) * extent.pixel, byteCount: extent.pixel)
      }
    }
    if let mark { target.storeBytes(of: 1, toByteOffset: mark * MemoryLayout<Float>.size, as: Float.self) }
  }
}
