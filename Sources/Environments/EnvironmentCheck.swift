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
        "\(array) of slot \(slot) at step \(step) is \(value), which is no flag"
      case .finalIsNextObservation(let ends):
        "at all \(ends) ends of episodes the observation is the final one, not the first of the next episode"
      case .replicasEqual(let first, let second): "replicas \(first) and \(second) did the same all the time"
      case .dependsOnOtherSlots(let step): "a replica alone and in a batch gave different bytes at step \(step)"
      case .restoredDiffers(let step): "a restored environment went another way at step \(step)"
      }
    }
  }

  /// What breaks no promise, but may not be meant.
  public enum Remark: Hashable, Sendable, CustomStringConvertible {
    case sameCourse
    case sameObservation

    public var description: String {
      switch self {
      case .sameCourse: "every seed gives the same episodes: all replicas do the same when they act the same"
      case .sameObservation: "its observation never changed: there is nothing to see"
      }
    }
  }

  /// The first failure of each kind, in the order found, and remarks; empty where all is well.
  public struct Report: Sendable {
    public private(set) var failures: [Failure] = []
    public fileprivate(set) var remarks: [Remark] = []
    private var kinds: Set<String> = []

    mutating func add(_ failure: Failure) {
      let kind = String(describing: Mirror(reflecting: failure).children.first?.label ?? "")
      if kinds.insert(kind).inserted { failures.append(failure) }
    }
  }

  /// The failures that `report` finds.
  public static func failures(
    of task: Task, steps: Int = 10_000, slots: Int = 3, seed: UInt64 = 1
  ) throws -> [Failure] {
    try report(of: task, steps: steps, slots: slots, seed: seed).failures
  }

  /// Plays `steps` steps in `slots` slots of every copy.
  ///
  /// - Throws: What making, stepping, saving or restoring an environment throws.
  public static func report(
    of task: Task, steps: Int = 10_000, slots: Int = 3, seed: UInt64 = 1
  ) throws -> Report {
    let play = { (replicas: Range<Int>, seed: UInt64, fill: UInt8) in
      try CheckedPlay(
        task, environment: task.makeEnvironment(replicas, seed, Worker()), slots: replicas.count, fill: fill)
    }
    let first = try play(0..<slots, seed, 0xa5)
    var report = Report()
    guard first.environment.slots == slots else {
      report.add(.wrongSlotCount(expected: slots, found: first.environment.slots))
      return report
    }
    let twin = try play(0..<slots, seed, 0xa5)
    let other = try play(0..<slots, seed, 0x5a)
    let alone = try play(slots - 1..<slots, seed, 0xa5)
    var restored: CheckedPlay?

    let pairs = (0..<slots).flatMap { first in (first + 1..<max(slots, first + 1)).map { [first, $0] } }
    var unlike: Set<[Int]> = []
    var (ends, distinctEnds, changes) = (0, 0, false)
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
        // An episode may end where every episode begins.
        distinctEnds += first.finalDiffers(slot) || !first.observationChanged(slot) ? 1 : 0
      }
      changes = changes || (0..<slots).contains(where: first.observationChanged)
      if step == steps / 2, let state = try first.environment.saveState() {
        let copy = try play(0..<slots, seed, 0xa5)
        try copy.reset()
        for step in 1...7 { try copy.step(RandomActions(task, seed: seed &+ 1, step: UInt64(step))) }
        try copy.environment.restoreState(state)
        restored = copy
      }
    }
    if ends >= 5, distinctEnds == 0 { report.add(.finalIsNextObservation(ends: ends)) }
    if let pair = pairs.first(where: { !unlike.contains($0) }) {
      let seeds = try [seed, seed &+ 1].map { try play(0..<1, $0, 0xa5) }
      if try playAlike(seeds, task, steps: steps, seed: seed) {
        report.remarks.append(.sameCourse)
      } else {
        report.add(.replicasEqual(first: pair[0], second: pair[1]))
      }
    }
    if !changes { report.remarks.append(.sameObservation) }
    return report
  }

  /// Whether plays with the same actions give the same bytes all the time.
  private static func playAlike(_ plays: [CheckedPlay], _ task: Task, steps: Int, seed: UInt64) throws -> Bool {
    for play in plays { try play.reset() }
    for step in 1...steps {
      guard plays.dropFirst().allSatisfy({ $0.equals(plays[0]) }) else { return false }
      let actions = RandomActions(task, seed: seed, step: UInt64(step))
      for play in plays { try play.step(actions) }
    }
    return plays.dropFirst().allSatisfy { $0.equals(plays[0]) }
  }

  /// Whether the task's environments give their exact state.
  public static func savesState(of task: Task) throws -> Bool {
    let play = try CheckedPlay(task, environment: task.makeEnvironment(0..<1, 1, Worker()), slots: 1, fill: 0)
    try play.reset()
    return try play.environment.saveState() != nil
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
