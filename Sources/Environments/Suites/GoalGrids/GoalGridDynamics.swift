import Tensors

/// One goal grid as the rules of a batch of slots.
extension GoalGrids.Rules: SlotDynamics {
  struct Slot: SlotState {
    var step: UInt64 = 0
    var cell: Int32 = 0
    var episodeStep: Int32 = 0
  }

  var blank: Slot { Slot() }

  /// The player starts in any cell but the goal, all equally likely.
  func begin(_ slot: inout Slot, _ stream: RandomStream) {
    let choices = GoalGrids.side * GoalGrids.side - (goal == nil ? 0 : 1)
    let choice = Int(stream.uniform(step: slot.step) * Float(choices))
    slot.cell = Int32(choice < goal ?? .max ? choice : choice + 1)
  }

  func step(_ slot: inout Slot, _ action: ActionRows, row: Int, _ stream: RandomStream) -> StepOutcome {
    let before = Int(slot.cell)
    let cell = GoalGrids.next(before, action.discrete![row])
    slot.cell = Int32(cell)
    let arrived = cell == goal
    // A step that leads nowhere was one off the grid.
    let fell = edgesAreCliffs && cell == before
    return StepOutcome(
      reward: Double((fell ? 0 : stepReward) + (arrived ? goalReward : 0)), terminated: arrived || fell,
      success: arrived)
  }

  func observe(_ slot: Slot, into rows: ObservationRows, row: Int) {
    let size = GoalGrids.side * GoalGrids.side * GoalGrids.planes
    let planes = rows.leaves[0].assumingMemoryBound(to: UInt8.self) + row * size
    planes.update(repeating: 0, count: size)
    planes[Int(slot.cell) * GoalGrids.planes] = 1
    if let goal { planes[goal * GoalGrids.planes + plane] = 1 }
  }

  func problem(of slot: Slot) -> String? {
    let isFree = 0..<GoalGrids.side * GoalGrids.side ~= Int(slot.cell) && Int(slot.cell) != goal
    return isFree ? nil : "the player is in cell \(slot.cell), which is the goal or outside the 8x8 grid"
  }
}
