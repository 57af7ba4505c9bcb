import Engine
import Environments
import Layers
import Tensors
import Testing

@testable import Algorithms

/// IMPALA on vectors and boxes of actions that differ from task to task.
@Suite("IMPALA with boxes of actions", .serialized)
struct BoxTests {
  private struct Run {
    let learner: IMPALA
    let engine: RoundEngine

    init(_ set: TaskSet, lag: Int, threads: Int = 1, lstm: Int = 0, learningRate: Float = 1e-3) throws {
      var configuration = IMPALA.Configuration()
      (configuration.network, configuration.lstm, configuration.extras) = (.dense, lstm, lstm > 0)
      configuration.learningRate = learningRate
      let count = set.tasks.count
      let shape = try RunShape(
        tasks: count, environmentsPerTask: 2, unroll: 6, groups: count, shards: count, lag: lag)
      let learner = try IMPALA(configuration, shape: shape, tasks: set.tasks, totalSteps: 10_000, seed: 5)
      let groups = try (0..<count).map {
        try Group($0, shape: shape, tasks: set.tasks, seed: 5, recurrentSize: lstm)
      }
      engine = RoundEngine(
        shape: shape, groups: groups,
        blocks: RoundEngine.blocks(
          shape: shape, observation: set.observation, action: set.action, recurrentSize: lstm),
        learner: learner, threads: threads)
      self.learner = learner
    }

    func parameters(after rounds: Int) throws -> [Float] {
      try engine.run(until: rounds)
      let buffer = learner.parameters(version: rounds)
      return (0..<buffer.count).map { buffer.values[$0] }
    }
  }

  private static func set(_ ids: [String] = []) throws -> TaskSet {
    try Suites.make("control-continuous", tasks: ids, context: .oneHot)
  }

  @Test("Threads don't change a bit", arguments: [0, 1], [0, 8])
  func threads(lag: Int, lstm: Int) throws {
    let one = try Run(Self.set(), lag: lag, lstm: lstm).parameters(after: 10)
    let finite = one.allSatisfy { $0.isFinite }
    #expect(finite)
    for threads in 2...3 {
      let several = try Run(Self.set(), lag: lag, threads: threads, lstm: lstm).parameters(after: 10)
      #expect(several == one)
    }
  }

  @Test("Acting and learning agree on the policy: at lag 0 every importance ratio is one", arguments: [0, 8])
  func consistency(lstm: Int) throws {
    let run = try Run(Self.set(), lag: 0, lstm: lstm, learningRate: 0)
    try run.engine.run(until: 5)
    #expect(run.learner.statistics.largestLogRho <= 1e-4)
  }

  @Test("What padding adds is neither seen nor learned")
  func padding() throws {
    // The pendulum alone, as wide as all four tasks: numbers 3..<8 of its observation and dimension 1 of its action are
    // padding, and 8 + 1...3 are the marks of other tasks.
    let run = try Run(Self.set().subset(["pendulum"]), lag: 0)
    let before = ParameterBuffer(run.learner.layout)
    before.copy(from: run.learner.parameters(version: 0))
    try run.engine.run(until: 8)
    let after = run.learner.parameters(version: 8)
    func parameter(_ name: String) -> Parameter { run.learner.layout.entries.first { $0.name == name }!.parameter }

    let input = parameter("trunk.fc0.weight")
    for number in 0..<input.shape[0] {
      let row = number * input.shape[1]..<(number + 1) * input.shape[1]
      let moved = row.contains { before[input][$0] != after[input][$0] }
      #expect(moved == (number < 3 || number == 8), "number \(number) of the observation")
    }
    let output = parameter("policy.weight")
    for column in 0..<output.shape[1] {
      let moved = (0..<output.shape[0]).contains {
        let i = $0 * output.shape[1] + column
        return before[output][i] != after[output][i]
      }
      // Two means, then two logarithms of deviations.
      #expect(moved == (column == 0 || column == 2), "output \(column) of the policy")
    }
  }

  @Test("A convolution refuses vectors, and says what reads them")
  func refusesVectors() throws {
    var configuration = IMPALA.Configuration()
    configuration.network = .small
    let set = try Self.set(["pendulum"])
    let shape = try RunShape(tasks: 1, environmentsPerTask: 1, unroll: 1, groups: 1, shards: 1, lag: 0)
    let error = #expect(throws: EngineError.self) {
      try IMPALA(configuration, shape: shape, tasks: set.tasks, totalSteps: 1, seed: 1)
    }
    #expect(
      error?.description == "network small reads images; this observation is a vector of 3 floats: choose dense")
  }
}
