import Testing

@testable import Environments

/// Pixel tasks of rooms differ in colours only: one stands for all.
private let nativeTasks =
  Arcade.tasks() + GoalGrids.tasks() + GoalGrids.denseAndSparse() + Planar.tasks() + Rooms.tasks()
  + Rooms.pixelTasks().suffix(1)

@Suite("Native tasks")
struct NativeTaskTests {
  @Test("keep the promises of environments for thousands of steps", arguments: nativeTasks.map(\.id))
  func promises(id: String) throws {
    let task = nativeTasks.first { $0.id == id }!
    // Dynamics in Swift are slow in a debug build.
    #expect(try EnvironmentCheck.failures(of: task, steps: task.action.dimension > 0 ? 2_000 : 10_000) == [])
  }

  @Test("save their exact state", arguments: nativeTasks.map(\.id))
  func saves(id: String) throws {
    let task = nativeTasks.first { $0.id == id }!
    let play = try Play(task, replicas: 0..<2)
    for step in 0..<100 {
      switch task.action {
      case .discrete: try play.step([Int32(step % 4), Int32(step % 3)])
      case .box(let dimension): try play.step(box: (0..<2 * dimension).map { Float((step + $0) % 5) / 2 - 1 })
      }
    }
    let state = try #require(try play.environment.saveState())
    let copy = try Play(task, replicas: 0..<2)
    try copy.environment.restoreState(state)
    #expect(try copy.environment.saveState() == state)
  }

  @Test("refuse a state of another size", arguments: ["swarm", "goal_ten", "keys_doors"])
  func refusesState(id: String) throws {
    let play = try Play(nativeTasks.first { $0.id == id }!)
    let error = #expect(throws: EnvironmentError.self) { try play.environment.restoreState([1, 2, 3]) }
    #expect(error?.description.contains("it has 3 bytes, but 1 slots need") == true)
  }

  @Test("A state of one arcade game is refused by another")
  func refusesOtherGame() throws {
    let state = try #require(try Play(Arcade.task("swarm")).environment.saveState())
    let play = try Play(Arcade.task("bricks"))
    #expect(throws: EnvironmentError.self) { try play.environment.restoreState(state) }
  }
}

/// Breaks one promise at a time; or none, and draws nothing from its seed (`course`), or shows nothing besides (`still`).
private final class FaultyEnvironment: Environment {
  enum Fault: String, CaseIterable {
    case none, unwritten, flag, success, reward, replicas, final, overrun, course, still
  }
  let slots: Int
  let fault: Fault
  let replicas: Range<Int>
  let seed: UInt64
  var count = 0

  init(_ fault: Fault, replicas: Range<Int>, seed: UInt64) {
    (slots, self.fault, self.replicas, self.seed) = (replicas.count, fault, replicas, seed)
  }

  private func write(_ rows: ObservationRows, _ slot: Int, _ value: UInt8) {
    let bytes = rows.leaves[0].assumingMemoryBound(to: UInt8.self) + 2 * slot
    bytes[0] = fault == .still ? 0 : value
    switch fault {
    case .course, .still: bytes[1] = 0
    case .replicas: bytes[1] = UInt8(seed)
    default: bytes[1] = UInt8(replicas.lowerBound + slot)
    }
    if fault == .overrun, slot == slots - 1 { bytes[2] = 7 }
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    count = 0
    for slot in 0..<slots { write(observation, slot, 0) }
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    count += 1
    let ends = count % 10 == 0
    for slot in 0..<slots {
      if ends { write(rows.finalObservation, slot, 10) }
      write(rows.observation, slot, ends && fault == .final ? 10 : UInt8(count % 10))
      rows.reward[slot] = fault == .reward ? .nan : 1
      rows.terminated[slot] = ends ? (fault == .flag ? 2 : 1) : 0
      rows.truncated[slot] = 0
      if fault != .unwritten { rows.valid[slot] = 1 }
      (rows.success[slot], rows.lives[slot]) = (fault == .success ? 3 : SuccessFlag.silent, 0)
    }
    return .done
  }

  func saveState() -> [UInt8]? { nil }
  func restoreState(_ state: [UInt8]) {}
}

@Suite("The check of environments")
struct EnvironmentCheckTests {
  @Test(
    "finds a broken promise, and none where none is",
    arguments: [
      ("none", ""), ("unwritten", "valid of slot 0 was not wholly written at step 1"),
      ("flag", "terminated of slot 0 at step 10 is 2, which is no flag"),
      ("success", "success of slot 0 at step 1 is 3, which is no flag"),
      ("reward", "the reward of slot 0 at step 1 is not a finite number"),
      ("replicas", "replicas 0 and 1 did the same all the time"),
      ("final", "at all 30 ends of episodes the observation is the final one, not the first of the next episode"),
      ("overrun", "memory outside its arrays was written at step 0"), ("course", ""), ("still", ""),
    ])
  func finds(fault: String, message: String) throws {
    let failures = try EnvironmentCheck.failures(of: task(fault), steps: 100).map(\.description)
    if message.isEmpty { #expect(failures == []) } else { #expect(failures.contains(message)) }
  }

  @Test(
    "remarks on what is legal, but may not be meant",
    arguments: [("none", []), ("course", [.sameCourse]), ("still", [.sameCourse, .sameObservation])]
      as [(String, [EnvironmentCheck.Remark])])
  func remarks(fault: String, remarks: [EnvironmentCheck.Remark]) throws {
    #expect(try EnvironmentCheck.report(of: task(fault), steps: 100).remarks == remarks)
  }

  private func task(_ fault: String) -> Task {
    let space = ObservationSpace([ObservationLeaf(name: "bytes", element: .uint8, shape: [2])])
    return Task(
      id: "faulty", observation: space, action: .discrete(2), actionMask: [true, true], scores: nil, parameters: [:]
    ) { replicas, seed, _ in FaultyEnvironment(.init(rawValue: fault)!, replicas: replicas, seed: seed) }
  }
}
