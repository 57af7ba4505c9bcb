import TestSupport

@testable import Environments

/// A batch of one task with memory of its own, for tests that look at single steps.
final class Play {
  let environment: any Environment
  let slots: Int
  private let length: Int
  private(set) var observation: [UInt8]
  private(set) var finalObservation: [UInt8]
  private(set) var reward: [Float]
  private(set) var terminated: [UInt8]
  private(set) var truncated: [UInt8]
  private(set) var success: [UInt8]

  init(_ task: Task, replicas: Range<Int> = 0..<1, seed: UInt64 = 1) throws {
    environment = try task.makeEnvironment(replicas, seed, Worker())
    slots = replicas.count
    length = task.observation.leaves[0].elementCount
    let bytes = slots * task.observation.leaves[0].byteCount
    observation = Array(repeating: 0, count: bytes)
    finalObservation = Array(repeating: 0, count: bytes)
    reward = Array(repeating: 0, count: slots)
    terminated = Array(repeating: 0, count: slots)
    truncated = terminated
    success = terminated
    try observation.withUnsafeMutableBytes { bytes in
      try withLeaf(bytes.baseAddress!) { try environment.finish(environment.reset(into: $0)) }
    }
  }

  private func withLeaf<Result>(
    _ pointer: UnsafeMutableRawPointer, _ body: (ObservationRows) throws -> Result
  ) rethrows -> Result {
    var pointer = pointer
    return try withUnsafeMutablePointer(to: &pointer) {
      try body(ObservationRows(leaves: UnsafeMutableBufferPointer(start: $0, count: 1)))
    }
  }

  /// One action a slot of a discrete space.
  func step(_ actions: [Int32]) throws {
    try actions.withUnsafeBufferPointer { try step(ActionRows(discrete: $0.baseAddress!)) }
  }

  /// One action a slot of a box, slot after slot.
  func step(box actions: [Float]) throws {
    try actions.withUnsafeBufferPointer { try step(ActionRows(box: $0.baseAddress!)) }
  }

  /// What a slot with a vector sees.
  func row(_ slot: Int) -> [Float] {
    observation.withUnsafeBytes { Array($0.bindMemory(to: Float.self)[slot * length..<(slot + 1) * length]) }
  }

  private func step(_ actions: ActionRows) throws {
    var valid = [UInt8](repeating: 0, count: slots)
    var lives = [Int16](repeating: 0, count: slots)
    try observation.withUnsafeMutableBytes { now in
      try finalObservation.withUnsafeMutableBytes { last in
        try withLeaf(now.baseAddress!) { observation in
          try withLeaf(last.baseAddress!) { finalObservation in
            try environment.finish(
              environment.step(
                actions,
                into: StepRows(
                  observation: observation, finalObservation: finalObservation, reward: &reward,
                  terminated: &terminated,
                  truncated: &truncated, valid: &valid, success: &success, lives: &lives)))
          }
        }
      }
    }
  }

  func ended(_ slot: Int) -> Bool { terminated[slot] != 0 || truncated[slot] != 0 }
}

/// Mean and standard error of the returns of the first `perSlot` episodes of every slot, uniformly random over
/// `actions`.
func randomReturns(
  _ task: Task, actions: [Int32], perSlot: Int, slots: Int = 64, seed: UInt64 = 1
) throws -> (mean: Double, error: Double) {
  let play = try Play(task, replicas: 0..<slots, seed: seed)
  var numbers = SplitMix64(seed)
  var (running, finished) = ([Double](repeating: 0, count: slots), [Int](repeating: 0, count: slots))
  var returns: [Double] = []
  while returns.count < perSlot * slots {
    try play.step((0..<slots).map { _ in actions.randomElement(using: &numbers)! })
    for slot in 0..<slots {
      running[slot] += Double(play.reward[slot])
      guard play.ended(slot) else { continue }
      if finished[slot] < perSlot { returns.append(running[slot]) }
      finished[slot] += 1
      running[slot] = 0
    }
  }
  let mean = returns.reduce(0, +) / Double(returns.count)
  let variance = returns.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(returns.count - 1)
  return (mean, (variance / Double(returns.count)).squareRoot())
}
