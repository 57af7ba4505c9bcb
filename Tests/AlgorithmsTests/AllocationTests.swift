import CAllocations
import Engine
import Environments
import Layers
import Tensors
import TestSupport
import Testing

@testable import Algorithms

/// A step like those before it takes nothing from the heap. Unoptimised Swift boxes values that optimised code keeps in
/// registers: there, a step may take some, but nothing that has the size of data. `make bench` runs these tests optimised.
@Suite("AllocationTests", .serialized)
struct AllocationTests {
  @Test("The tests' allocator counts")
  func counts() {
    let before = callocations_so_far()
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 100)
    defer { memory.deallocate() }
    let after = callocations_so_far()
    // Under a sanitizer nothing is ever counted.
    #expect(after.count == 0 || (after.count > before.count && after.bytes >= before.bytes + 100))
  }

  /// `blas`: allocations of OpenBLAS's own, whose kernel for small matrices takes a buffer where columns are few and odd.
  private func check(_ work: String, _ before: callocations, _ after: callocations, blas: Int = 0) {
    #if DEBUG
      #expect(after.bytes - before.bytes < 60_000, "\(work)")
    #else
      #expect(after.count - before.count <= blas, "\(work)")
    #endif
  }

  @Test(
    "An unroll of acting, a shard's update and the optimiser's step allocate nothing",
    arguments: [(TrunkKind.deep, 0), (.small, 0), (.small, 8)])
  func steadyState(network: TrunkKind, lstm: Int) throws {
    var configuration = IMPALA.Configuration()
    (configuration.network, configuration.lstm, configuration.extras) = (network, lstm, lstm > 0)
    let shape = try RunShape(tasks: 2, environmentsPerTask: 2, unroll: 12, groups: 2, shards: 2, lag: 1)
    let tasks = (0..<2).map { CountingEnvironment.task("task\($0)", length: 3 + $0) }
    let learner = try IMPALA(configuration, shape: shape, tasks: tasks, totalSteps: 10_000, seed: 1)
    let groups = try (0..<2).map {
      try Group($0, shape: shape, tasks: tasks, seed: 1, recurrentSize: lstm)
    }
    let blocks = RoundEngine.blocks(
      shape: shape, observation: CountingEnvironment.observation, action: .discrete(3),
      recurrentSize: lstm)
    let tape = Tape()
    for round in 0..<30 {
      let start = callocations_so_far()
      for (group, block) in zip(groups, blocks[round % 2]) {
        try group.unroll(round: round, version: max(round - 1, 0), block: block, policy: learner, tape: tape)
      }
      let acted = callocations_so_far()
      for shard in 0..<2 {
        learner.work(phase: 0, shard: shard, round: round, block: blocks[round % 2][shard], tape: tape)
      }
      let learned = callocations_so_far()
      try learner.finish(phase: 0, round: round)
      let finished = callocations_so_far()
      if round < 15 { continue }
      check("acting", start, acted)
      check("learning", acted, learned, blas: 2)
      check("the optimiser's step", learned, finished)
    }
  }

  @Test("A shard's part of SAC's updates allocates nothing")
  func sac() throws {
    let set = try Suites.make("planar10", tasks: ["reach", "push"])
    var configuration = SAC.Configuration()
    (configuration.network, configuration.width) = (.multiHead, 32)
    (configuration.replay.batch, configuration.replay.capacity, configuration.replay.warmUp) = (16, 512, 32)
    let shape = try RunShape(tasks: 2, environmentsPerTask: 1, unroll: 8, groups: 2, shards: 2, lag: 1)
    let learner = try SAC(configuration, shape: shape, tasks: set.tasks, seed: 1)
    let groups = try (0..<2).map { try Group($0, shape: shape, tasks: set.tasks, seed: 1, recurrentSize: 0) }
    let blocks = RoundEngine.blocks(
      shape: shape, observation: set.observation, action: set.action, recurrentSize: 0)
    let tape = Tape()
    for round in 0..<30 {
      let start = callocations_so_far()
      for (group, block) in zip(groups, blocks[round % 2]) {
        try group.unroll(round: round, version: max(round - 1, 0), block: block, policy: learner, tape: tape)
      }
      if round >= 15 { check("acting", start, callocations_so_far()) }
      for phase in 0..<learner.phases {
        let start = callocations_so_far()
        for shard in 0..<2 {
          learner.work(phase: phase, shard: shard, round: round, block: blocks[round % 2][shard], tape: tape)
        }
        if round >= 15 { check("phase \(phase)", start, callocations_so_far(), blas: 8) }
        try learner.finish(phase: phase, round: round)
      }
    }
  }
}
