import Polymath

/// A corridor of nine cells. An episode begins in the middle; a prize lies at one end, and each step costs a little.
struct Corridor: SlotDynamics {
  static let suite = Suite("corridor") { [task("prize_left", prize: 0), task("prize_right", prize: length - 1)] }

  private static let length: Int32 = 9

  /// What a slot keeps from step to step. It is saved as it lies in memory.
  struct Slot: SlotState {
    var step: UInt64 = 0
    var episodeStep: Int32 = 0
    var cell: Int32 = 0
  }

  let prize: Int32
  let horizon = 50
  let blank = Slot()

  private static func task(_ id: String, prize: Int32) -> Task {
    Task(
      id: id,
      observation: ObservationSpace([ObservationLeaf(name: "cell", element: .float32, shape: [Int(length)])]),
      action: .discrete(2), actionMask: [true, true], scores: nil,
      // Everything that makes the task what it is: a run whose tasks have changed is not gone on with.
      parameters: ["length": "\(length)", "prize": "\(prize)"], hasSuccessRule: true
    ) { replicas, seed, _ in
      SlotBatch(task: id, Corridor(prize: prize), replicas: replicas, seed: seed)
    }
  }

  func begin(_ slot: inout Slot, _ stream: RandomStream) {
    // One of the three cells in the middle.
    slot.cell = Self.length / 2 - 1 + Int32(stream.uniform(step: slot.step) * 3)
  }

  /// Action 0 moves left, 1 right; the ends are walls.
  func step(_ slot: inout Slot, _ action: ActionRows, row: Int, _ stream: RandomStream) -> StepOutcome {
    slot.cell = min(max(slot.cell + (action.discrete![row] == 1 ? 1 : -1), 0), Self.length - 1)
    let found = slot.cell == prize
    return StepOutcome(reward: found ? 1 : -0.01, terminated: found, success: found)
  }

  /// The cell, one-hot.
  func observe(_ slot: Slot, into rows: ObservationRows, row: Int) {
    let count = Int(Self.length)
    let cells = rows.leaves[0].assumingMemoryBound(to: Float.self) + row * count
    cells.update(repeating: 0, count: count)
    cells[Int(slot.cell)] = 1
  }

  func problem(of slot: Slot) -> String? {
    (0..<Self.length).contains(slot.cell) && slot.cell != prize ? nil : "cell \(slot.cell) is none to go on from"
  }
}
