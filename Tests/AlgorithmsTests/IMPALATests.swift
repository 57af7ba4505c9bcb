import Algorithms
import Engine
import Environments
import Layers
import Returns
import Tensors
import TestSupport
import Testing

/// IMPALA on counting environments: small enough that whole runs take a second.
private struct Run {
  let shape: RunShape
  let learner: IMPALA
  let engine: RoundEngine

  init(
    lag: Int = 1, threads: Int = 1, tasks ids: [String] = ["low", "high", "middle"], lstm: Int = 0,
    values: IMPALA.Values = .popArt, change: (inout IMPALA.Configuration) -> Void = { _ in }
  ) throws {
    var configuration = IMPALA.Configuration()
    (configuration.network, configuration.values) = (.small, values)
    (configuration.lstm, configuration.extras) = (lstm, lstm > 0)
    change(&configuration)
    let shape = try RunShape(
      tasks: ids.count, environmentsPerTask: 2, unroll: 6, groups: ids.count, shards: ids.count, lag: lag)
    let tasks = ids.map { CountingEnvironment.task($0, length: 4 + $0.count) }
    learner = try IMPALA(configuration, shape: shape, tasks: tasks, actions: 3, totalSteps: 10_000, seed: 5)
    let groups = try (0..<ids.count).map {
      try Group($0, shape: shape, tasks: tasks, actions: 3, seed: 5, recurrentSize: lstm)
    }
    engine = RoundEngine(
      shape: shape, groups: groups,
      blocks: RoundEngine.blocks(shape: shape, observation: CountingEnvironment.observation, recurrentSize: lstm),
      learner: learner, threads: threads)
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
    // misaligned, log rho would not vanish. Advantages then equal n-step returns, which the loss of V-trace shows.
    for lstm in [0, 8] {
      let run = try Run(lag: 0, lstm: lstm) { $0.learningRate = 0 }
      try run.engine.run(until: 5)
      #expect(run.learner.statistics.largestLogRho <= 1e-5)
    }
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

  @Test("Without PopArt the statistics stay where they begin")
  func shared() throws {
    let run = try Run(values: .shared)
    try run.engine.run(until: 5)
    #expect(run.learner.popArt == PopArt(tasks: 3))
  }

  @Test("A step that is not finite ends the run with the task's name, and the parameters stay as they were")
  func divergence() throws {
    let run = try Run { $0.learningRate = .greatestFiniteMagnitude }
    #expect(throws: DivergenceError.self) { try run.engine.run(until: 50) }
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
