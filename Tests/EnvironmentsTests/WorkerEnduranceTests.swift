import Foundation
import TestSupport
import Testing

@testable import Environments

/// Short by default; WORKER_STEPS=100000 WORKER_RESTARTS=1000 make them what a long training needs, a quarter of an hour.
private let (steps, restarts): (Int, Int) = {
  let variables = ProcessInfo.processInfo.environment
  return (variables["WORKER_STEPS"].flatMap(Int.init) ?? 3_000, variables["WORKER_RESTARTS"].flatMap(Int.init) ?? 20)
}()

@Suite("Workers that work for long", .serialized, .enabled(if: anyPython != nil))
struct WorkerEnduranceTests {
  @Test(
    "No observation, reward, flag or final observation is wrong, whatever the number of workers and environments",
    arguments: 1...4, [1, 5, 32])
  func counts(workers: Int, slots: Int) throws {
    let seeds = (0..<workers).map { worker in (0..<slots).map { UInt32(1_000_003 * worker + 17 * $0) } }
    let environments = try seeds.map { try counting(seeds: $0) }
    let batches = environments.map { _ in WorkerBatch(slots: slots, leafBytes: countingLeaf.byteCount) }
    var expected = seeds.map { $0.enumerated().map { CountingSlot(slot: $0, seed: Int($1), length: 7 + $0) } }
    func row(_ start: UnsafeMutablePointer<UInt8>, _ slot: Int) -> [UInt8] {
      Array(UnsafeBufferPointer(start: start + slot * countingLeaf.byteCount, count: countingLeaf.byteCount))
    }
    let begun = try zip(environments, batches).map { try $0.reset(into: $1.rows.observation) }
    for (environment, progress) in zip(environments, begun) { try environment.finish(progress) }
    var wrong = 0
    var random = SplitMix64(UInt64(100 * workers + slots))
    let actions = UnsafeMutableBufferPointer<Int32>.allocate(capacity: workers * slots)
    defer { actions.deallocate() }
    for _ in 0..<max(steps / (workers * slots), 50) {
      for index in actions.indices { actions[index] = Int32.random(in: 0..<3, using: &random) }
      // All are asked before the first is waited for.
      let begun = try environments.indices.map {
        try environments[$0].step(ActionRows(discrete: actions.baseAddress! + $0 * slots), into: batches[$0].rows)
      }
      for worker in environments.indices {
        try environments[worker].finish(begun[worker])
        let batch = batches[worker]
        for slot in 0..<slots {
          let action = actions[worker * slots + slot]
          expected[worker][slot].step += 1
          expected[worker][slot].total += Int(action)
          let state = expected[worker][slot]
          let (ended, cut) = (state.step == state.length, state.episode % 2 == 1)
          let right =
            batch.rows.reward[slot] == Float(action) + 0.5 * Float(state.step)
            && batch.rows.terminated[slot] == (ended && !cut ? 1 : 0)
            && batch.rows.truncated[slot] == (ended && cut ? 1 : 0) && batch.rows.valid[slot] == 1
            && batch.rows.success[slot] == (action == 1 ? 1 : 0) && batch.rows.lives[slot] == Int16(state.step - 2)
          wrong += right ? 0 : 1
          if ended {
            wrong += row(batch.final, slot) == state.observation(pixels: 35) ? 0 : 1
            expected[worker][slot].episode += 1
            (expected[worker][slot].step, expected[worker][slot].total) = (0, 0)
          }
          wrong += row(batch.observation, slot) == expected[worker][slot].observation(pixels: 35) ? 0 : 1
        }
      }
    }
    #expect(wrong == 0)
  }

  @Test("Restarts leave no zombie, no descriptor and no memory behind")
  func restartsLeaveNothing() throws {
    let environment = try counting(recovery: WorkerRecovery(most: 1_000_000, seconds: 0))
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    func once() throws {
      kill(try processNumber(environment), SIGKILL)
      try batch.step(environment, [0, 0, 0, 0, 0])
      #expect(batch.rows.valid[0] == 0)
    }
    for _ in 0..<5 { try once() }
    let (descriptors, memory) = (try openDescriptors(), try residentMegabytes())
    for _ in 0..<restarts { try once() }
    #expect(environment.losses.restarts == restarts + 5)
    // Other tests of this process have workers meanwhile, seven descriptors each.
    #expect(try openDescriptors() < descriptors + 60)
    #expect(try residentMegabytes() < memory + 100)
    #expect(try zombies() <= 2)
  }

  private func residentMegabytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * 4 / 1024
  }

  /// Children of this process that have ended and were not waited for.
  private func zombies() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid_t($0) != nil }.count {
      let fields =
        (try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8))?.split(separator: ")").last?
        .split(separator: " ") ?? []
      return fields.count > 1 && fields[0] == "Z" && fields[1] == "\(getpid())"
    }
  }
}
