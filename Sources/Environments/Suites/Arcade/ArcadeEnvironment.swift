import CArcade
import Tensors

/// A batch of slots of one arcade game: a flat array of C states, stepped in one call.
public final class ArcadeEnvironment: Environment {
  public let slots: Int
  private let task: String
  private var rules: carcade_rules
  private let seed: UInt64
  private let streams: [UInt32]
  private let states: UnsafeMutableBufferPointer<carcade_state>

  init(task: String, rules: carcade_rules, replicas: Range<Int>, seed: UInt64) {
    (slots, self.task, self.rules, self.seed) = (replicas.count, task, rules, seed)
    streams = replicas.map { RandomStream(seed: seed, task: task, replica: $0, purpose: .environment).stream }
    states = .allocate(capacity: slots)
    states.initialize(repeating: carcade_state())
  }

  deinit { states.deallocate() }

  public func reset(into observation: ObservationRows) -> StepProgress {
    carcade_reset(states.baseAddress, slots, &rules, seed, streams, Self.planes(observation))
    return .done
  }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    carcade_step(
      states.baseAddress, slots, &rules, action.discrete,
      carcade_rows(
        observation: Self.planes(rows.observation), final_observation: Self.planes(rows.finalObservation),
        reward: rows.reward, terminated: rows.terminated, truncated: rows.truncated, success: rows.success))
    rows.valid.update(repeating: 1, count: slots)
    rows.lives.update(repeating: 0, count: slots)
    return .done
  }

  public let beginsEpisodes = true

  public func beginEpisode(slot: Int, into observation: ObservationRows) {
    carcade_begin(
      states.baseAddress! + slot, &rules, Self.planes(observation) + slot * Int(CARCADE_OBSERVATION_BYTES))
  }

  private static func planes(_ rows: ObservationRows) -> UnsafeMutablePointer<UInt8> {
    rows.leaves[0].assumingMemoryBound(to: UInt8.self)
  }

  /// Two bytes, rules version and game, then the states as they lie in memory.
  public func saveState() -> [UInt8]? { header + UnsafeRawBufferPointer(states) }

  private var header: [UInt8] { [UInt8(CARCADE_RULES_VERSION), rules.game] }

  /// - Throws: `EnvironmentError.badState` where the state is of another game, version, or number of slots, or impossible.
  public func restoreState(_ state: [UInt8]) throws {
    let target = UnsafeMutableRawBufferPointer(states)
    guard state.count == header.count + target.count else {
      throw EnvironmentError.badState(
        task: task, reason: "it has \(state.count) bytes, but \(slots) slots need \(header.count + target.count)")
    }
    guard Array(state.prefix(header.count)) == header else {
      throw EnvironmentError.badState(
        task: task,
        reason: "it is of rules version \(state[0]), game \(state[1]), not version \(header[0]), game \(header[1])")
    }
    state.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[header.count...])) }
    for slot in 0..<slots where carcade_is_possible(states.baseAddress! + slot, &rules, seed, streams[slot]) == 0 {
      throw EnvironmentError.badState(task: task, reason: "slot \(slot): its rules never lead to such a game")
    }
  }
}
