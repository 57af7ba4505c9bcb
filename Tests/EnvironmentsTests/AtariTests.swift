import Foundation
import Testing

@testable import Environments

/// Python with every package of the worker, at the pinned versions.
private let hasEmulator: Bool = {
  guard let environment = try? Atari.environment("pong", options: AtariOptions(), in: Worker(), seeds: { _ in [1] })
  else {
    return false
  }
  let batch = WorkerBatch(slots: 1, leafBytes: frameBytes)
  return (try? batch.reset(environment)) != nil
}()

private let frameBytes = 84 * 84 * 4

/// A hash of everything that `steps` pseudo-random steps give.
private func fingerprint(_ task: Task, replicas: Range<Int>, seed: UInt64, steps: Int) throws -> Int {
  let environment = try task.makeEnvironment(replicas, seed, Worker())
  let batch = WorkerBatch(slots: replicas.count, leafBytes: frameBytes)
  var hasher = Hasher()
  try batch.reset(environment)
  for step in 0..<steps {
    try batch.step(environment, replicas.map { _ in Int32(step * 7 % 18) })
    hasher.combine(bytes: UnsafeRawBufferPointer(start: batch.observation, count: replicas.count * frameBytes))
    for slot in 0..<replicas.count {
      hasher.combine(batch.rows.reward[slot])
      hasher.combine(batch.rows.lives[slot])
      hasher.combine(batch.rows.terminated[slot])
    }
  }
  return hasher.finalize()
}

@Suite("Atari")
struct AtariTests {
  @Test("The table has 57 games, and the suite of eight is among them")
  func table() throws {
    #expect(Atari.games.count == 57 && Set(Atari.games.map(\.id)).count == 57)
    for id in Atari.suite8 { #expect(try Atari.task(id).scores?.label == "human") }
    let breakout = try Atari.task("breakout")
    #expect(breakout.scores?.normalized(30.5) == 1 && breakout.scores?.normalized(1.7) == 0)
    #expect(breakout.parameters["version_ale-py"] == "0.12.1" && breakout.parameters["version_gymnasium"] == "1.4.0")
    #expect(try Atari.task("skiing").actionMask.filter { $0 }.count == 9)
    #expect(throws: EnvironmentError.unknownTask(suite: "atari", task: "pongs", nearest: "pong")) {
      try Atari.task("pongs")
    }
  }

  @Test("Seeds depend on run, task and replica, and are never negative to the emulator")
  func seeds() {
    let seeds = WorkerProgram.seeds(task: "pong", replicas: 0..<64, seed: 1)
    #expect(Set(seeds).count == 64 && seeds.allSatisfy { $0 < 1 << 31 })
    #expect(WorkerProgram.seeds(task: "pong", replicas: 3..<5, seed: 1) == Array(seeds[3..<5]))
    #expect(WorkerProgram.seeds(task: "boxing", replicas: 0..<64, seed: 1) != seeds)
    #expect(WorkerProgram.seeds(task: "pong", replicas: 0..<64, seed: 2) != seeds)
  }

  @Test("Equal seeds and actions give equal episodes, with sticky actions too", .enabled(if: hasEmulator))
  func reproduces() throws {
    var options = AtariOptions()
    options.stickyActions = 0.25
    let task = try Atari.task("breakout", options: options)
    let first = try fingerprint(task, replicas: 0..<3, seed: 5, steps: 400)
    #expect(try fingerprint(task, replicas: 0..<3, seed: 5, steps: 400) == first)
    #expect(try fingerprint(task, replicas: 0..<3, seed: 6, steps: 400) != first)
  }

  @Test("Breakout is played: frames, unclipped rewards, lives, and whole games", .enabled(if: hasEmulator))
  func plays() throws {
    let environment = try Atari.task("breakout").makeEnvironment(0..<4, 3, Worker())
    let batch = WorkerBatch(slots: 4, leafBytes: frameBytes)
    try batch.reset(environment)
    func newest(_ frames: UnsafeMutablePointer<UInt8>, _ channel: Int) -> [UInt8] {
      stride(from: channel, to: frameBytes, by: 4).map { frames[$0] }
    }
    // After a reset there is one frame, the newest, and zeros before it.
    #expect(newest(batch.observation, 3).contains { $0 > 0 } && !newest(batch.observation, 2).contains { $0 > 0 })
    var (reward, ends, livesSeen) = (Float(0), 0, Set<Int16>())
    for step in 0..<1500 {
      let checked = step % 50 == 0
      let previous = checked ? newest(batch.observation, 3) : []
      try batch.step(environment, (0..<4).map { Int32([1, 3, 4, 0][(step / 3 + $0) % 4]) })
      let ended = batch.rows.terminated[0] == 1
      if checked { #expect(newest(ended ? batch.final : batch.observation, 2) == previous) }
      for slot in 0..<4 {
        reward += batch.rows.reward[slot]
        ends += Int(batch.rows.terminated[slot])
        livesSeen.insert(batch.rows.lives[slot])
        #expect(batch.rows.valid[slot] == 1 && batch.rows.truncated[slot] == 0)
      }
    }
    #expect(reward > 0 && ends > 4 && livesSeen == [1, 2, 3, 4, 5])
  }

  @Test("Atari keeps the promises of Environment", .enabled(if: hasEmulator))
  func check() throws {
    #expect(try EnvironmentCheck.failures(of: Atari.task("breakout"), steps: 300, slots: 2) == [])
  }

  @Test(
    "So do those whose state can be saved, and restored ones go on as they did", .enabled(if: hasEmulator),
    arguments: ["0", "0.25"])
  func exact(stickyActions: String) throws {
    let arguments = ["exact": "true", "sticky_actions": stickyActions]
    let task = try Atari.tasks(["breakout"], arguments, of: "atari8")[0]
    #expect(try EnvironmentCheck.savesState(of: task))
    #expect(try EnvironmentCheck.failures(of: task, steps: 200, slots: 2) == [])
  }

  @Test("Arguments are checked, and stand in the lockfile")
  func arguments() throws {
    let arguments = ["sticky_actions": "0.25", "noop_max": "1", "frame_skip": "3", "max_frames": "90", "exact": "true"]
    let task = try Atari.tasks(["pong"], arguments, of: "atari8")[0]
    #expect(task.parameters["emulation"] == "exact" && task.parameters["sticky_actions"] == "0.25")
    #expect(["noop_max", "frame_skip", "max_frames"].map { task.parameters[$0] } == ["1", "3", "90"])
    #expect(try Atari.task("pong").parameters["emulation"] == nil)
    let wrong = [
      ("sticky_actions", "1.5"), ("noop_max", "0"), ("frame_skip", "0"), ("max_frames", "x"), ("exact", "1"),
      ("speed", "2"),
    ]
    for (name, value) in wrong {
      var options = Gymnasium.Options()
      options.arguments = [name: value]
      let error = #expect(throws: EnvironmentError.self) { try Suites.make("atari8", options: options) }
      #expect(error?.description.hasPrefix("atari8: \(name)=\(value) is none of") == true)
    }
  }

  @Test("The frame limit terminates", .enabled(if: hasEmulator))
  func frameLimit() throws {
    var options = AtariOptions()
    options.maxFrames = 40
    let environment = try Atari.task("pong", options: options).makeEnvironment(0..<1, 1, Worker())
    let batch = WorkerBatch(slots: 1, leafBytes: frameBytes)
    try batch.reset(environment)
    for step in 1...30 {
      try batch.step(environment, [0])
      #expect(batch.rows.terminated[0] == (step % 10 == 0 ? 1 : 0) && batch.rows.truncated[0] == 0)
    }
  }

  @Test("Skiing takes an action that it lacks as doing nothing", .enabled(if: hasEmulator))
  func skiing() throws {
    func play(_ action: Int32) throws -> [UInt8] {
      let environment = try Atari.task("skiing").makeEnvironment(0..<1, 1, Worker())
      let batch = WorkerBatch(slots: 1, leafBytes: frameBytes)
      try batch.reset(environment)
      for _ in 0..<60 { try batch.step(environment, [action]) }
      return Array(UnsafeBufferPointer(start: batch.observation, count: frameBytes))
    }
    let idle = try play(0)
    #expect(try play(17) == idle)
    #expect(try play(1) == idle)
    #expect(try play(3) != idle)
  }

  @Test("A game without its ROM is an error that names it", .enabled(if: hasEmulator))
  func romMissing() throws {
    let environment = try Atari.environment("no_such_game", options: AtariOptions(), in: Worker(), seeds: { _ in [1] })
    let batch = WorkerBatch(slots: 1, leafBytes: frameBytes)
    #expect(
      throws: EnvironmentError.romMissing(
        task: "no_such_game",
        reason: "ale-py \((Atari.packages.versions["ale-py"] ?? nil) ?? "") has no ROM of no_such_game")
    ) { try batch.reset(environment) }
  }
}
