extension Array where Element: BitwiseCopyable {
  /// States of slots as they lie in memory: what an environment saves.
  var savedState: [UInt8] { withUnsafeBytes([UInt8].init) }

  /// Slots from such a state.
  ///
  /// - Parameter problem: What about a slot no environment can have written, in words; nil where there is nothing.
  /// - Throws: `EnvironmentError.badState` where it is of another number of slots, of others than `task`'s, or
  ///   impossible.
  init(
    savedState: [UInt8], slots: Int, of task: String, problem: (Element) -> String?
  ) throws(EnvironmentError) {
    let stride = MemoryLayout<Element>.stride
    guard savedState.count == slots * stride else {
      throw .badState(
        task: task, reason: "it has \(savedState.count) bytes, but \(slots) slots need \(slots * stride)")
    }
    self = savedState.withUnsafeBytes { bytes in
      (0..<slots).map { bytes.loadUnaligned(fromByteOffset: $0 * stride, as: Element.self) }
    }
    for (slot, state) in enumerated() {
      if let problem = problem(state) { throw .badState(task: task, reason: "slot \(slot): \(problem)") }
    }
  }
}

/// What is wrong with a slot's counts of steps: those of its whole life, and those of the episode that goes on. nil
/// where nothing is.
///
/// - Parameter horizon: Steps after which an episode is over; nil for none.
func problemOfCounts(life: UInt64, episode: Int, horizon: Int?) -> String? {
  if life > 1 << 53 { return "\(life) steps are more than a life has" }
  if !(0..<(horizon ?? .max)).contains(episode) || episode > Int(life) {
    return "\(episode) steps of an episode, of \(life) in all"
      + (horizon.map { ", where an episode is over after \($0)" } ?? "")
  }
  return nil
}

extension SIMD where Scalar == Double {
  /// Whether all numbers are finite, and no farther from 0 than `limit`.
  func isWithin(_ limit: Double) -> Bool { indices.allSatisfy { abs(self[$0]) <= limit } }
}
