import Tensors

/// A batch of slots of one goal grid.
public final class GoalGridEnvironment: Environment {
  private struct Slot: BitwiseCopyable {
    /// Steps made in the slot's whole life: the address of its random numbers.
    var step: UInt64 = 0
    var cell: Int32 = 0
    var episodeStep: Int32 = 0
  }

  public let slots: Int
  private let task: String
  private let rules: GoalGrids.Rules
  private let streams: [RandomStream]
  private var states: [Slot]

  init(task: String, rules: GoalGrids.Rules, replicas: Range<Int>, seed: UInt64) {
    (slots, self.task, self.rules) = (replicas.count, task, rules)
    streams = replicas.map { RandomStream(seed: seed, task: task, replica: $0, purpose: .environment) }
    states = Array(repeating: Slot(), count: replicas.count)
  }

  public func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot] = Slot()
      beginEpisode(slot: slot, into: observation)
    }
    return .done
  }

  public let beginsEpisodes = true

  /// The player starts in any cell but the goal, all equally likely.
  public func beginEpisode(slot: Int, into observation: ObservationRows) {
    let choices = GoalGrids.side * GoalGrids.side - (rules.goal == nil ? 0 : 1)
    let choice = Int(streams[slot].uniform(step: states[slot].step) * Float(choices))
    let goal = rules.goal ?? .max
    states[slot].cell = Int32(choice < goal ? choice : choice + 1)
    states[slot].episodeStep = 0
    write(slot, to: observation)
  }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      let before = Int(states[slot].cell)
      let cell = GoalGrids.next(before, action.discrete![slot])
      states[slot].cell = Int32(cell)
      states[slot].step += 1
      states[slot].episodeStep += 1
      let arrived = cell == rules.goal
      // A step that leads nowhere was one off the grid.
      let fell = rules.edgesAreCliffs && cell == before
      let ended = arrived || fell
      let late = !ended && states[slot].episodeStep == rules.horizon
      rows.reward[slot] = (fell ? 0 : rules.stepReward) + (arrived ? rules.goalReward : 0)
      (rows.terminated[slot], rows.truncated[slot], rows.valid[slot]) = (ended ? 1 : 0, late ? 1 : 0, 1)
      (rows.success[slot], rows.lives[slot]) = (arrived ? 1 : 0, 0)
      if ended || late {
        write(slot, to: rows.finalObservation)
        beginEpisode(slot: slot, into: rows.observation)
      } else {
        write(slot, to: rows.observation)
      }
    }
    return .done
  }

  private func write(_ slot: Int, to rows: ObservationRows) {
    let size = GoalGrids.side * GoalGrids.side * GoalGrids.planes
    let planes = rows.leaves[0].assumingMemoryBound(to: UInt8.self) + slot * size
    planes.update(repeating: 0, count: size)
    planes[Int(states[slot].cell) * GoalGrids.planes] = 1
    if let goal = rules.goal { planes[goal * GoalGrids.planes + rules.plane] = 1 }
  }

  public func saveState() -> [UInt8]? { states.savedState }

  /// - Throws: `EnvironmentError.badState` where the state is of another number of slots, or impossible.
  public func restoreState(_ state: [UInt8]) throws {
    states = try Array(savedState: state, slots: slots, of: task) { _, slot in
      let isFree = 0..<GoalGrids.side * GoalGrids.side ~= Int(slot.cell) && Int(slot.cell) != rules.goal
      return problemOfCounts(life: slot.step, episode: Int(slot.episodeStep), horizon: rules.horizon)
        ?? (isFree ? nil : "the player is in cell \(slot.cell), which is the goal or outside the 8x8 grid")
    }
  }
}
