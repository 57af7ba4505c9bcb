import Tensors

/// A batch of slots of one map of rooms.
public final class RoomsEnvironment: Environment {
  private struct Slot: BitwiseCopyable {
    /// Steps made in the slot's whole life: the address of its random numbers.
    var step: UInt64 = 0
    var episodeStep: Int32 = 0
    var state: RoomsState
  }

  public let slots: Int
  private let task: String
  private let rules: RoomsRules
  private let view: RoomsView
  private let streams: [RandomStream]
  private var states: [Slot]

  init(task: String, rules: RoomsRules, look: RoomsLook, replicas: Range<Int>, seed: UInt64) {
    precondition(rules.horizon <= Int32.max, "task \(task): the horizon is above \(Int32.max)")
    (slots, self.task, self.rules, view) = (replicas.count, task, rules, RoomsView(rules, look))
    streams = replicas.map { RandomStream(seed: seed, task: task, replica: $0, purpose: .environment) }
    states = Array(repeating: Slot(state: rules.starts[0]), count: replicas.count)
  }

  public func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot] = Slot(state: start(random: random(slot, step: 0).start))
      draw(slot, in: observation)
    }
    return .done
  }

  /// The two numbers of a step: where a move slips to, and where an episode starts that follows.
  private func random(_ slot: Int, step: UInt64) -> (slip: Double, start: Double) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) {
      streams[slot].uniform(step: step, into: $0.baseAddress!, count: 2)
      return (Double($0[0]), Double($0[1]))
    }
  }

  private func start(random: Double) -> RoomsState { rules.starts[Int(random * Double(rules.starts.count))] }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      var current = states[slot]
      current.step += 1
      current.episodeStep += 1
      var move = Int(action.discrete![slot])
      if rules.slip > 0 { move = rules.move(after: move, random: random(slot, step: current.step).slip) }
      let outcome = rules.outcome(of: move, in: current.state)
      current.state = outcome.state
      let late = !outcome.terminated && Int(current.episodeStep) == rules.horizon
      rows.reward[slot] = Float(outcome.reward)
      (rows.terminated[slot], rows.truncated[slot]) = (outcome.terminated ? 1 : 0, late ? 1 : 0)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (1, outcome.success ? 1 : 0, 0)
      states[slot] = current
      if outcome.terminated || late {
        draw(slot, in: rows.finalObservation)
        beginEpisode(slot: slot, into: rows.observation)
      } else {
        draw(slot, in: rows.observation)
      }
    }
    return .done
  }

  public let beginsEpisodes = true

  public func beginEpisode(slot: Int, into observation: ObservationRows) {
    states[slot].state = start(random: random(slot, step: states[slot].step).start)
    states[slot].episodeStep = 0
    draw(slot, in: observation)
  }

  private func draw(_ slot: Int, in rows: ObservationRows) {
    view.draw(states[slot].state, into: rows.leaves[0].assumingMemoryBound(to: UInt8.self) + slot * view.size)
  }

  public func saveState() -> [UInt8]? { states.savedState }

  /// - Throws: `EnvironmentError.badState` where the state is of another number of slots, or can't be on this map.
  public func restoreState(_ state: [UInt8]) throws {
    states = try Array(savedState: state, slots: slots, of: task) { _, slot in
      problemOfCounts(life: slot.step, episode: Int(slot.episodeStep), horizon: rules.horizon)
        ?? (rules.allows(slot.state) ? nil : "the player, the skull or a thing is where this map has none")
    }
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
