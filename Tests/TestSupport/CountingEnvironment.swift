import Environments

/// An environment that counts: its observation is the number of actions so far in the episode and over its life, so
/// that any lost, doubled or misplaced step shows. Episodes of `length` steps end by termination and by truncation in
/// turn.
public final class CountingEnvironment: Environment {
  public let slots: Int
  private let length: Int
  private let replica: Int
  /// Steps of the episode, episodes, and the sum of all actions, a slot.
  private var state: [Int32]

  public init(replicas: Range<Int>, length: Int) {
    (slots, self.length, replica) = (replicas.count, length, replicas.lowerBound)
    state = Array(repeating: 0, count: 3 * replicas.count)
  }

  /// A 4x4 image of bytes: steps, episodes, actions and replica, repeated with the row number added.
  public static let observation = ObservationSpace([
    ObservationLeaf(name: "image", element: .uint8, shape: [4, 4, 1], scale: 1 / 255)
  ])

  public static func task(_ id: String, length: Int, rewardScale: Float = 1) -> Task {
    Task(
      id: id, observation: observation, action: .discrete(3), actionMask: [true, true, true], scores: nil,
      parameters: ["length": "\(length)"]
    ) { replicas, _, _ in CountingEnvironment(replicas: replicas, length: length) }
  }

  private func write(slot: Int, to leaf: UnsafeMutableRawPointer) {
    for row in 0..<4 {
      for column in 0..<4 {
        let value = column < 3 ? state[3 * slot + column] : Int32(replica + slot)
        leaf.storeBytes(
          of: UInt8(truncatingIfNeeded: value + Int32(row)), toByteOffset: 16 * slot + 4 * row + column, as: UInt8.self)
      }
    }
  }

  public func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots { write(slot: slot, to: observation.leaves[0]) }
    return .done
  }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      let taken = action.discrete![slot]
      state[3 * slot] += 1
      state[3 * slot + 2] &+= taken
      rows.reward[slot] = Float(taken)
      (rows.terminated[slot], rows.truncated[slot], rows.valid[slot]) = (0, 0, 1)
      (rows.success[slot], rows.lives[slot]) = (0, 0)
      if state[3 * slot] == Int32(length + slot) {
        write(slot: slot, to: rows.finalObservation.leaves[0])
        let ends = state[3 * slot + 1].isMultiple(of: 2)
        (rows.terminated[slot], rows.truncated[slot]) = (ends ? 1 : 0, ends ? 0 : 1)
        state[3 * slot] = 0
        state[3 * slot + 1] += 1
      }
      write(slot: slot, to: rows.observation.leaves[0])
    }
    return .done
  }

  public let beginsEpisodes = true

  public func beginEpisode(slot: Int, into observation: ObservationRows) {
    state[3 * slot] = 0
    state[3 * slot + 1] += 1
    write(slot: slot, to: observation.leaves[0])
  }

  public func saveState() -> [UInt8]? { state.withUnsafeBytes(Array.init) }

  public func restoreState(_ saved: [UInt8]) throws {
    state = saved.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
  }
}
