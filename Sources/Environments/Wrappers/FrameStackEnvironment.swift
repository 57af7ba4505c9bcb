import CKernels

/// Shows the last `depth` observations side by side along the last axis, newest last. An episode begins with `depth`
/// times its first one.
final class FrameStackEnvironment: WrapperEnvironment {
  /// How a leaf lies in memory.
  private struct Leaf {
    /// Rows of the last axis in one observation, and bytes of each.
    let rows, bytes: Int
  }

  private let depth: Int
  private let leaves: [Leaf]
  /// What each slot was shown last, `[slots, rows, depth, bytes]` a leaf.
  private let shown: ObservationMemory

  init(_ inner: any Environment, of task: Task, depth: Int) {
    precondition(depth >= 1, "a stack of \(depth) frames is not 1 or more")
    self.depth = depth
    leaves = task.observation.leaves.map {
      Leaf(rows: $0.elementCount / $0.shape.last!, bytes: $0.shape.last! * $0.element.byteCount)
    }
    shown = ObservationMemory(
      ObservationSpace(
        task.observation.leaves.map {
          ObservationLeaf(name: $0.name, element: $0.element, shape: [$0.elementCount * depth])
        }), slots: inner.slots)
    super.init(inner, of: task, keepsObservations: true)
  }

  override func began(_ slot: Int, into observation: ObservationRows) {
    for _ in 0..<depth { push(innerObservation!, slot) }
    show(slot, in: observation)
  }

  override func stepped(_ slot: Int, into rows: StepRows) {
    if rows.ended(slot) {
      push(innerFinal!, slot)
      show(slot, in: rows.finalObservation)
      began(slot, into: rows.observation)
    } else {
      push(innerObservation!, slot)
      show(slot, in: rows.observation)
    }
  }

  /// Adds an observation as the newest frame; the oldest goes.
  private func push(_ memory: ObservationMemory, _ slot: Int) {
    for (index, leaf) in leaves.enumerated() {
      let frame = memory.rows.leaves[index] + slot * leaf.rows * leaf.bytes
      let stack = shown.rows.leaves[index] + slot * shown.byteCounts[index]
      // Everything moves one frame ahead at once; what enters a row from the one behind it is then overwritten.
      stack.copyMemory(from: stack + leaf.bytes, byteCount: shown.byteCounts[index] - leaf.bytes)
      for row in 0..<leaf.rows {
        (stack + ((row + 1) * depth - 1) * leaf.bytes)
          .copyMemory(from: frame + row * leaf.bytes, byteCount: leaf.bytes)
      }
    }
  }

  private func show(_ slot: Int, in rows: ObservationRows) {
    for (index, bytes) in shown.byteCounts.enumerated() {
      (rows.leaves[index] + slot * bytes).copyMemory(from: shown.rows.leaves[index] + slot * bytes, byteCount: bytes)
    }
  }

  override var ownState: [UInt8] {
    zip(shown.rows.leaves, shown.byteCounts).flatMap { UnsafeRawBufferPointer(start: $0, count: slots * $1) }
  }

  override func restoreOwnState(_ state: UnsafeRawBufferPointer) throws(EnvironmentError) {
    var offset = 0
    for (leaf, bytes) in zip(shown.rows.leaves, shown.byteCounts) {
      leaf.copyMemory(from: state.baseAddress! + offset, byteCount: slots * bytes)
      offset += slots * bytes
    }
    for (leaf, (memory, bytes)) in zip(task.observation.leaves, zip(shown.rows.leaves, shown.byteCounts))
    where leaf.element == .float32 {
      if ck_count_nonfinite(memory.assumingMemoryBound(to: Float.self), slots * bytes / 4) > 0 {
        throw .badState(task: task.id, reason: "its stacked observations hold numbers that are not finite")
      }
    }
  }
}
