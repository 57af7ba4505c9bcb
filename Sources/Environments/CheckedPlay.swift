#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One environment under `EnvironmentCheck`, and the memory it writes to: one block that holds every array of a step
/// with guards between, filled with one byte before every call.
final class CheckedPlay {
  private struct Rows {
    let name: String
    let offset: Int
    /// Bytes of one slot.
    let stride: Int
    let isFinal: Bool
  }

  private static let guardBytes = 64

  let environment: any Environment
  private let task: Task
  private let slots: Int
  private let fill: UInt8
  private let arrays: [Rows]
  private let block: UnsafeMutableRawBufferPointer
  private let leaves: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
  /// The observation that the reset gave, leaf by leaf.
  private var resetObservation: [[UInt8]] = []

  init(_ task: Task, environment: any Environment, slots: Int, fill: UInt8) {
    (self.task, self.environment, self.slots, self.fill) = (task, environment, slots, fill)
    let observations = task.observation.leaves.map { ("observation \($0.name)", $0.byteCount, false) }
    let finals = task.observation.leaves.map { ("final observation \($0.name)", $0.byteCount, true) }
    let scalars = [
      ("reward", 4, false), ("terminated", 1, false), ("truncated", 1, false), ("valid", 1, false),
      ("success", 1, false), ("lives", 2, false),
    ]
    var (arrays, offset): ([Rows], Int) = ([], Self.guardBytes)
    for (name, stride, isFinal) in observations + finals + scalars {
      arrays.append(Rows(name: name, offset: offset, stride: stride, isFinal: isFinal))
      // Every array starts at a multiple of 64 bytes.
      offset += (slots * stride + 2 * Self.guardBytes - 1) / Self.guardBytes * Self.guardBytes
    }
    self.arrays = arrays
    block = .allocate(byteCount: offset, alignment: Self.guardBytes)
    block.initializeMemory(as: UInt8.self, repeating: fill)
    leaves = .allocate(capacity: 2 * task.observation.leaves.count)
    for index in leaves.indices { leaves.initializeElement(at: index, to: block.baseAddress! + arrays[index].offset) }
  }

  deinit {
    leaves.deallocate()
    block.deallocate()
  }

  private func pointer<Value>(_ name: String, as type: Value.Type) -> UnsafeMutablePointer<Value> {
    (block.baseAddress! + arrays.first { $0.name == name }!.offset).assumingMemoryBound(to: type)
  }

  private var observation: ObservationRows { ObservationRows(leaves: .init(rebasing: leaves[..<(leaves.count / 2)])) }

  private lazy var rows = StepRows(
    observation: observation, finalObservation: ObservationRows(leaves: .init(rebasing: leaves[(leaves.count / 2)...])),
    reward: pointer("reward", as: Float.self), terminated: pointer("terminated", as: UInt8.self),
    truncated: pointer("truncated", as: UInt8.self), valid: pointer("valid", as: UInt8.self),
    success: pointer("success", as: UInt8.self), lives: pointer("lives", as: Int16.self))

  /// Fills the block; after a reset only observations are to be written, so that the rest counts as written with zeros.
  func reset() throws {
    block.initializeMemory(as: UInt8.self, repeating: fill)
    try environment.finish(environment.reset(into: observation))
    for array in arrays[leaves.count...] { bytes(array, 0..<slots).initializeMemory(as: UInt8.self, repeating: 0) }
    resetObservation = arrays[..<(leaves.count / 2)].map { Array(bytes($0, 0..<slots)) }
  }

  func step(_ actions: RandomActions) throws {
    block.initializeMemory(as: UInt8.self, repeating: fill)
    switch task.action {
    case .discrete:
      let repeated = [Int32](repeating: actions.discrete, count: slots)
      try repeated.withUnsafeBufferPointer {
        try environment.finish(environment.step(ActionRows(discrete: $0.baseAddress!), into: rows))
      }
    case .box:
      let repeated = (0..<slots).flatMap { _ in actions.box }
      try repeated.withUnsafeBufferPointer {
        try environment.finish(environment.step(ActionRows(box: $0.baseAddress!), into: rows))
      }
    }
  }

  private func bytes(_ array: Rows, _ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    let start = array.offset + range.lowerBound * array.stride
    return UnsafeMutableRawBufferPointer(rebasing: block[start..<start + range.count * array.stride])
  }

  func ended(_ slot: Int) -> Bool { rows.terminated[slot] != 0 || rows.truncated[slot] != 0 }

  private func isWritten(_ array: Rows, _ slot: Int) -> Bool { !array.isFinal || ended(slot) }

  /// Whether both wrote the same bytes, and left the same untouched; both must have been filled with the same byte.
  func equals(_ other: CheckedPlay) -> Bool { same(UnsafeRawBufferPointer(block), UnsafeRawBufferPointer(other.block)) }

  /// Whether this one's only slot did what slot `slot` of `batch` did.
  func equals(_ batch: CheckedPlay, slot: Int) -> Bool {
    zip(arrays, batch.arrays).allSatisfy { mine, theirs in
      same(.init(bytes(mine, 0..<1)), .init(batch.bytes(theirs, slot..<slot + 1)))
    }
  }

  /// Arrays and slots in which the two, filled with different bytes, ended up different.
  func differences(_ other: CheckedPlay) -> [(array: String, slot: Int)] {
    arrays.flatMap { array in
      (0..<slots).filter {
        isWritten(array, $0) && !same(.init(bytes(array, $0..<$0 + 1)), .init(other.bytes(array, $0..<$0 + 1)))
      }.map { (array.name, $0) }
    }
  }

  var guardsAreIntact: Bool {
    var previous = 0
    for array in arrays {
      guard isUntouched(previous..<array.offset) else { return false }
      previous = array.offset + slots * array.stride
    }
    return isUntouched(previous..<block.count)
  }

  /// Whether bytes of the block are still what they were filled with: the first is, and each equals the one before.
  private func isUntouched(_ range: Range<Int>) -> Bool {
    block[range.lowerBound] == fill
      && memcmp(block.baseAddress! + range.lowerBound, block.baseAddress! + range.lowerBound + 1, range.count - 1) == 0
  }

  func inspect(step: Int, into report: inout EnvironmentCheck.Report) {
    for slot in 0..<slots {
      if !rows.reward[slot].isFinite { report.add(.rewardNotFinite(slot: slot, step: step)) }
      for (array, leaf) in zip(arrays, task.observation.leaves) where leaf.element == .float32 {
        let numbers = bytes(array, slot..<slot + 1).bindMemory(to: Float.self)
        if !numbers.allSatisfy({ $0.isFinite }) {
          report.add(.observationNotFinite(array: array.name, slot: slot, step: step))
        }
      }
      let flags = [
        ("terminated", rows.terminated, 1), ("truncated", rows.truncated, 1), ("valid", rows.valid, 1),
        ("success", rows.success, SuccessFlag.silent),
      ]
      for (name, flag, most) in flags where flag[slot] > most {
        report.add(.flagNotBinary(array: name, value: flag[slot], slot: slot, step: step))
      }
      for array in arrays where !isWritten(array, slot) {
        let start = array.offset + slot * array.stride
        if !isUntouched(start..<start + array.stride) {
          report.add(.finalWrittenWithoutEnd(slot: slot, step: step))
        }
      }
    }
  }

  /// Whether the final observation of a slot differs from the observation.
  func finalDiffers(_ slot: Int) -> Bool {
    (0..<leaves.count / 2).contains { leaf in
      let last = bytes(arrays[leaf + leaves.count / 2], slot..<slot + 1)
      return !same(.init(bytes(arrays[leaf], slot..<slot + 1)), .init(last))
    }
  }

  /// Whether a slot's observation is another one than its first.
  func observationChanged(_ slot: Int) -> Bool {
    zip(arrays, resetObservation).contains { array, first in
      first.withUnsafeBytes { first in
        let range = slot * array.stride..<(slot + 1) * array.stride
        return !same(UnsafeRawBufferPointer(rebasing: first[range]), .init(bytes(array, slot..<slot + 1)))
      }
    }
  }

  /// Whether two slots were given the same at this step.
  func slotsEqual(_ first: Int, _ second: Int) -> Bool {
    arrays.allSatisfy {
      $0.isFinal || same(.init(bytes($0, first..<first + 1)), .init(bytes($0, second..<second + 1)))
    }
  }

  private func same(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    first.count == second.count && memcmp(first.baseAddress!, second.baseAddress!, first.count) == 0
  }
}
