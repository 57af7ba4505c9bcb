import CKernels
import Environments

/// A round as bytes: everything that learning may read, then the last observations of episodes that were cut off.
extension RoundBlock {
  func saveState() -> [UInt8] {
    var bytes = Array(UnsafeRawBufferPointer(start: memory, count: byteCount))
    forEachTruncation { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Goes on with a saved round.
  ///
  /// - Parameters:
  ///   - action: The space of its actions.
  ///   - allowed: Which of these each column's task has.
  /// - Throws: `EngineError.badState` where it is of another size, or holds what no round can hold. Then the block is of no use.
  func restoreState(_ bytes: [UInt8], action space: ActionSpace, allowed: [[Bool]]) throws(EngineError) {
    guard bytes.count >= byteCount else {
      throw .badState("a saved round has \(bytes.count) bytes, but this run's rounds have at least \(byteCount)")
    }
    bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: byteCount) }
    var offset = byteCount
    var fits = true
    forEachTruncation { row in
      guard offset + row.count <= bytes.count else {
        fits = false
        return
      }
      bytes.withUnsafeBytes { row.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + row.count])) }
      offset += row.count
    }
    if !fits || offset != bytes.count {
      throw .badState("a saved round has \(bytes.count) bytes, \(offset) were expected")
    }
    try checkNumbers()
    try checkActions(space, allowed)
  }

  private func forEachTruncation(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    for step in 0..<steps {
      for column in 0..<columns where isTruncated(step: step, column: column) {
        for leaf in leaves.indices {
          body(
            UnsafeMutableRawBufferPointer(
              start: finalObservation(leaf: leaf, step: step, column: column), count: leaves[leaf].byteCount))
        }
      }
    }
  }

  private func checkNumbers() throws(EngineError) {
    let rows = (steps + 1) * columns
    func requireFinite(_ name: String, _ numbers: UnsafeRawPointer, _ count: Int) throws(EngineError) {
      let bad = ck_count_nonfinite(numbers.assumingMemoryBound(to: Float.self), count)
      if bad > 0 { throw .badState("a saved round has \(bad) numbers that are not finite in its \(name)") }
    }
    for (index, leaf) in leaves.enumerated() where leaf.element == .float32 {
      try requireFinite("observations", observations[index], rows * leaf.elementCount)
      for step in 0..<steps {
        for column in 0..<columns where isTruncated(step: step, column: column) {
          let final = finalObservation(leaf: index, step: step, column: column)
          try requireFinite("last observations", final, leaf.elementCount)
        }
      }
    }
    try requireFinite("rewards", reward, rows)
    try requireFinite("log-probabilities", logProbability, steps * columns)
    try requireFinite("recurrent state", hidden, columns * recurrentSize)
    try requireFinite("recurrent state", cell, columns * recurrentSize)
    for (name, flags) in [("terminated", terminated), ("first", isFirst), ("valid", valid)] {
      for row in 0..<rows where flags[row] > 1 {
        throw .badState("a saved round has a flag \(name) of \(flags[row]), and flags are 0 or 1")
      }
    }
  }

  /// What a network or a replay reads as an index, or an environment acts on.
  private func checkActions(_ space: ActionSpace, _ allowed: [[Bool]]) throws(EngineError) {
    for step in 0...steps {
      for column in 0..<columns {
        let row = step * columns + column
        switch space {
        case .discrete:
          let taken = Int(action[row])
          // Nothing led to the first row of a run.
          let isPossible =
            allowed[column].indices.contains(taken) && (allowed[column][taken] || step == 0 && taken == 0)
          if !isPossible { throw .badState("a saved round has the action \(taken), which its task does not have") }
        case .box(let dimension):
          for (number, isOwn) in allowed[column].enumerated() {
            let taken = box[row * dimension + number]
            if !(taken.isFinite && (isOwn || taken == 0)) {
              throw .badState(
                "a saved round has \(taken) for number \(number) of an action, which its task does not have")
            }
          }
          if action[row] != 0 { throw .badState("a saved round has discrete actions, and its tasks take numbers") }
        }
      }
    }
  }
}
