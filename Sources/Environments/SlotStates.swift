extension Array where Element: BitwiseCopyable {
  /// States of slots as they lie in memory: what an environment saves.
  var savedState: [UInt8] { withUnsafeBytes([UInt8].init) }

  /// Slots from such a state.
  ///
  /// - Throws: `EnvironmentError.badState` where it is of another number of slots, or of others than `task`'s.
  init(savedState: [UInt8], slots: Int, of task: String) throws {
    let stride = MemoryLayout<Element>.stride
    guard savedState.count == slots * stride else {
      throw EnvironmentError.badState(
        task: task, reason: "it has \(savedState.count) bytes, but \(slots) slots need \(slots * stride)")
    }
    self = savedState.withUnsafeBytes { bytes in
      (0..<slots).map { bytes.loadUnaligned(fromByteOffset: $0 * stride, as: Element.self) }
    }
  }
}
