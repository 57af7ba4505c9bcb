import CWorkers
import Foundation
import TestSupport
import Testing

@testable import Environments

@Suite("Worker processes", .serialized, .enabled(if: anyPython != nil))
struct WorkerTests {
  /// Failures of the first steps are like later ones.
  private func late(most: Int, afterwards: LostTask = .end) -> WorkerRecovery {
    var recovery = WorkerRecovery(most: most, seconds: 60, afterwards: afterwards)
    recovery.earlySteps = 0
    return recovery
  }

  @Test("A truncation is a termination where the task says so, with its final observation")
  func truncationTerminates() throws {
    let environment = try counting(CountingOptions(length: 3), truncationTerminates: true)
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    for step in 1...6 {
      try batch.step(environment, [0, 0, 0, 0, 0])
      #expect(batch.rows.terminated[0] == (step % 3 == 0 ? 1 : 0) && batch.rows.truncated[0] == 0)
    }
    let final = CountingSlot(slot: 0, seed: Int(countingSeeds[0]), length: 3, episode: 1, step: 3)
    #expect(
      Array(UnsafeBufferPointer(start: batch.final, count: countingLeaf.byteCount)) == final.observation(pixels: 35))
  }

  @Test("Reset starts again, and a batch that waits for nothing is done")
  func resets() throws {
    let environment = try counting()
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    for _ in 0..<2 {
      try batch.reset(environment)
      let first = CountingSlot(slot: 0, seed: Int(countingSeeds[0]), length: 7)
      let shown = Array(UnsafeBufferPointer(start: batch.observation, count: countingLeaf.byteCount))
      #expect(shown == first.observation(pixels: 35))
      for _ in 0..<10 { try batch.step(environment, [0, 1, 2, 0, 1]) }
    }
    #expect(try environment.advance() == .done)
  }

  @Test("A worker killed from outside is reported at once, and leaves no zombie", arguments: [true, false])
  func killed(whileIdle: Bool) throws {
    let environment = try counting(CountingOptions(hangAt: whileIdle ? nil : 1))
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    let number = try processNumber(environment)
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
    #expect(reason == "failed: ValueError: asked to fail" && log.isEmpty)
    #expect(
      failure(try counting(CountingOptions(exitAt: 3)))
        == .workerFailed(task: "counting", reason: "exited with status 3", log: "asked to exit"))
    #expect(
      failure(try counting(CountingOptions(hangAt: 3), deadlines: WorkerDeadlines(step: 0.5, close: 0.5)))
        == .workerFailed(task: "counting", reason: "did not answer within 0.5 s", log: ""))
    #expect(failure(try counting()) == nil)
  }

  @Test("A worker that fails is started again with other countingSeeds, and what it lost is marked")
  func restarts() throws {
    // Every worker raises at its fourth step: ten steps are three of three and a lost one, and then one more failure.
    let environment = try counting(CountingOptions(raiseAt: 4), recovery: late(most: 2))
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    for step in 1...11 {
      try batch.step(environment, [0, 0, 0, 0, 0])
      let lost = step % 4 == 0
      for slot in countingSeeds.indices {
        #expect(batch.rows.valid[slot] == (lost ? 0 : 1))
        #expect(batch.rows.truncated[slot] == (lost ? 1 : 0) && batch.rows.terminated[slot] == 0)
        let generation = step / 4
        var expected = CountingSlot(slot: slot, seed: Int(countingSeeds[slot]) + generation, length: 7 + slot)
        expected.step = step % 4
        let shown = UnsafeBufferPointer(
          start: batch.observation + slot * countingLeaf.byteCount, count: countingLeaf.byteCount)
        #expect(Array(shown) == expected.observation(pixels: 35))
      }
    }
    #expect(
      environment.losses.received == 9 * countingSeeds.count && environment.losses.lost == 2 * countingSeeds.count)
    #expect(environment.losses.reason == "the worker of counting failed: ValueError: asked to fail")
    let error = #expect(throws: EnvironmentError.self) { try batch.step(environment, [0, 0, 0, 0, 0]) }
    #expect(error?.description == "the worker of counting failed: ValueError: asked to fail")
  }

  @Test("A worker that never was of use is an error, not a reason to try again")
  func neverReady() throws {
    let environment = try counting(CountingOptions(length: 0, raiseAt: 0), recovery: WorkerRecovery())
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    let progress = try environment.reset(into: batch.rows.observation)
    kill(try processNumber(environment), SIGKILL)
    #expect(throws: EnvironmentError.self) { try environment.finish(progress) }
    #expect(environment.losses.restarts == 0)
  }

  @Test("A worker that fails too often is given up where that was asked for")
  func quarantine() throws {
    let environment = try counting(
      CountingOptions(raiseAt: 2), recovery: WorkerRecovery(most: 1, afterwards: .quarantine))
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    let valid = try (1...8).map { _ in
      try batch.step(environment, [0, 0, 0, 0, 0])
      return batch.rows.valid[0]
    }
    #expect(valid == [1, 0, 1, 0, 0, 0, 0, 0])
    #expect((0..<countingLeaf.byteCount).allSatisfy { batch.observation[$0] == 0 })
    let losses = environment.losses
    #expect(losses.quarantined && losses.restarts == 1)
    #expect(losses.received == 2 * countingSeeds.count && losses.lost == 6 * countingSeeds.count)
  }

  @Test("Killed and stopped at random, workers go on, and every step asked for is received or lost")
  func chaos() throws {
    let before = try openDescriptors()
    do {
      let environment = try counting(
        deadlines: WorkerDeadlines(step: 0.2, close: 0.1), recovery: WorkerRecovery(most: 1_000, seconds: 0.01))
      let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
      try batch.reset(environment)
      var numbers = SplitMix64(7)
      var (asked, invalid, attacks) = (0, 0, 0)
      while attacks < 20 || asked < 3_000 {
        if Int.random(in: 0..<30, using: &numbers) == 0, attacks < 20 {
          attacks += 1
          kill(try processNumber(environment), Bool.random(using: &numbers) ? SIGKILL : SIGSTOP)
        }
        try batch.step(environment, countingSeeds.map { _ in Int32.random(in: 0..<3, using: &numbers) })
        asked += countingSeeds.count
        invalid += countingSeeds.indices.count { batch.rows.valid[$0] == 0 }
      }
      let losses = environment.losses
      #expect(losses.received + losses.lost == asked && losses.lost == invalid)
      #expect(losses.restarts == attacks && losses.lost == attacks * countingSeeds.count)
    }
    // Twenty workers that leak would be 120, and other tests have some meanwhile.
    #expect(try openDescriptors() < before + 60)
  }

  @Test("A worker that hangs is killed when its environment goes, and nothing stays open")
  func closes() throws {
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    func once(_ options: CountingOptions) throws {
      let environment = try counting(options, deadlines: WorkerDeadlines(close: 0.2))
      try batch.reset(environment)
      let number = try processNumber(environment)
      _ = try [0, 0, 0, 0, 0].withUnsafeBufferPointer {
        try environment.step(ActionRows(discrete: $0.baseAddress!), into: batch.rows)
      }
      let process = try #require(environment.worker.process)
      let directory = process.folder.path
      #expect(FileManager.default.fileExists(atPath: directory))
      process.close()
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
    nonisolated(unsafe) let environment = try counting(CountingOptions(hangAt: 2))
    nonisolated(unsafe) let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    let started = DispatchSemaphore(value: 0)
    Thread {
      try? batch.reset(environment)
      started.signal()
    }.start()
    started.wait()
    usleep(200_000)
    try batch.step(environment, [0, 0, 0, 0, 0])
    _ = try [0, 0, 0, 0, 0].withUnsafeBufferPointer {
      try environment.step(ActionRows(discrete: $0.baseAddress!), into: batch.rows)
    }
    let process = try #require(environment.worker.process).worker
    #expect(cworkers_wait(process.process, 0) == 0)
    shutdown(process.control, Int32(SHUT_RDWR))
    #expect(cworkers_wait(process.process, 5) == 1)
  }

  @Test("Batches of one worker step together, and a step begins when the last has asked or one is told to go on")
  func shares() throws {
    let worker = Worker(recovery: WorkerRecovery(), deadlines: WorkerDeadlines(), python: anyPython)
    let environments = try (0..<3).map { try counting(CountingOptions(length: 7 + $0), in: worker) }
    let batches = environments.map { _ in WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount) }
    let starts = try zip(environments, batches).map { try $0.reset(into: $1.rows.observation) }
    for (environment, progress) in zip(environments, starts) { try environment.finish(progress) }
    func step(_ index: Int, _ action: [Int32]) throws -> StepProgress {
      try action.withUnsafeBufferPointer {
        try environments[index].step(ActionRows(discrete: $0.baseAddress!), into: batches[index].rows)
      }
    }
    var expected = environments.indices.map { CountingSlot(slot: 4, seed: Int(countingSeeds[4]), length: 7 + $0) }
    for round in 0..<5 {
      // In the second round the first asks alone.
      let asked = round == 1 ? [0] : [0, 1, 2]
      let progress = try asked.map { try step($0, [0, 1, 2, 0, Int32($0)]) }
      for (index, begun) in zip(asked, progress) {
        try environments[index].finish(begun)
        expected[index].step += 1
        expected[index].total += index
      }
      for (expected, batch) in zip(expected, batches) {
        let shown = UnsafeBufferPointer(
          start: batch.observation + 4 * countingLeaf.byteCount, count: countingLeaf.byteCount)
        #expect(Array(shown) == expected.observation(pixels: 35))
      }
    }
    #expect(environments.map(\.losses.received) == [25, 20, 20])
  }

  @Test("Of a worker's batches only the one that fails is given up, and the others lose its steps alone")
  func blames() throws {
    let worker = Worker(
      recovery: WorkerRecovery(most: 1, afterwards: .quarantine), deadlines: WorkerDeadlines(),
      python: anyPython)
    let environments = [
      try counting(in: worker), try counting(CountingOptions(exitAt: 3), in: worker), try counting(in: worker),
    ]
    let batches = environments.map { _ in WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount) }
    let starts = try zip(environments, batches).map { try $0.reset(into: $1.rows.observation) }
    for (environment, progress) in zip(environments, starts) { try environment.finish(progress) }
    var valid: [[UInt8]] = [[], [], []]
    for _ in 0..<9 {
      let progress = try zip(environments, batches).map { environment, batch in
        try [0, 0, 0, 0, 0].withUnsafeBufferPointer {
          try environment.step(ActionRows(discrete: $0.baseAddress!), into: batch.rows)
        }
      }
      for (environment, progress) in zip(environments, progress) { try environment.finish(progress) }
      for index in 0..<3 { valid[index].append(batches[index].rows.valid[0]) }
    }
    #expect(valid[0] == [1, 1, 0, 1, 1, 0, 1, 1, 1] && valid[2] == valid[0])
    #expect(valid[1] == [1, 1, 0, 1, 1, 0, 0, 0, 0])
    #expect(environments.map(\.losses.quarantined) == [false, true, false])
    #expect(environments.map(\.losses.restarts) == [0, 1, 0])
    #expect(environments[1].losses.reason == "the worker of counting exited with status 3")
  }

  @Test("A worker's state goes on in another one", arguments: [false, true])
  func saves(running: Bool) throws {
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    func row() -> [UInt8] { Array(UnsafeBufferPointer(start: batch.observation, count: countingLeaf.byteCount)) }
    let first = try counting()
    try batch.reset(first)
    for _ in 0..<10 { try batch.step(first, [0, 1, 2, 0, 1]) }
    let state = try #require(try first.saveState())
    let second = try counting()
    if running { try batch.reset(second) }
    try second.restoreState(state)
    #expect(try second.saveState() == state)
    for _ in 0..<30 {
      try batch.step(first, [2, 1, 2, 0, 1])
      let shown = row()
      try batch.step(second, [2, 1, 2, 0, 1])
      #expect(row() == shown && batch.rows.valid[0] == 1)
    }
  }

  @Test("A state that can't be had any more is not the one before it")
  func unsaved() throws {
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    let environment = try counting(CountingOptions(unsavedFrom: 2))
    try batch.reset(environment)
    #expect(try environment.saveState() != nil)
    for _ in 0..<2 { try batch.step(environment, [0, 0, 0, 0, 0]) }
    #expect(try environment.saveState() == nil)
  }

  @Test("A worker that fails after its state was restored is started again")
  func failsRestored() throws {
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    let first = try counting()
    try batch.reset(first)
    let state = try #require(try first.saveState())
    let second = try counting(recovery: WorkerRecovery())
    try second.restoreState(state)
    try batch.step(second, [0, 0, 0, 0, 0])
    kill(try processNumber(second), SIGKILL)
    try batch.step(second, [0, 0, 0, 0, 0])
    #expect(batch.rows.valid[0] == 0 && second.losses.restarts == 1)
    try batch.step(second, [0, 0, 0, 0, 0])
    #expect(batch.rows.valid[0] == 1)
  }

  @Test("A child that an environment forks does not answer for it, and ends with the worker")
  func forks() throws {
    let environment = try counting(CountingOptions(forkAt: 2))
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    let group = try processNumber(environment)
    for step in 1...6 {
      try batch.step(environment, [0, 0, 0, 0, 0])
      #expect(batch.rows.reward[0] == 0.5 * Float(step))
    }
    func settles(at count: Int) throws -> Bool {
      for _ in 0..<500 {
        if try running(inGroup: group) == count { return true }
        usleep(10_000)
      }
      return false
    }
    #expect(try settles(at: 2))
    environment.worker.process?.close()
    #expect(try settles(at: 0))
  }

  @Test(
    "PYTHONPATH keeps its absolute entries only",
    arguments: [
      (":/opt/x", "/opt/x"), ("/opt/x:", "/opt/x"), ("/opt/x::/opt/y", "/opt/x:/opt/y"), (".", ""), ("a:../b:/c", "/c"),
      ("", ""),
    ])
  func searchPath(text: String, kept: String) {
    #expect(WorkerPython.searchPath(variables: ["PYTHONPATH": text]) == kept)
    #expect(WorkerPython.searchPath(variables: [:]) == "")
  }

  @Test("Python that isn't there is said in one line with the packages that it needs")
  func pythonMissing() {
    let error = #expect(throws: EnvironmentError.self) {
      try WorkerPython.locate(variables: ["POLYMATH_PYTHON": "/nowhere/python"])
    }
    #expect(error?.description.hasSuffix("set POLYMATH_PYTHON to a Python that has gymnasium") == true)
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
