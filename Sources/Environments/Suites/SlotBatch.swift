import Tensors

/// What a slot keeps from step to step. It is saved as it lies in memory, so it has no padding.
protocol SlotState: BitwiseCopyable {
  associatedtype Count: FixedWidthInteger
  /// Steps made in the slot's whole life: the address of its random numbers.
  var step: UInt64 { get set }
  var episodeStep: Count { get set }
}

/// The rules of an environment, which all slots share.
protocol SlotDynamics: Sendable {
  associatedtype Slot: SlotState
  /// Steps after which an episode is truncated.
  var horizon: Int { get }
  /// A slot that has made no step and has no episode yet.
  var blank: Slot { get }

  /// Puts the slot where its next episode begins, by the random numbers of `slot.step`.
  func begin(_ slot: inout Slot, _ stream: RandomStream)
  /// Acts once, by action `row` of a batch. `slot.step` counts this step already.
  func step(_ slot: inout Slot, _ action: ActionRows, row: Int, _ stream: RandomStream) -> StepOutcome
  /// Writes what is seen of the slot to row `row` of a batch.
  func observe(_ slot: Slot, into rows: ObservationRows, row: Int)
  /// Why no episode that goes on can be where this slot is; nil where one can.
  func problem(of slot: Slot) -> String?
}

/// What one step came to.
struct StepOutcome {
  var reward: Double
  var terminated = false
  var success = false
}

/// A batch of slots with the same dynamics, stepped one after the other on the calling thread.
final class SlotBatch<Dynamics: SlotDynamics>: Environment {
  let slots: Int
  private let task: String
  private let dynamics: Dynamics
  private let streams: [RandomStream]
  private var states: [Dynamics.Slot]

  init(task: String, _ dynamics: Dynamics, replicas: Range<Int>, seed: UInt64) {
    (slots, self.task, self.dynamics) = (replicas.count, task, dynamics)
    streams = replicas.map { RandomStream(seed: seed, task: task, replica: $0, purpose: .environment) }
    states = Array(repeating: dynamics.blank, count: replicas.count)
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot] = dynamics.blank
      beginEpisode(slot: slot, into: observation)
    }
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      states[slot].step += 1
      states[slot].episodeStep += 1
      let outcome = dynamics.step(&states[slot], action, row: slot, streams[slot])
      let late = !outcome.terminated && Int(states[slot].episodeStep) == dynamics.horizon
      rows.reward[slot] = Float(outcome.reward)
      (rows.terminated[slot], rows.truncated[slot]) = (outcome.terminated ? 1 : 0, late ? 1 : 0)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (1, outcome.success ? 1 : 0, 0)
      if outcome.terminated || late {
        dynamics.observe(states[slot], into: rows.finalObservation, row: slot)
        beginEpisode(slot: slot, into: rows.observation)
      } else {
        dynamics.observe(states[slot], into: rows.observation, row: slot)
      }
    }
    return .done
  }

  let beginsEpisodes = true

  func beginEpisode(slot: Int, into observation: ObservationRows) {
    dynamics.begin(&states[slot], streams[slot])
    states[slot].episodeStep = 0
    dynamics.observe(states[slot], into: observation, row: slot)
  }

  func saveState() -> [UInt8]? { states.savedState }

  /// - Throws: `EnvironmentError.badState` where the state is of another number of slots, of other dynamics, or impossible.
  func restoreState(_ state: [UInt8]) throws {
    states = try Array(savedState: state, slots: slots, of: task) { slot in
      problemOfCounts(life: slot.step, episode: Int(slot.episodeStep), horizon: dynamics.horizon)
        ?? dynamics.problem(of: slot)
    }
  }
}
