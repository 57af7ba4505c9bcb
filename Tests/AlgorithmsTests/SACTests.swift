import Engine
import Environments
import Layers
import Replay
import Tensors
import Testing

@testable import Algorithms

/// SAC on planar tasks, small: what must hold whatever is learned.
@Suite("SAC", .serialized)
struct SACTests {
  struct Run {
    let learner: SAC
    let engine: RoundEngine

    init(
      _ network: TaskNetworkKind, tasks: [String] = ["reach", "push", "press"], shards: Int = 3, lag: Int = 1,
      threads: Int = 1, seed: UInt64 = 5, _ change: (inout SAC.Configuration) -> Void = { _ in }
    ) throws {
      let set = try Suites.make("planar10", tasks: tasks)
      var configuration = SAC.Configuration()
      (configuration.network, configuration.width) = (network, 12)
      configuration.routing.width = 6
      if network == .hardRouting { (configuration.routing.layers, configuration.routing.modules) = (3, 3) }
      (configuration.routing.embedding, configuration.routing.routingWidth) = (10, 8)
      (
        configuration.replay.batch, configuration.replay.capacity, configuration.replay.warmUp,
        configuration.replay.updates
      ) = (5, 64, 12, 2)
      configuration.balance = .code
      change(&configuration)
      let shape = try RunShape(
        tasks: set.tasks.count, environmentsPerTask: 2, unroll: 4, groups: shards, shards: shards, lag: lag)
      learner = try SAC(configuration, shape: shape, tasks: set.tasks, seed: seed)
      let groups = try (0..<shards).map {
        try Group($0, shape: shape, tasks: set.tasks, seed: seed, recurrentSize: 0)
      }
      engine = RoundEngine(
        shape: shape, groups: groups,
        blocks: RoundEngine.blocks(
          shape: shape, observation: set.observation, action: set.action, recurrentSize: 0),
        learner: learner, threads: threads)
    }

    /// Every number that learning has.
    var state: [UInt8] {
      var archive = StateArchive()
      learner.saveModel(into: &archive)
      learner.saveTraining(into: &archive)
      return archive.entries.flatMap(\.bytes)
    }

    /// Goes on where another run stands, which has made `rounds` rounds.
    func takeUp(_ other: Run, after rounds: Int) throws {
      var archive = StateArchive()
      other.learner.saveModel(into: &archive)
      other.learner.saveTraining(into: &archive)
      #expect(try other.engine.saveState(into: &archive))
      try learner.restoreModel(from: archive)
      try learner.restoreTraining(from: archive)
      try engine.restoreState(from: archive, round: rounds, exact: true)
    }

    func state(after rounds: Int) throws -> [UInt8] {
      try engine.run(until: rounds)
      return state
    }
  }

  @Test("Threads don't change a bit; the seed does", arguments: TaskNetworkKind.allCases, [0, 1])
  func threads(network: TaskNetworkKind, lag: Int) throws {
    let one = try Run(network, lag: lag)
    let state = try one.state(after: 8)
    #expect(one.learner.trainer.updates == 14 && one.learner.policy.parameters.values[0].isFinite)
    for threads in 2...3 {
      let same = try Run(network, lag: lag, threads: threads).state(after: 8) == state
      #expect(same)
    }
    let other = try Run(network, lag: lag, seed: 6).state(after: 8) != state
    #expect(other)
  }

  @Test("Saved and taken up elsewhere it learns the same", arguments: TaskNetworkKind.allCases)
  func resume(network: TaskNetworkKind) throws {
    for stop in [1, 2, 5] {
      let whole = try Run(network).state(after: 9)
      let first = try Run(network)
      try first.engine.run(until: stop)
      let second = try Run(network, threads: 2, seed: 5)
      try second.takeUp(first, after: stop)
      let same = try second.state(after: 9) == whole
      #expect(same)
    }
  }

  @Test("Gradients of tasks, put together: threads and a stop don't change a bit", arguments: [0, 1])
  func aggregation(lag: Int) throws {
    func run(_ aggregation: GradientAggregation, threads: Int = 1) throws -> Run {
      try Run(.softModularization, lag: lag, threads: threads) { $0.replay.aggregation = aggregation }
    }
    let sum = try run(.sum).state(after: 8)
    for aggregation in [GradientAggregation.pcgrad, .normalized] {
      let state = try run(aggregation).state(after: 8)
      let (same, other) = (try run(aggregation, threads: 3).state(after: 8) == state, state != sum)
      #expect(same && other)

      let first = try run(aggregation)
      try first.engine.run(until: 5)
      let second = try run(aggregation, threads: 2)
      try second.takeUp(first, after: 5)
      let resumed = try second.state(after: 8) == state
      #expect(resumed)
    }
  }

  @Test(
    "What is followed is the weighted sum of tasks' gradients", arguments: [GradientAggregation.pcgrad, .normalized])
  func weightedSum(aggregation: GradientAggregation) throws {
    let run = try Run(.softModularization, threads: 2) {
      ($0.replay.aggregation, $0.replay.updates, $0.replay.gradientNorm) = (aggregation, 1, 1e9)
    }
    try run.engine.run(until: 2)
    let sac = run.learner
    #expect(sac.trainer.updates == 1)
    for network in [sac.policy, sac.q1, sac.q2] {
      let (gradients, range) = (network.gradients, 0..<network.parameters.count)
      let weights = aggregation.weights(
        GramMatrix(gradients, ranges: [range]), order: sac.trainer.randomness.order(tasks: 3, update: 0))
      var squares = 0.0
      for index in range {
        let expected = zip(weights, gradients).reduce(0) { $0 + $1.0 * Double($1.1.values[index]) }
        squares += expected * expected
        // Adam's first moment after one step.
        let moment = Double(network.optimizer.firstMoment.values[index])
        #expect(abs(moment - 0.1 * expected) <= 1e-6 * network.gradientNorm)
      }
      #expect(abs(network.gradientNorm - squares.squareRoot()) <= 1e-6 * squares.squareRoot())
    }
  }

  @Test("Routes change with episodes: threads and a stop within one don't change a bit", arguments: [0, 1])
  func routes(lag: Int) throws {
    func run(threads: Int = 1) throws -> Run {
      try Run(.hardRouting, lag: lag, threads: threads) { $0.replay.updates = 1 }
    }
    // Episodes of two environments a task are truncated after 150 steps: in rounds 37 and 75.
    let whole = try run()
    let controller = try #require(whole.learner.controller)
    func routes(_ version: Int) -> [Int32] { (0..<9).map { controller.routes(version: version)[$0] } }
    try whole.engine.run(until: 37)
    let before = routes(37)
    #expect(controller.episodes == [0, 0, 0] && controller.logits.allSatisfy { $0 == 0 })
    try whole.engine.run(until: 38)
    #expect(controller.episodes == [2, 2, 2] && routes(38) != before && controller.logits.contains { $0 != 0 })
    let state = try whole.state(after: 80)
    #expect(controller.episodes == [4, 4, 4])

    let stopped = try run(threads: 2)
    try stopped.engine.run(until: 60)
    let resumed = try run(threads: 3)
    try resumed.takeUp(stopped, after: 60)
    let same = try resumed.state(after: 80) == state
    #expect(same)
  }

  @Test("Networks of their own have nothing to reconcile: surgery is the sum")
  func separateSurgery() throws {
    func parameters(_ aggregation: GradientAggregation) throws -> [Float] {
      let run = try Run(.separate) { $0.replay.aggregation = aggregation }
      try run.engine.run(until: 6)
      return Array(
        UnsafeBufferPointer(
          start: run.learner.policy.parameters.values, count: run.learner.policy.parameters.count))
    }
    let sum = try parameters(.sum)
    for aggregation in [GradientAggregation.pcgrad, .normalized] {
      #expect(zip(sum, try parameters(aggregation)).allSatisfy { abs($0 - $1) <= 1e-5 })
    }
  }

  @Test("A shard a task shows each task's gradient: norms and angles")
  func gradientMetrics() throws {
    let run = try Run(.mlp)
    try run.engine.run(until: 4)
    let metrics = run.learner.metrics
    let overall = Dictionary(uniqueKeysWithValues: metrics.overall.map { ($0.name, $0.value) })
    let (mean, least) = (try #require(overall["gradient/cosine_mean"]), try #require(overall["gradient/cosine_min"]))
    #expect(least <= mean && least >= -1 && mean <= 1)
    let norms = metrics.tasks.map { $0.first { $0.name == "gradient_norm" }?.value ?? 0 }
    // The norm of a sum is at most the sum of norms.
    #expect(norms.allSatisfy { $0 > 0 } && overall["gradient/policy"]! <= norms.reduce(0, +) * (1 + 1e-6))
    #expect(try Run(.mlp, shards: 1).learner.metrics.tasks[0].allSatisfy { $0.name != "gradient_norm" })
  }

  @Test("Nothing is learned before the warm-up, and random play fills the replay")
  func warmUp() throws {
    // Eight transitions of a task a round; the first update is made with sixteen.
    let run = try Run(.mlp)
    let before = Array(UnsafeBufferPointer(start: run.learner.policy.parameters.values, count: 100))
    try run.engine.run(until: 1)
    #expect(run.learner.trainer.updates == 0 && run.learner.replay.count(0) == 8)
    let metrics = run.learner.metrics
    #expect(metrics.overall.allSatisfy { $0.name == "updates" || $0.value.isNaN })
    #expect(metrics.tasks[0].filter { $0.value.isNaN }.map(\.name) == ["entropy", "q", "loss", "gradient_norm"])
    #expect(Array(UnsafeBufferPointer(start: run.learner.policy.parameters.values, count: 100)) == before)
    try run.engine.run(until: 2)
    #expect(run.learner.trainer.updates == 2)
    #expect(Array(UnsafeBufferPointer(start: run.learner.policy.parameters.values, count: 100)) != before)
    // The initial policy's actions are near 0 only if it plays; uniform ones are not.
    let replay = run.learner.replay
    let records = replay.records(0).bindMemory(to: Float.self)
    let stride = 2 * replay.observation + replay.action + 2
    let actions = (0..<16).map { records[$0 * stride + replay.observation] }
    #expect(actions.contains { abs($0) > 0.7 } && actions.allSatisfy { abs($0) <= 1 })
    #expect(Set(actions).count == 16)
  }

  @Test("Transitions are what happened: each goes on where the one before ended")
  func transitions() throws {
    let run = try Run(.mlp) { $0.replay.capacity = 2048 }
    try run.engine.run(until: 80)
    let replay = run.learner.replay
    let records = replay.records(1).bindMemory(to: Float.self)
    let (size, stride) = (replay.observation, 2 * replay.observation + replay.action + 2)
    // Two environments in turn; episodes are truncated after 150 steps, so each of them has ended twice.
    var breaks = 0
    for number in 0..<replay.count(1) - 2 {
      let next = (0..<size).map { records[number * stride + size + replay.action + 1 + $0] }
      let following = (0..<size).map { records[(number + 2) * stride + $0] }
      breaks += next == following ? 0 : 1
      #expect(records[(number + 1) * stride - 1] == 0, "planar tasks never terminate")
    }
    #expect(breaks == 4)
  }

  @Test("A network a task: what one learns doesn't touch the others")
  func separate() throws {
    func parameters(_ tasks: [String]) throws -> [Float] {
      let run = try Run(.separate, tasks: tasks, shards: tasks.count)
      // Parameters are named alike whatever the number of tasks: both runs begin with the first task's.
      try run.engine.run(until: 6)
      let layout = run.learner.policy.parameters.layout
      return layout.entries.flatMap { entry in
        run.learner.policy.parameters[entry.parameter].prefix(entry.parameter.shape.count / tasks.count)
      }
    }
    let (alone, beside) = (try parameters(["reach"]), try parameters(["reach", "push"]))
    #expect(zip(alone, beside).allSatisfy { abs($0 - $1) <= 1e-5 })
  }

  @Test("Tasks and numbers that don't fit are refused by name")
  func refusals() throws {
    #expect(throws: EngineError.notDivisible(what: "tasks", value: 3, by: "shards", 2)) {
      try Run(.mlp, shards: 2)
    }
    #expect(throws: EngineError.mixedTasks(tasks: 3, shards: 1)) {
      try Run(.mlp, shards: 1) { $0.replay.aggregation = .pcgrad }
    }
    #expect(throws: EngineError.outOfRange(name: "replay of a task", value: 4, least: 5)) {
      try Run(.mlp) { ($0.replay.capacity, $0.replay.warmUp) = (4, 0) }
    }
    #expect(throws: EngineError.outOfRange(name: "updates", value: -1, least: 0)) {
      try Run(.mlp) { $0.replay.updates = -1 }
    }
    #expect(throws: EngineError.outOfRange(name: "batch", value: 0, least: 1)) { try Run(.mlp) { $0.replay.batch = 0 } }
    #expect(throws: EngineError.self) {
      try SAC(
        SAC.Configuration(), shape: RunShape(tasks: 1, environmentsPerTask: 1, unroll: 1, groups: 1, shards: 1, lag: 0),
        tasks: [Suites.make("goals").tasks[0]], seed: 1)
    }
  }
}
