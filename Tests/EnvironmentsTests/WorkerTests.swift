import CWorkers
import Foundation
import Testing

@testable import Environments

/// Any Python 3 will do for a batch that counts.
private let python: String? =
  (try? WorkerPython.locate())
  ?? (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
  .first(where: FileManager.default.isExecutableFile(atPath:))

private struct CountingOptions: Encodable {
  var length = 7
  var raiseAt: Int?
  var exitAt: Int?
  var hangAt: Int?
}

private let seeds: [UInt32] = [11, 2_000_000_000, 5, 77, 123_456_789]
private let leaf = ObservationLeaf(name: "image", element: .uint8, shape: [5, 7, 4])

private func counting(
  _ options: CountingOptions = CountingOptions(), truncationTerminates: Bool = false,
  deadlines: WorkerDeadlines = WorkerDeadlines(), recovery: WorkerRecovery = WorkerRecovery(most: 0)
) throws -> WorkerEnvironment {
  let program = WorkerEnvironment.Program(
    task: "counting", kind: "counting", seeds: { generation in seeds.map { $0 + UInt32(generation) } },
    options: options,
    leaves: [WorkerLeaf(leaf: leaf, planesFirst: true)], action: .discrete(3),
    truncationTerminates: truncationTerminates, deadlines: deadlines)
  let environment = try WorkerEnvironment(program, python: #require(python))
  environment.recovery = recovery
  return environment
}

/// Steps until something is thrown, and gives that.
private func failure(_ environment: WorkerEnvironment, steps: Int = 20) -> EnvironmentError? {
  let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
  do {
    try batch.reset(environment)
    for _ in 0..<steps { try batch.step(environment, [0, 1, 2, 0, 1]) }
    return nil
  } catch { return error as? EnvironmentError }
}

private func processNumber(_ environment: WorkerEnvironment) throws -> pid_t {
  let path = "/proc/self/fdinfo/\(environment.process.worker.process)"
  let information = try String(contentsOfFile: path, encoding: .utf8)
  let line = try #require(information.split(separator: "\n").first { $0.hasPrefix("Pid:") })
  return try #require(pid_t(line.dropFirst(4).trimmingCharacters(in: .whitespaces)))
}

private func openDescriptors() throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

@Suite("Worker processes", .serialized, .enabled(if: python != nil))
struct WorkerTests {
  @Test("20,000 steps through the bridge give no wrong observation, reward, flag or final observation")
  func counts() throws {
    let environment = try counting()
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    var expected = seeds.enumerated().map { CountingSlot(slot: $0, seed: Int($1), length: 7 + $0) }
    func row(_ start: UnsafeMutablePointer<UInt8>, _ slot: Int) -> [UInt8] {
      Array(UnsafeBufferPointer(start: start + slot * leaf.byteCount, count: leaf.byteCount))
    }
    try batch.reset(environment)
    for slot in expected { #expect(row(batch.observation, slot.slot) == slot.observation(pixels: 35)) }
    var wrong = 0
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 / seeds.count {
      let actions = seeds.map { _ in Int32.random(in: 0..<3, using: &random) }
      try batch.step(environment, actions)
      for i in expected.indices {
        expected[i].step += 1
        expected[i].total += Int(actions[i])
        let (step, cut) = (expected[i].step, expected[i].episode % 2 == 1)
        let ended = step == expected[i].length
        wrong += batch.rows.reward[i] == Float(actions[i]) + 0.5 * Float(step) ? 0 : 1
        wrong += batch.rows.terminated[i] == (ended && !cut ? 1 : 0) ? 0 : 1
        wrong += batch.rows.truncated[i] == (ended && cut ? 1 : 0) ? 0 : 1
        wrong += batch.rows.valid[i] == 1 && batch.rows.success[i] == (actions[i] == 1 ? 1 : 0) ? 0 : 1
        wrong += batch.rows.lives[i] == Int16(step - 2) ? 0 : 1
        if ended {
          wrong += row(batch.final, i) == expected[i].observation(pixels: 35) ? 0 : 1
          expected[i].episode += 1
          (expected[i].step, expected[i].total) = (0, 0)
        }
        wrong += row(batch.observation, i) == expected[i].observation(pixels: 35) ? 0 : 1
      }
    }
    #expect(wrong == 0)
  }

  @Test("A truncation is a termination where the task says so, with its final observation")
  func truncationTerminates() throws {
    let environment = try counting(CountingOptions(length: 3), truncationTerminates: true)
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    try batch.reset(environment)
    for step in 1...6 {
      try batch.step(environment, [0, 0, 0, 0, 0])
      #expect(batch.rows.terminated[0] == (step % 3 == 0 ? 1 : 0) && batch.rows.truncated[0] == 0)
    }
    let final = CountingSlot(slot: 0, seed: Int(seeds[0]), length: 3, episode: 1, step: 3)
    #expect(Array(UnsafeBufferPointer(start: batch.final, count: leaf.byteCount)) == final.observation(pixels: 35))
  }

  @Test("Reset starts again, and a batch that waits for nothing is done")
  func resets() throws {
    let environment = try counting()
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    for _ in 0..<2 {
      try batch.reset(environment)
      let first = CountingSlot(slot: 0, seed: Int(seeds[0]), length: 7)
      let shown = Array(UnsafeBufferPointer(start: batch.observation, count: leaf.byteCount))
      #expect(shown == first.observation(pixels: 35))
      for _ in 0..<10 { try batch.step(environment, [0, 1, 2, 0, 1]) }
    }
    #expect(try environment.advance() == .done)
    #expect(try environment.saveState() == nil)
  }

  @Test("A worker killed from outside is reported at once, and leaves no zombie", arguments: [true, false])
  func killed(whileIdle: Bool) throws {
    let environment = try counting(CountingOptions(hangAt: whileIdle ? nil : 1))
    let number = try processNumber(environment)
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    try batch.reset(environment)
    if whileIdle { kill(number, SIGKILL) }
    let clock = ContinuousClock()
    let start = clock.now
    let killer = Thread {
      usleep(100_000)
      kill(number, SIGKILL)
    }
    if !whileIdle { killer.start() }
    #expect(throws: EnvironmentError.workerFailed(task: "counting", reason: "was killed by signal 9", log: "")) {
      try batch.step(environment, [0, 0, 0, 0, 0])
    }
    #expect(clock.now - start < .seconds(5))
    #expect(kill(number, 0) == -1 && errno == ESRCH)
    #expect(throws: EnvironmentError.workerFailed(task: "counting", reason: "has ended already", log: "")) {
      try batch.step(environment, [0, 0, 0, 0, 0])
    }
  }

  @Test("An exception, an exit and a hang are told apart, with the end of the log")
  func failures() throws {
    guard case .workerFailed(_, let reason, let log) = failure(try counting(CountingOptions(raiseAt: 3))) else {
      Issue.record("an exception was not reported")
      return
    }
    #expect(reason == "failed: ValueError: asked to fail" && log.contains("Traceback"))
    #expect(
      failure(try counting(CountingOptions(exitAt: 3)))
        == .workerFailed(task: "counting", reason: "exited with status 3", log: "asked to exit\n"))
    #expect(
      failure(try counting(CountingOptions(hangAt: 3), deadlines: WorkerDeadlines(step: 0.5)))
        == .workerFailed(task: "counting", reason: "did not answer within 0.5 s", log: ""))
    #expect(failure(try counting()) == nil)
  }

  @Test("A worker that fails is started again with other seeds, and what it lost is marked")
  func restarts() throws {
    // Every worker raises at its fourth step: ten steps are three of three and a lost one, and then one more failure.
    let environment = try counting(CountingOptions(raiseAt: 4), recovery: WorkerRecovery(most: 2, seconds: 60))
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    try batch.reset(environment)
    for step in 1...11 {
      try batch.step(environment, [0, 0, 0, 0, 0])
      let lost = step % 4 == 0
      for slot in seeds.indices {
        #expect(batch.rows.valid[slot] == (lost ? 0 : 1))
        #expect(batch.rows.truncated[slot] == (lost ? 1 : 0) && batch.rows.terminated[slot] == 0)
        let generation = step / 4
        var expected = CountingSlot(slot: slot, seed: Int(seeds[slot]) + generation, length: 7 + slot)
        expected.step = step % 4
        let shown = UnsafeBufferPointer(start: batch.observation + slot * leaf.byteCount, count: leaf.byteCount)
        #expect(Array(shown) == expected.observation(pixels: 35))
      }
    }
    #expect(environment.losses.received == 9 * seeds.count && environment.losses.lost == 2 * seeds.count)
    #expect(environment.losses.reason == "the worker of counting failed: ValueError: asked to fail")
    let error = #expect(throws: EnvironmentError.self) { try batch.step(environment, [0, 0, 0, 0, 0]) }
    #expect(error?.description.contains("Traceback") == true)
  }

  @Test("A worker that never was of use is an error, not a reason to try again")
  func neverReady() throws {
    let environment = try counting(CountingOptions(length: 0, raiseAt: 0), recovery: WorkerRecovery())
    kill(try processNumber(environment), SIGKILL)
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    #expect(throws: EnvironmentError.self) { try batch.reset(environment) }
    #expect(environment.losses.restarts == 0)
  }

  @Test("A worker that fails too often is given up where that was asked for")
  func quarantine() throws {
    let environment = try counting(
      CountingOptions(raiseAt: 2), recovery: WorkerRecovery(most: 1, afterwards: .quarantine))
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    try batch.reset(environment)
    let valid = try (1...8).map { _ in
      try batch.step(environment, [0, 0, 0, 0, 0])
      return batch.rows.valid[0]
    }
    #expect(valid == [1, 0, 1, 0, 0, 0, 0, 0])
    #expect((0..<leaf.byteCount).allSatisfy { batch.observation[$0] == 0 })
    let losses = environment.losses
    #expect(losses.quarantined && losses.restarts == 1)
    #expect(losses.received == 2 * seeds.count && losses.lost == 6 * seeds.count)
  }

  @Test("Killed and stopped at random, workers go on, and every step asked for is received or lost")
  func chaos() throws {
    let before = try openDescriptors()
    do {
      let environment = try counting(
        deadlines: WorkerDeadlines(step: 0.2), recovery: WorkerRecovery(most: 1_000, seconds: 0.01))
      let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
      try batch.reset(environment)
      var numbers = TestNumbers(7)
      var (asked, invalid, attacks) = (0, 0, 0)
      while attacks < 20 || asked < 3_000 {
        if Int.random(in: 0..<30, using: &numbers) == 0, attacks < 20 {
          attacks += 1
          kill(try processNumber(environment), Bool.random(using: &numbers) ? SIGKILL : SIGSTOP)
        }
        try batch.step(environment, seeds.map { _ in Int32.random(in: 0..<3, using: &numbers) })
        asked += seeds.count
        invalid += seeds.indices.count { batch.rows.valid[$0] == 0 }
      }
      let losses = environment.losses
      #expect(losses.received + losses.lost == asked && losses.lost == invalid)
      #expect(losses.restarts == attacks && losses.lost == attacks * seeds.count)
    }
    // Twenty workers that leak would be 120, and other tests have some meanwhile.
    #expect(try openDescriptors() < before + 60)
  }

  @Test("A worker that hangs is killed when its environment goes, and nothing stays open")
  func closes() throws {
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    func once(_ options: CountingOptions) throws {
      let environment = try counting(options, deadlines: WorkerDeadlines(close: 0.2))
      let number = try processNumber(environment)
      try batch.reset(environment)
      _ = try [0, 0, 0, 0, 0].withUnsafeBufferPointer {
        try environment.step(ActionRows(discrete: $0.baseAddress!), into: batch.rows)
      }
      let directory = environment.process.directory.path
      #expect(FileManager.default.fileExists(atPath: directory))
      environment.process.close()
      #expect(!FileManager.default.fileExists(atPath: directory))
      #expect(kill(number, 0) == -1 && errno == ESRCH)
    }
    try once(CountingOptions())
    let before = try openDescriptors()
    for _ in 0..<10 { try once(CountingOptions()) }
    for _ in 0..<5 { try once(CountingOptions(hangAt: 1)) }
    // Other tests of this process have workers meanwhile; fifteen of these that leak would be ninety descriptors.
    #expect(try openDescriptors() < before + 60)
  }

  @Test("A worker ends with the socket of its host, even while it hangs, and not with the thread that started it")
  func endsWithHost() throws {
    nonisolated(unsafe) var environment: WorkerEnvironment?
    let started = DispatchSemaphore(value: 0)
    Thread {
      environment = try? counting(CountingOptions(hangAt: 2))
      started.signal()
    }.start()
    started.wait()
    usleep(200_000)
    let worker = try #require(environment)
    let batch = WorkerBatch(slots: seeds.count, leafBytes: leaf.byteCount)
    try batch.reset(worker)
    try batch.step(worker, [0, 0, 0, 0, 0])
    _ = try [0, 0, 0, 0, 0].withUnsafeBufferPointer {
      try worker.step(ActionRows(discrete: $0.baseAddress!), into: batch.rows)
    }
    #expect(cworkers_wait(worker.process.worker.process, 0) == 0)
    shutdown(worker.process.worker.control, Int32(SHUT_RDWR))
    #expect(cworkers_wait(worker.process.worker.process, 5) == 1)
  }

  @Test("Python that isn't there is said in one line with the remedy")
  func pythonMissing() {
    let error = #expect(throws: EnvironmentError.self) {
      try WorkerPython.locate(variable: "/nowhere/python", directory: "/")
    }
    #expect(error?.description.contains("make gymnasium") == true)
    #expect(error?.description.contains("\n") == false)
  }
}

@Test("Interleaving planes equals the obvious loop")
func interleaves() {
  for planes in 1...6 {
    for pixels in [1, 15, 16, 17, 35, 64, 7056] {
      let source = (0..<planes * pixels).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 251) }
      var result = [UInt8](repeating: 0, count: planes * pixels)
      cworkers_interleave_planes(&result, source, planes, pixels)
      #expect(result == (0..<planes * pixels).map { source[$0 % planes * pixels + $0 / planes] })
    }
  }
}
