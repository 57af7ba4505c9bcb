@testable import Environments

/// Two slots of a task with vectors and a box, and what they gave last.
final class BoxPlay {
  let environment: any Environment
  private let length: Int
  private(set) var observation, final: [Float]
  private(set) var reward: [Float] = [0, 0]
  /// terminated, truncated, valid and success, two each.
  private(set) var flags: [[UInt8]] = []

  init(_ task: Task, seed: UInt64 = 5, worker: Worker = Worker()) throws {
    environment = try task.makeEnvironment(0..<2, seed, worker)
    length = task.observation.leaves[0].elementCount
    observation = Array(repeating: .nan, count: 2 * length)
    final = observation
    try withLeaves { observation, _ in try environment.finish(environment.reset(into: observation)) }
  }

  /// What a step writes, where an environment in another process may write it later.
  private final class Numbers {
    let reward = UnsafeMutablePointer<Float>.allocate(capacity: 2)
    let flags = UnsafeMutablePointer<UInt8>.allocate(capacity: 8)
    let lives = UnsafeMutablePointer<Int16>.allocate(capacity: 2)
    private var actions: UnsafeMutablePointer<Float>?

    init() {
      reward.initialize(repeating: .nan, count: 2)
      flags.initialize(repeating: 2, count: 8)
    }

    deinit {
      reward.deallocate()
      flags.deallocate()
      lives.deallocate()
      actions?.deallocate()
    }

    func action(_ numbers: [Float]) -> UnsafePointer<Float> {
      let actions = self.actions ?? .allocate(capacity: numbers.count)
      self.actions = actions
      actions.update(from: numbers, count: numbers.count)
      return UnsafePointer(actions)
    }
  }

  private let numbers = Numbers()

  func row(_ slot: Int) -> [Float] { Array(observation[slot * length..<(slot + 1) * length]) }

  func step(_ actions: [Float]) throws {
    try withLeaves { observation, final in
      let rows = StepRows(
        observation: observation, finalObservation: final, reward: numbers.reward, terminated: numbers.flags,
        truncated: numbers.flags + 2, valid: numbers.flags + 4, success: numbers.flags + 6, lives: numbers.lives)
      try environment.finish(environment.step(ActionRows(box: numbers.action(actions)), into: rows))
    }
    reward = Array(UnsafeBufferPointer(start: numbers.reward, count: 2))
    flags = (0..<4).map { [numbers.flags[2 * $0], numbers.flags[2 * $0 + 1]] }
  }

  private func withLeaves(_ body: (ObservationRows, ObservationRows) throws -> Void) rethrows {
    try observation.withUnsafeMutableBytes { now in
      try final.withUnsafeMutableBytes { last in
        var pointers = [now.baseAddress!, last.baseAddress!]
        try pointers.withUnsafeMutableBufferPointer {
          try body(
            ObservationRows(leaves: UnsafeMutableBufferPointer(rebasing: $0[0..<1])),
            ObservationRows(leaves: UnsafeMutableBufferPointer(rebasing: $0[1..<2])))
        }
      }
    }
  }
}
