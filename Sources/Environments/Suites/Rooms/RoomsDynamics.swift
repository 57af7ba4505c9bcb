import Tensors

/// One map of rooms, seen in one way, as the rules of a batch of slots.
struct RoomsDynamics: SlotDynamics {
  struct Slot: SlotState {
    var step: UInt64 = 0
    var episodeStep: Int32 = 0
    var state: RoomsState
  }

  private let rules: RoomsRules
  private let view: RoomsView

  /// - Precondition: The horizon is at most 2^31 - 1.
  init(_ rules: RoomsRules, _ look: RoomsLook) {
    precondition(rules.horizon <= Int32.max, "the horizon \(rules.horizon) of rooms is above \(Int32.max)")
    (self.rules, view) = (rules, RoomsView(rules, look))
  }

  var horizon: Int { rules.horizon }
  var blank: Slot { Slot(state: rules.starts[0]) }

  func begin(_ slot: inout Slot, _ stream: RandomStream) {
    slot.state = rules.starts[Int(random(slot, stream).start * Double(rules.starts.count))]
  }

  /// The two numbers of a step: where a move slips to, and where an episode starts that follows.
  private func random(_ slot: Slot, _ stream: RandomStream) -> (slip: Double, start: Double) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) {
      stream.uniform(step: slot.step, into: $0.baseAddress!, count: 2)
      return (Double($0[0]), Double($0[1]))
    }
  }

  func step(_ slot: inout Slot, _ action: ActionRows, row: Int, _ stream: RandomStream) -> StepOutcome {
    var move = Int(action.discrete![row])
    if rules.slip > 0 { move = rules.move(after: move, random: random(slot, stream).slip) }
    let outcome = rules.outcome(of: move, in: slot.state)
    slot.state = outcome.state
    return StepOutcome(reward: outcome.reward, terminated: outcome.terminated, success: outcome.success)
  }

  func observe(_ slot: Slot, into rows: ObservationRows, row: Int) {
    view.draw(slot.state, into: rows.leaves[0].assumingMemoryBound(to: UInt8.self) + row * view.size)
  }

  func problem(of slot: Slot) -> String? {
    rules.allows(slot.state) ? nil : "the player, the skull or a thing is where this map has none"
  }
}

extension RoomsRules {
  fileprivate func allows(_ state: RoomsState) -> Bool {
    let cell = Int(state.cell)
    return cell < places.count && places[cell].kind != .wall && places[cell].kind != .goal
      && Int(state.phase) < max(patrol.count, 1)
      && Int(state.left) >> things.count == 0
  }
}
