import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether a task's environments keep the promises of `Environment`.
///
/// Plays the task with random allowed actions in several copies and compares them: two equal ones (determinism), one
/// whose rows are filled with other bytes before every step (everything is written), one slot alone (slots are
/// independent), and one restored half-way from a saved state.
public enum EnvironmentCheck {
  /// A promise that was broken, and where first.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    case wrongSlotCount(expected: Int, found: Int)
    case notDeterministic(step: Int)
    case notWritten(array: String, slot: Int, step: Int)
    case writtenOutside(step: Int)
    case finalWrittenWithoutEnd(slot: Int, step: Int)
    case rewardNotFinite(slot: Int, step: Int)
    case observationNotFinite(array: String, slot: Int, step: Int)
    case flagNotBinary(array: String, value: UInt8, slot: Int, step: Int)
    case finalIsNextObservation(ends: Int)
    case replicasEqual(first: Int, second: Int)
    case dependsOnOtherSlots(step: Int)
    case restoredDiffers(step: Int)

    public var description: String {
      switch self {
      case .wrongSlotCount(let expected, let found): "made for \(expected) replicas, it has \(found) slots"
      case .notDeterministic(let step): "equal seeds and actions gave different bytes at step \(step)"
      case .notWritten(let array, let slot, let step): "\(array) of slot \(slot) was not wholly written at step \(step)"
      case .writtenOutside(let step): "memory outside its arrays was written at step \(step)"
      case .finalWrittenWithoutEnd(let slot, let step):
        "the final observation of slot \(slot) was written at step \(step), which ended no episode"
      case .rewardNotFinite(let slot, let step): "the reward of slot \(slot) at step \(step) is not a finite number"
      case .observationNotFinite(let array, let slot, let step):
        "\(array) of slot \(slot) at step \(step) holds a number that is not finite"
      case .flagNotBinary(let array, let value, let slot, let step):
        "\(array) of slot \(slot) at step \(step) is \(value), not 0 or 1"
      case .finalIsNextObservation(let ends):
        "at all \(ends) ends of episodes the observation is the final one, not the first of the next episode"
      case .replicasEqual(let first, let second): "replicas \(first) and \(second) did the same all the time"
      case .dependsOnOtherSlots(let step): "a replica alone and in a batch gave different bytes at step \(step)"
      case .restoredDiffers(let step): "a restored environment went another way at step \(step)"
      }
    }
  }

  /// Plays `steps` steps in `slots` slots of every copy.
  ///
  /// - Returns: The first failure of each kind, in the order found; empty where all is well.
  /// - Throws: What making, stepping, saving or restoring an environment throws.
  public static func failures(
    of task: Task, steps: Int = 10_000, slots: Int = 3, seed: UInt64 = 1
  ) throws -> [Failure] {
    let play = { (replicas: Range<Int>, seed: UInt64, fill: UInt8) in
      try CheckedPlay(
        task, environment: task.makeEnvironment(replicas, seed, Worker()), slots: replicas.count, fill: fill)
    }
    let first = try play(0..<slots, seed, 0xa5)
    guard first.environment.slots == slots else {
      return [.wrongSlotCount(expected: slots, found: first.environment.slots)]
    }
    let twin = try play(0..<slots, seed, 0xa5)
    let other = try play(0..<slots, seed, 0x5a)
    let alone = try play(slots - 1..<slots, seed, 0xa5)
    var restored: CheckedPlay?
    var report = Report()

    let pairs = (0..<slots).flatMap { first in (first + 1..<max(slots, first + 1)).map { [first, $0] } }
    var unlike: Set<[Int]> = []
    var (ends, distinctEnds) = (0, 0)
    for step in 0...steps {
      if step == 0 {
        for play in [first, twin, other, alone] { try play.reset() }
      } else {
        let actions = RandomActions(task, seed: seed, step: UInt64(step))
        for play in [first, twin, other, alone] { try play.step(actions) }
        if let restored {
          try restored.step(actions)
          if !restored.equals(first) { report.add(.restoredDiffers(step: step)) }
        }
      }
      if !first.equals(twin) { report.add(.notDeterministic(step: step)) }
      if !first.guardsAreIntact { report.add(.writtenOutside(step: step)) }
      for (array, slot) in first.differences(other) {
        report.add(.notWritten(array: array, slot: slot, step: step))
      }
      if !alone.equals(first, slot: slots - 1) { report.add(.dependsOnOtherSlots(step: step)) }
      if step > 0 { first.inspect(step: step, into: &report) }
      for pair in pairs where !unlike.contains(pair) && !first.slotsEqual(pair[0], pair[1]) { unlike.insert(pair) }
      for slot in 0..<slots where step > 0 && first.ended(slot) {
        ends += 1
        distinctEnds += first.finalDiffers(slot) ? 1 : 0
      }
      if step == steps / 2, let state = try first.environment.saveState() {
        let copy = try play(0..<slots, seed, 0xa5)
        try copy.reset()
        for step in 1...7 { try copy.step(RandomActions(task, seed: seed &+ 1, step: UInt64(step))) }
        try copy.environment.restoreState(state)
        restored = copy
      }
    }
    if ends >= 5, distinctEnds == 0 { report.add(.finalIsNextObservation(ends: ends)) }
    for pair in pairs where !unlike.contains(pair) { report.add(.replicasEqual(first: pair[0], second: pair[1])) }
    return report.failures
  }

  /// Whether the task's environments give their exact state.
  public static func savesState(of task: Task) throws -> Bool {
    let play = try CheckedPlay(task, environment: task.makeEnvironment(0..<1, 1, Worker()), slots: 1, fill: 0)
    try play.reset()
    return try play.environment.saveState() != nil
  }

  /// Keeps the first failure of each kind.
  struct Report {
    private(set) var failures: [Failure] = []
    private var kinds: Set<String> = []

    mutating func add(_ failure: Failure) {
      let kind = String(describing: Mirror(reflecting: failure).children.first?.label ?? "")
      if kinds.insert(kind).inserted { failures.append(failure) }
    }
  }
}

/// Actions of one step, the same for all slots: equal actions leave only the replicas' own numbers to tell them apart.
struct RandomActions {
  let discrete: Int32
  let box: [Float]

  init(_ task: Task, seed: UInt64, step: UInt64) {
    let stream = RandomStream(seed: seed, name: "environment check", purpose: .action)
    switch task.action {
    case .discrete:
      let allowed = task.actionMask.indices.filter { task.actionMask[$0] }
      discrete = Int32(allowed[Int(stream.uniform(step: step) * Float(allowed.count))])
      box = []
    case .box(let dimension):
      discrete = 0
      box = withUnsafeTemporaryAllocation(of: Float.self, capacity: dimension) {
        stream.uniform(step: step, into: $0.baseAddress!, count: dimension)
        return $0.map { 2 * $0 - 1 }
      }
    }
  }
}

extension Environment {
  /// Waits, on this thread, until what was begun is done.
  func finish(_ progress: StepProgress) throws {
    guard progress != .done else { return }
    while case .waiting(let descriptor) = try advance() {
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&wait, 1, -1)
    }
  }
}
