import Tensors

/// A batch of slots of one plant.
final class PlantEnvironment<P: Plant>: Environment {
  private struct Slot: BitwiseCopyable {
    /// Steps made in the slot's whole life: the address of its random numbers.
    var step: UInt64 = 0
    var episodeStep: Int64 = 0
    var state: P.State
  }

  let slots: Int
  private let task: String
  private let plant: P
  private let streams: [RandomStream]
  private var states: [Slot]

  init(task: String, plant: P, replicas: Range<Int>, seed: UInt64) {
    (slots, self.task, self.plant) = (replicas.count, task, plant)
    streams = replicas.map { RandomStream(seed: seed, task: task, replica: $0, purpose: .environment) }
    states = Array(repeating: Slot(state: plant.initial(.zero)), count: replicas.count)
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot] = Slot(state: first(slot, step: 0))
      write(slot, to: observation)
    }
    return .done
  }

  private func first(_ slot: Int, step: UInt64) -> P.State {
    var uniform = SIMD8<Float>()
    withUnsafeMutableBytes(of: &uniform) {
      streams[slot].uniform(step: step, into: $0.baseAddress!.assumingMemoryBound(to: Float.self), count: 8)
    }
    return plant.initial(SIMD8(uniform))
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      let outcome = plant.step(&states[slot].state, Self.action(action, slot))
      states[slot].step += 1
      states[slot].episodeStep += 1
      let late = !outcome.terminated && states[slot].episodeStep == plant.horizon
      rows.reward[slot] = Float(outcome.reward)
      (rows.terminated[slot], rows.truncated[slot]) = (outcome.terminated ? 1 : 0, late ? 1 : 0)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (1, outcome.success ? 1 : 0, 0)
      if outcome.terminated || late {
        write(slot, to: rows.finalObservation)
        beginEpisode(slot: slot, into: rows.observation)
      } else {
        write(slot, to: rows.observation)
      }
    }
    return .done
  }

  let beginsEpisodes = true

  func beginEpisode(slot: Int, into observation: ObservationRows) {
    states[slot].state = first(slot, step: states[slot].step)
    states[slot].episodeStep = 0
    write(slot, to: observation)
  }

  private static func action(_ rows: ActionRows, _ slot: Int) -> SIMD4<Double> {
    var action = SIMD4<Double>.zero
    switch P.action {
    case .discrete: action[0] = Double(rows.discrete![slot])
    case .box(let dimension):
      for d in 0..<dimension { action[d] = Double(rows.box![slot * dimension + d]).clamped(-1, 1) }
    }
    return action
  }

  private func write(_ slot: Int, to rows: ObservationRows) {
    plant.observe(
      states[slot].state, into: rows.leaves[0].assumingMemoryBound(to: Float.self) + slot * P.observed.count)
  }

  func saveState() -> [UInt8]? { states.savedState }

  /// - Throws: `EnvironmentError.badState` where the state is of another number of slots, of another plant, or impossible.
  func restoreState(_ state: [UInt8]) throws {
    states = try Array(savedState: state, slots: slots, of: task) { _, slot in
      problemOfCounts(life: slot.step, episode: Int(slot.episodeStep), horizon: plant.horizon)
        ?? (plant.allows(slot.state) ? nil : "it is in a state where no episode goes on, \(slot.state)")
    }
  }
}
