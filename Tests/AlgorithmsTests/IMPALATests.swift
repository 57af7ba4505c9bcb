import Engine
import Environments
import Layers
import Returns
import Tensors
import TestSupport
import Testing

@testable import Algorithms

/// IMPALA on counting environments: small enough that whole runs take a second.
private struct Run {
  let shape: RunShape
  let learner: IMPALA
  let engine: RoundEngine
  let blocks: [[RoundBlock]]

  init(
    lag: Int = 1, threads: Int = 1, tasks ids: [String] = ["low", "high", "middle"], lstm: Int = 0,
    unroll: Int = 6, values: IMPALA.Values = .popArt, rewardScale: Float = 1,
    change: (inout IMPALA.Configuration) -> Void = { _ in }
  ) throws {
    var configuration = IMPALA.Configuration()
    (configuration.network, configuration.values) = (.small, values)
    (configuration.lstm, configuration.extras) = (lstm, lstm > 0)
    change(&configuration)
    let shape = try RunShape(
      tasks: ids.count, environmentsPerTask: 2, unroll: unroll, groups: ids.count, shards: ids.count, lag: lag)
    let tasks = try ids.map {
      try CountingEnvironment.task($0, length: 4 + $0.count).wrapped(by: .rewardScale(rewardScale))
    }
    learner = try IMPALA(configuration, shape: shape, tasks: tasks, totalSteps: 10_000, seed: 5)
    let groups = try (0..<ids.count).map {
      try Group($0, shape: shape, tasks: tasks, seed: 5, recurrentSize: lstm)
    }
    blocks = RoundEngine.blocks(
      shape: shape, observation: CountingEnvironment.observation, action: .discrete(3),
      recurrentSize: lstm)
    engine = RoundEngine(shape: shape, groups: groups, blocks: blocks, learner: learner, threads: threads)
    self.shape = shape
  }

  /// All parameters and statistics after `rounds` updates.
  func parameters(after rounds: Int) throws -> [Float] {
    try engine.run(until: rounds)
    let buffer = learner.parameters(version: rounds)
    return (0..<buffer.count).map { buffer.values[$0] } + (learner.popArt.mu + learner.popArt.nu).map { Float($0) }
  }
}

@Suite("IMPALA", .serialized)
struct IMPALATests {
  @Test("Threads don't change a bit, with and without an LSTM", arguments: [0, 1, 2], [0, 8])
  func threads(lag: Int, lstm: Int) throws {
    let one = try Run(lag: lag, lstm: lstm).parameters(after: 12)
    for threads in 2...4 { #expect(try Run(lag: lag, threads: threads, lstm: lstm).parameters(after: 12) == one) }
  }

  @Test("Acting and learning agree on the policy: at lag 0 every importance ratio is one")
  func consistency() throws {
    // With lag 0 and one update the learner evaluates the very policy that acted; were reset, reward, action or state
    // misaligned, log rho would not vanish.
    for lstm in [0, 8] {
      let run = try Run(lag: 0, lstm: lstm) { $0.learningRate = 0 }
      try run.engine.run(until: 5)
      #expect(run.learner.statistics.largestLogRho <= 1e-5)
    }
  }

  @Test("Gradients of tasks that a shard each holds have norms, and angles between them")
  func gradients() throws {
    let run = try Run()
    try run.engine.run(until: 3)
    let metrics = run.learner.metrics
    let overall = Dictionary(uniqueKeysWithValues: metrics.overall.map { ($0.name, $0.value) })
    let (mean, least) = (try #require(overall["gradient/cosine_mean"]), try #require(overall["gradient/cosine_min"]))
    #expect(least <= mean && least >= -1 && mean <= 1)
    #expect(metrics.tasks.allSatisfy { $0.contains { $0.name == "gradient_norm" && $0.value > 0 } })
  }

  /// At lag 0 every ratio is one, so targets are returns to the end of the unroll, with V(final observation) where an
  /// episode is truncated. With sigma = 1 and beta = 1/2 mu then shows their mean, which is worked out here step by step.
  @Test("Tasks' gradients become one as asked for, whatever the threads", arguments: GradientAggregation.allCases)
  func aggregation(rule: GradientAggregation) throws {
    let run = try Run { $0.aggregation = rule }
    let parameters = try run.parameters(after: 4)
    #expect(try Run(threads: 3) { $0.aggregation = rule }.parameters(after: 4) == parameters)
    if rule != .sum { #expect(try Run().parameters(after: 4) != parameters) }
    let gradients = run.learner.shards.map(\.gradient)
    let gram = GramMatrix(gradients, ranges: [0..<gradients[0].count])
    let tasks = ["low", "high", "middle"]
    let order = AddressedRandomness(seed: 5, tasks: tasks, shared: false).order(tasks: tasks.count, update: 3)
    let norm = gram.squaredNorm(ofSum: rule.weights(gram, order: order)).squareRoot()
    #expect(abs(run.learner.statistics.gradientNorm - norm) <= 1e-5 * norm)
    let shape = try RunShape(tasks: 1, environmentsPerTask: 4, unroll: 2, groups: 2, shards: 2, lag: 0)
    func make() throws {
      var configuration = IMPALA.Configuration()
      (configuration.network, configuration.aggregation) = (.small, rule)
      _ = try IMPALA(
        configuration, shape: shape, tasks: [CountingEnvironment.task("one", length: 3)], totalSteps: 1, seed: 1)
    }
    if rule == .sum { try make() } else { #expect(throws: EngineError.mixedTasks(tasks: 1, shards: 2)) { try make() } }
  }

  @Test("A truncated episode goes on with the value of its final observation", arguments: [0, 8])
  func truncation(lstm: Int) throws {
    let run = try Run(lag: 0, tasks: ["task"], lstm: lstm, unroll: 20) {
      ($0.learningRate, $0.popArt.beta, $0.discount) = (0, 0.5, 0.9)
    }
    let heads = run.learner.layout.entries.first { $0.name == "value.weight" }!.parameter
    for i in 0..<heads.shape.count { run.learner.parameters(version: 0)[heads][i] = Float(i % 7) - 2.5 }
    // The update rescales the heads.
    let parameters = ParameterBuffer(run.learner.layout)
    parameters.copy(from: run.learner.parameters(version: 0))
    try run.engine.run(until: 1)

    let block = run.blocks[0][0]
    let network = try AgentNetwork(
      AgentNetwork.Configuration(trunk: .small, lstm: lstm, extras: lstm > 0, valueHeads: 1),
      observation: CountingEnvironment.observation, action: .discrete(3))
    let tape = Tape()
    var (mu, truncations) = (0.0, 0)
    for column in 0..<block.columns {
      let hidden = UnsafeMutablePointer<Float>.allocate(capacity: 8)
      let cell = UnsafeMutablePointer<Float>.allocate(capacity: 8)
      defer {
        hidden.deallocate()
        cell.deallocate()
      }
      hidden.initialize(repeating: 0, count: 8)
      cell.initialize(repeating: 0, count: 8)
      /// V of one observation from the state so far, which it moves on.
      func value(_ observation: UnsafeRawPointer, row: Int, isFirst: UInt8) -> Double {
        tape.begin(values: parameters)
        let (first, head) = (tape.memory(1, of: UInt8.self), tape.memory(1, of: Int32.self))
        (first[0], head[0]) = (isFirst, 0)
        let (features, states) = network.features(
          AgentNetwork.Input(
            steps: 1, columns: 1, observation: observation, previousReward: block.reward + row,
            previousAction: block.action + row, previousBox: block.box, isFirst: first, hidden: hidden, cell: cell),
          tape)
        let value = network.values(features, task: head).values[0]
        if let states {
          hidden.update(from: states.hidden + lstm, count: lstm)
          cell.update(from: states.cell + lstm, count: lstm)
        }
        return Double(value)
      }
      var (values, finals) = ([Double](), [Int: Double]())
      for step in 0...block.steps {
        let row = step * block.columns + column
        values.append(
          value(block.observation(leaf: 0, step: step, column: column), row: row, isFirst: block.isFirst[row]))
        if step < block.steps && block.isTruncated(step: step, column: column) {
          let saved = (0..<lstm).map { (hidden[$0], cell[$0]) }
          finals[step] = value(
            block.finalObservation(leaf: 0, step: step, column: column), row: row + block.columns, isFirst: 0)
          for (i, state) in saved.enumerated() { (hidden[i], cell[i]) = state }
        }
      }
      truncations += finals.count
      var (target, sum) = (values[block.steps], 0.0)
      for step in (0..<block.steps).reversed() {
        let next = (step + 1) * block.columns + column
        let bootstrap = block.terminated[next] != 0 ? 0 : finals[step] ?? target
        target = Double(block.reward[next]) + 0.9 * bootstrap
        sum += target
      }
      mu = 0.5 * mu + 0.5 * sum / Double(block.steps)
    }
    #expect(truncations > 0)
    #expect(abs(run.learner.popArt.mu[0] - mu) <= 1e-4 * max(1, abs(mu)))
  }

  @Test("Permuting the tasks permutes one learner step")
  func permutation() throws {
    let ids = ["low", "high", "middle"], permuted = ["middle", "low", "high"]
    let (one, two) = (try Run(tasks: ids), try Run(tasks: permuted))
    try one.engine.run(until: 1)
    try two.engine.run(until: 1)
    let (a, b) = (one.learner.parameters(version: 1), two.learner.parameters(version: 1))
    let layout = one.learner.layout
    let heads = layout.entries.first { $0.name == "value.weight" }!.parameter
    for entry in layout.entries where !entry.name.hasPrefix("value") {
      #expect(relativeError(a.values + entry.parameter.offset, Array(b[entry.parameter]), floor: 1e-3) <= 1e-5)
    }
    let inputs = heads.shape[1]
    for (index, id) in ids.enumerated() {
      let other = permuted.firstIndex(of: id)!
      let row = Array(b[heads][other * inputs..<(other + 1) * inputs])
      #expect(relativeError(a.values + heads.offset + index * inputs, row, floor: 1e-3) <= 1e-5)
      #expect(abs(one.learner.popArt.mu[index] - two.learner.popArt.mu[other]) <= 1e-9)
    }
  }

  @Test("Statistics first learns too, and differs from the papers' order")
  func statisticsFirst() throws {
    let usual = try Run().parameters(after: 4)
    let first = try Run { $0.statisticsFirst = true }.parameters(after: 4)
    #expect(first.allSatisfy { $0.isFinite })
    #expect(first != usual)
    #expect(try Run(threads: 3) { $0.statisticsFirst = true }.parameters(after: 4) == first)
  }

  @Test(
    "With a corrected start rewards of any size are learned from alike, to the bit",
    arguments: [0x1p-40, 0x1p-20, 0x1p40, 0x1p80] as [Float])
  func rewardScales(scale: Float) throws {
    func run(_ scale: Float) throws -> (parameters: [Float], statistics: PopArt) {
      let run = try Run(rewardScale: scale) {
        ($0.popArt.correctsStart, $0.popArt.lowerBound, $0.popArt.upperBound) = (true, 1e-30, 1e30)
      }
      try run.engine.run(until: 20)
      let buffer = run.learner.parameters(version: 20)
      return ((0..<buffer.count).map { buffer.values[$0] }, run.learner.popArt)
    }
    let (one, other) = try (run(1), run(scale))
    #expect(one.parameters == other.parameters)
    for task in 0..<3 {
      #expect(other.statistics.mu[task] == one.statistics.mu[task] * Double(scale))
      #expect(other.statistics.sigma(task) == one.statistics.sigma(task) * Double(scale))
      #expect(one.statistics.mu[task] > 0 && one.statistics.bound(task) == nil)
    }
  }

  @Test("Where sigma is at a bound, the numbers and a remark of each task say so")
  func bounds() throws {
    for (lower, upper, setting) in [(1e3, 1e6, "popart-lower-bound"), (1e-9, 1e-6, "popart-upper-bound")] {
      let run = try Run { ($0.popArt.lowerBound, $0.popArt.upperBound) = (lower, upper) }
      try run.engine.run(until: 2)
      let metrics = run.learner.metrics
      #expect(metrics.tasks.allSatisfy { $0.contains { $0 == ("sigma_at_bound", 1) } })
      #expect(metrics.remarks.count == 3 && metrics.remarks[1].hasPrefix("high: "))
      #expect(metrics.remarks.allSatisfy { $0.contains(setting) && !$0.contains("\n") })
    }
    let run = try Run()
    try run.engine.run(until: 2)
    #expect(run.learner.metrics.remarks.isEmpty)
    #expect(run.learner.metrics.tasks.allSatisfy { $0.contains { $0 == ("sigma_at_bound", 0) } })
  }

  @Test("Without PopArt the statistics stay where they begin")
  func shared() throws {
    let run = try Run(values: .shared)
    try run.engine.run(until: 5)
    #expect(run.learner.popArt == PopArt(tasks: 3))
  }

  @Test("A loss that is not finite ends the run with the task's name and the quantity, and makes no new parameters")
  func divergence() throws {
    let run = try Run { $0.learningRate = .greatestFiniteMagnitude }
    let error = try #require(throws: DivergenceError.self) { try run.engine.run(until: 50) }
    #expect(["low", "high", "middle"].contains(error.task))
    #expect(!error.value.isFinite)
    #expect(run.learner.popArt.mu.allSatisfy { $0.isFinite })
    #expect(run.engine.round < 50)
  }

  @Test("A steady-state round takes no more memory for its tapes")
  func memory() throws {
    let run = try Run(lstm: 8)
    try run.engine.run(until: 20)
    let before = run.engine.tapeCapacity
    try run.engine.run(until: 40)
    #expect(run.engine.tapeCapacity == before)
  }
}
