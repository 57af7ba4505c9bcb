import Tensors

/// What a slot of a native environment keeps from step to step. It is saved as it lies in memory, so it has no padding.
public protocol SlotState: BitwiseCopyable {
  associatedtype Count: FixedWidthInteger
  /// Steps made in the slot's whole life: the address of its random numbers.
  var step: UInt64 { get set }
  var episodeStep: Count { get set }
}

/// The rules of an environment, which all slots share.
public protocol SlotDynamics: Sendable {
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
public struct StepOutcome {
  /// In the task's own units.
  public var reward: Double
  public var terminated: Bool
  public var success: Bool

  public init(reward: Double, terminated: Bool = false, success: Bool = false) {
    (self.reward, self.terminated, self.success) = (reward, terminated, success)
  }
}

/// A batch of slots with the same dynamics, stepped one after the other on the calling thread.
public final class SlotBatch: Environment {
  public let slots: Int
  // The compiler makes these for each kind of dynamics. Methods of a generic class it makes once for all, which is a
  // third slower.
  private let resetAll: (ObservationRows) -> Void
  private let stepAll: (ActionRows, StepRows) -> Void
  private let begin: (Int, ObservationRows) -> Void
  private let save: () -> [UInt8]
  private let restore: ([UInt8]) throws -> Void

  public init<Dynamics: SlotDynamics>(task: String, _ dynamics: Dynamics, replicas: Range<Int>, seed: UInt64) {
    let batch = Slots(task: task, dynamics, replicas: replicas, seed: seed)
    slots = replicas.count
    resetAll = { batch.reset(into: $0) }
    stepAll = { batch.step($0, into: $1) }
    begin = { batch.beginEpisode(slot: $0, into: $1) }
    save = { batch.states.savedState }
    restore = { try batch.restoreState($0) }
  }

  public func reset(into observation: ObservationRows) -> StepProgress {
    resetAll(observation)
    return .done
  }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    stepAll(action, rows)
    return .done
  }

  public let beginsEpisodes = true

  public func beginEpisode(slot: Int, into observation: ObservationRows) { begin(slot, observation) }

  public func saveState() -> [UInt8]? { save() }

  /// - Throws: `EnvironmentError.badState` where the state is of another number of slots, of other dynamics, or
  ///   impossible.
  public func restoreState(_ state: [UInt8]) throws { try restore(state) }
}

/// What a `SlotBatch` does, for one kind of dynamics.
private final class Slots<Dynamics: SlotDynamics> {
  private let task: String
  private let dynamics: Dynamics
  private let streams: [RandomStream]
  private(set) var states: [Dynamics.Slot]

  init(task: String, _ dynamics: Dynamics, replicas: Range<Int>, seed: UInt64) {
    (self.task, self.dynamics) = (task, dynamics)
    streams = replicas.map { RandomStream(seed: seed, task: task, replica: $0, purpose: .environment) }
    states = Array(repeating: dynamics.blank, count: replicas.count)
  }

  func reset(into observation: ObservationRows) {
    for slot in states.indices {
      states[slot] = dynamics.blank
      beginEpisode(slot: slot, into: observation)
    }
  }

  func step(_ action: ActionRows, into rows: StepRows) {
    let (dynamics, streams) = (dynamics, streams)
    for slot in states.indices {
      var state = states[slot]
      state.step += 1
      state.episodeStep += 1
      let outcome = dynamics.step(&state, action, row: slot, streams[slot])
      let late = !outcome.terminated && Int(state.episodeStep) == dynamics.horizon
      rows.reward[slot] = Float(outcome.reward)
      (rows.terminated[slot], rows.truncated[slot]) = (outcome.terminated ? 1 : 0, late ? 1 : 0)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (1, outcome.success ? 1 : 0, 0)
      if outcome.terminated || late {
        dynamics.observe(state, into: rows.finalObservation, row: slot)
        dynamics.begin(&state, streams[slot])
        state.episodeStep = 0
      }
      dynamics.observe(state, into: rows.observation, row: slot)
      states[slot] = state
    }
  }

  func beginEpisode(slot: Int, into observation: ObservationRows) {
    dynamics.begin(&states[slot], streams[slot])
    states[slot].episodeStep = 0
    dynamics.observe(states[slot], into: observation, row: slot)
  }

  func restoreState(_ state: [UInt8]) throws {
    states = try Array(savedState: state, slots: states.count, of: task) { slot in
      problemOfCounts(life: slot.step, episode: Int(slot.episodeStep), horizon: dynamics.horizon)
        ?? dynamics.problem(of: slot)
    }
  }
}
