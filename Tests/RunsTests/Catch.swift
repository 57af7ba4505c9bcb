import Environments
import Tensors

/// A ball falls through a board of ten rows and five columns; a paddle on the last row moves left, stays, or moves right.
/// A catch pays 1, a miss -1.
final class Catch: Environment {
  static let task = Task(
    id: "catch",
    observation: ObservationSpace([ObservationLeaf(name: "board", element: .uint8, shape: [rows, columns, 2])]),
    action: .discrete(3), actionMask: [true, true, true],
    scores: Task.ReferenceScores(random: -0.6, reference: 1, label: "best play"),
    parameters: ["rows": "\(rows)", "columns": "\(columns)"], hasSuccessRule: true, palette: [0x4fc3f7, 0xffd54f]
  ) { replicas, seed, _ in Catch(replicas: replicas, seed: seed) }

  private static let rows = 10
  private static let columns = 5

  private struct Slot: BitwiseCopyable {
    /// Steps of the slot's whole life: the address of its random numbers.
    var step: UInt64 = 0
    var row: Int32 = 0
    var column: Int32 = 0
    var paddle: Int32 = 0
  }

  let slots: Int
  private let streams: [RandomStream]
  private var states: [Slot]

  init(replicas: Range<Int>, seed: UInt64) {
    slots = replicas.count
    streams = replicas.map { RandomStream(seed: seed, task: "catch", replica: $0, purpose: .environment) }
    states = Array(repeating: Slot(), count: replicas.count)
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot] = Slot()
      begin(slot)
      draw(slot, in: observation)
    }
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot].step += 1
      states[slot].row += 1
      states[slot].paddle = min(max(states[slot].paddle + action.discrete![slot] - 1, 0), Int32(Self.columns) - 1)
      let landed = states[slot].row == Self.rows - 1
      let caught = landed && states[slot].column == states[slot].paddle
      rows.reward[slot] = caught ? 1 : landed ? -1 : 0
      (rows.terminated[slot], rows.truncated[slot], rows.valid[slot]) = (landed ? 1 : 0, 0, 1)
      (rows.success[slot], rows.lives[slot]) = (caught ? 1 : 0, 0)
      if landed {
        draw(slot, in: rows.finalObservation)
        begin(slot)
      }
      draw(slot, in: rows.observation)
    }
    return .done
  }

  private func begin(_ slot: Int) {
    states[slot].row = 0
    states[slot].column = Int32(streams[slot].uniform(step: states[slot].step) * Float(Self.columns))
    states[slot].paddle = Int32(Self.columns / 2)
  }

  /// Plane 0 is the paddle, plane 1 the ball.
  private func draw(_ slot: Int, in rows: ObservationRows) {
    let size = Self.rows * Self.columns * 2
    let board = rows.leaves[0].assumingMemoryBound(to: UInt8.self) + slot * size
    board.update(repeating: 0, count: size)
    let state = states[slot]
    board[((Self.rows - 1) * Self.columns + Int(state.paddle)) * 2] = 1
    board[(Int(state.row) * Self.columns + Int(state.column)) * 2 + 1] = 1
  }

  func saveState() -> [UInt8]? { states.withUnsafeBytes(Array.init) }

  func restoreState(_ state: [UInt8]) throws {
    guard state.count == slots * MemoryLayout<Slot>.stride else {
      throw EnvironmentError.badState(task: "catch", reason: "it has \(state.count) bytes")
    }
    states = state.withUnsafeBytes { bytes in
      (0..<slots).map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Slot>.stride, as: Slot.self) }
    }
  }
}
