/// Holds each action for `times` steps, or until the episode ends, and sums the rewards. Success counts at any of the steps.
///
/// Every slot is an environment of its own, because one whose episode ended waits for the others with its next episode's first
/// observation.
final class ActionRepeatEnvironment: Environment {
  private enum Pending {
    case none, reset
    case step(ActionRows, StepRows)
  }

  /// How far one slot has come with its action.
  private struct Repeat {
    var made = 0
    var isUnderWay = false
    var isDone = false
    var reward = 0.0
    var success = SuccessFlag.silent
    var valid: UInt8 = 1
  }

  let slots: Int
  private let inner: [any Environment]
  private let task: Task
  private let times: Int
  private let byteCounts: [Int]
  /// The observations before the last ones, where images are joined; nil elsewhere.
  private let previous: ObservationMemory?
  /// Of each slot, where its environment writes: its observation's leaves, then its final observation's.
  private let pointers: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
  private var repeats: [Repeat]
  private var pending = Pending.none

  /// - Parameters:
  ///   - inner: One environment a slot.
  ///   - joinsImages: Whether an observation is the maximum of the action's last two.
  init(_ inner: [any Environment], of task: Task, times: Int, joinsImages: Bool) {
    precondition(times >= 1 && inner.allSatisfy { $0.slots == 1 }, "\(times) steps, of environments of one slot each")
    (slots, self.inner, self.task, self.times) = (inner.count, inner, task, times)
    byteCounts = task.observation.leaves.map(\.byteCount)
    previous = joinsImages ? ObservationMemory(task.observation, slots: slots) : nil
    pointers = .allocate(capacity: 2 * slots * byteCounts.count)
    repeats = Array(repeating: Repeat(), count: slots)
  }

  deinit { pointers.deallocate() }

  var losses: EnvironmentLosses {
    let all = inner.map(\.losses)
    var total = all.reduce(into: EnvironmentLosses(), +=)
    total.quarantined = all.allSatisfy(\.quarantined)
    // They live in one worker, whose failures each of them counts.
    total.restarts = all.map(\.restarts).max() ?? 0
    return total
  }

  var beginsEpisodes: Bool { inner.allSatisfy(\.beginsEpisodes) }

  func beginEpisode(slot: Int, into observation: ObservationRows) throws {
    try inner[slot].beginEpisode(slot: 0, into: rows(slot, of: observation))
  }

  var statistics: ObservationStatistics? {
    let all = inner.compactMap(\.statistics)
    return all.first.map { all.dropFirst().reduce($0, +) }
  }

  func adopt(_ statistics: ObservationStatistics, frozen: Bool) throws {
    for environment in inner { try environment.adopt(statistics, frozen: frozen) }
  }

  // MARK: Steps

  func reset(into observation: ObservationRows) throws -> StepProgress {
    pending = .reset
    for slot in 0..<slots {
      repeats[slot] = Repeat()
      repeats[slot].isUnderWay = try inner[slot].reset(into: rows(slot, of: observation)) != .done
      repeats[slot].isDone = !repeats[slot].isUnderWay
    }
    return try advance()
  }

  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    pending = .step(action, rows)
    repeats = Array(repeating: Repeat(), count: slots)
    return try advance()
  }

  /// Lets every slot go on as far as it can, so that those that wait do so at the same time.
  func advance() throws -> StepProgress {
    var progress = StepProgress.done
    for slot in 0..<slots where !repeats[slot].isDone {
      let own = try proceed(slot)
      if progress == .done { progress = own }
    }
    if progress == .done { pending = .none }
    return progress
  }

  private func proceed(_ slot: Int) throws -> StepProgress {
    while !repeats[slot].isDone {
      let progress: StepProgress
      switch pending {
      case _ where repeats[slot].isUnderWay: progress = try inner[slot].advance()
      case .step(let action, let rows): progress = try start(slot, action, rows)
      case .none, .reset: progress = .done
      }
      repeats[slot].isUnderWay = progress != .done
      guard progress == .done else { return progress }
      if case .step(_, let rows) = pending { account(slot, rows) } else { repeats[slot].isDone = true }
    }
    return .done
  }

  private func start(_ slot: Int, _ action: ActionRows, _ all: StepRows) throws -> StepProgress {
    if let previous, repeats[slot].made > 0 {
      for (leaf, bytes) in byteCounts.enumerated() {
        (previous.rows.leaves[leaf] + slot * bytes)
          .copyMemory(from: all.observation.leaves[leaf] + slot * bytes, byteCount: bytes)
      }
    }
    let own =
      action.discrete.map { ActionRows(discrete: $0 + slot) }
      ?? ActionRows(box: action.box! + slot * task.action.dimension)
    return try inner[slot].step(
      own,
      into: StepRows(
        observation: rows(slot, of: all.observation),
        finalObservation: rows(slot, of: all.finalObservation, isFinal: true), reward: all.reward + slot,
        terminated: all.terminated + slot, truncated: all.truncated + slot, valid: all.valid + slot,
        success: all.success + slot, lives: all.lives + slot))
  }

  private func account(_ slot: Int, _ rows: StepRows) {
    repeats[slot].made += 1
    repeats[slot].reward += Double(rows.reward[slot])
    repeats[slot].success = SuccessFlag.joined(repeats[slot].success, rows.success[slot])
    repeats[slot].valid &= rows.valid[slot]
    guard rows.ended(slot) || repeats[slot].made == times else { return }
    repeats[slot].isDone = true
    rows.reward[slot] = Float(repeats[slot].reward)
    (rows.success[slot], rows.valid[slot]) = (repeats[slot].success, repeats[slot].valid)
    guard let previous, repeats[slot].made > 1 else { return }
    let last = rows.ended(slot) ? rows.finalObservation : rows.observation
    for (leaf, bytes) in byteCounts.enumerated() {
      let image = (last.leaves[leaf] + slot * bytes).assumingMemoryBound(to: UInt8.self)
      let before = (previous.rows.leaves[leaf] + slot * bytes).assumingMemoryBound(to: UInt8.self)
      for i in 0..<bytes { image[i] = max(image[i], before[i]) }
    }
  }

  /// A slot's part of `all`.
  private func rows(_ slot: Int, of all: ObservationRows, isFinal: Bool = false) -> ObservationRows {
    let first = (2 * slot + (isFinal ? 1 : 0)) * byteCounts.count
    for (leaf, bytes) in byteCounts.enumerated() {
      pointers.initializeElement(at: first + leaf, to: all.leaves[leaf] + slot * bytes)
    }
    return ObservationRows(leaves: .init(rebasing: pointers[first..<first + byteCounts.count]))
  }

  // MARK: State

  /// Each slot's state after its length in 8 bytes, lowest first; between steps there is no other.
  func saveState() throws -> [UInt8]? {
    var bytes: [UInt8] = []
    for environment in inner {
      guard let state = try environment.saveState() else { return nil }
      withUnsafeBytes(of: UInt64(state.count).littleEndian) { bytes += $0 }
      bytes += state
    }
    return bytes
  }

  /// - Throws: `EnvironmentError.badState` where the state is of another number of slots, and what a slot's environment
  ///   throws.
  func restoreState(_ state: [UInt8]) throws {
    var (parts, rest): ([[UInt8]], ArraySlice<UInt8>) = ([], state[...])
    while rest.count >= 8 {
      let length = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
      guard length <= rest.count else { break }
      parts.append(Array(rest.prefix(Int(length))))
      rest = rest.dropFirst(Int(length))
    }
    guard rest.isEmpty, parts.count == slots else {
      throw EnvironmentError.badState(task: task.id, reason: "it is not of \(slots) slots of repeated actions")
    }
    for (environment, part) in zip(inner, parts) { try environment.restoreState(part) }
  }
}
