@testable import Environments

/// Rows for an environment of one leaf of bytes, owned by a test.
final class WorkerBatch {
  let observation, final: UnsafeMutablePointer<UInt8>
  let rows: StepRows
  let slots: Int
  private let leafPointers: [UnsafeMutableBufferPointer<UnsafeMutableRawPointer>]

  init(slots: Int, leafBytes: Int) {
    self.slots = slots
    observation = .allocate(capacity: slots * leafBytes)
    final = .allocate(capacity: slots * leafBytes)
    leafPointers = [observation, final].map {
      let leaves = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(capacity: 1)
      leaves.initialize(repeating: UnsafeMutableRawPointer($0))
      return leaves
    }
    rows = StepRows(
      observation: ObservationRows(leaves: leafPointers[0]), finalObservation: ObservationRows(leaves: leafPointers[1]),
      reward: .allocate(capacity: slots), terminated: .allocate(capacity: slots),
      truncated: .allocate(capacity: slots), valid: .allocate(capacity: slots), success: .allocate(capacity: slots),
      lives: .allocate(capacity: slots))
  }

  deinit {
    for leaves in leafPointers { leaves.deallocate() }
    observation.deallocate()
    final.deallocate()
    rows.reward.deallocate()
    rows.lives.deallocate()
    for flags in [rows.terminated, rows.truncated, rows.valid, rows.success] { flags.deallocate() }
  }

  func reset(_ environment: any Environment) throws {
    try environment.finish(environment.reset(into: rows.observation))
  }

  func step(_ environment: any Environment, _ actions: [Int32]) throws {
    try actions.withUnsafeBufferPointer {
      try environment.finish(environment.step(ActionRows(discrete: $0.baseAddress!), into: rows))
    }
  }
}

/// What a `Counting` batch of the worker ought to write, for one slot.
struct CountingSlot {
  let slot: Int
  let seed: Int
  let length: Int
  var episode = 0
  var step = 0
  var total = 0

  /// Channels last, of a leaf `[height, width, 4]` that the worker wrote as planes.
  func observation(pixels: Int) -> [UInt8] {
    let first = seed + 3 * slot + 5 * episode + 7 * step + 11 * total
    return (0..<4 * pixels).map { UInt8((first + $0 % 4 * pixels + $0 / 4) % 256) }
  }
}
