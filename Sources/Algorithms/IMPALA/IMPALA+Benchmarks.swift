import Engine
import Environments
import Foundation
import Layers
import Synchronization
import Tensors

extension IMPALA {
  public static let benchmarks: [any Benchmark.Type] = [LearnerBenchmark.self, InferenceBenchmark.self]

  /// Updates as a run makes them, on random pictures.
  public struct LearnerBenchmark: Benchmark {
    public static let name = "learner"
    public static let abstract =
      "IMPALA's update: forward, V-trace, losses, backward, clip, RMSProp. Steps are agent steps, T B an update."
    public var network = TrunkKind.deep
    public var batch = 32
    public var unroll = 20
    public var shards = 4
    public var threads = 1
    public var repetitions = 10

    public init() {}

    public static let settings: [Setting<Self>] = [
      .choice("network", \.network, "trunk"),
      .integer("batch", \.batch, 1...4096, "environments, B"),
      .integer("unroll", \.unroll, 1...10_000, "steps of an unroll, T"),
      .integer("shards", \.shards, 1...4096, "parts of the batch that are differentiated together"),
      .integer("threads", \.threads, 1...1024, "threads"),
      .integer("repetitions", \.repetitions, 1...1_000_000, "repetitions that are timed, after two that are not"),
    ]

    private var pictures: Pictures { Pictures(network) }
    private var shape: RunShape {
      get throws(EngineError) {
        try RunShape(tasks: 1, environmentsPerTask: batch, unroll: unroll, groups: shards, shards: shards, lag: 1)
      }
    }

    public func memory() throws -> MemoryUse {
      try IMPALA.memory(pictures.configuration, shape: shape, tasks: [pictures.task], threads: threads)
    }

    public func measure() throws -> BenchmarkResult {
      let (shape, task) = (try shape, pictures.task)
      let learner = try IMPALA(pictures.configuration, shape: shape, tasks: [task], totalSteps: .max, seed: 1)
      let blocks = RoundEngine.blocks(
        shape: shape, observation: task.observation, action: task.action, recurrentSize: 0)
      for block in blocks.joined() { pictures.fill(block) }
      // One a thread.
      nonisolated(unsafe) let tapes = (0..<threads).map { _ in Tape() }
      let seconds = try (0..<repetitions + 2).map { round in
        let start = ContinuousClock.now
        let next = Atomic(0)
        runOnThreads(threads) { thread in
          while true {
            let shard = next.add(1, ordering: .relaxed).oldValue
            if shard >= shape.shards { return }
            learner.work(
              phase: 0, shard: shard, round: round, block: blocks[round % blocks.count][shard], tape: tapes[thread])
          }
        }
        try learner.finish(phase: 0, round: round)
        return (ContinuousClock.now - start) / .seconds(1)
      }
      return BenchmarkResult(
        steps: unroll * batch, in: seconds, "network \(network.rawValue), batch \(batch), threads \(threads)")
    }
  }

  /// One forward pass for B environments, and sampling.
  public struct InferenceBenchmark: Benchmark {
    public static let name = "inference"
    public static let abstract = "Acting with IMPALA's network: one forward pass for B environments, and sampling."
    public var network = TrunkKind.deep
    public var batch = 32
    public var repetitions = 10
    public var threads: Int { 1 }
    private let unroll = 10

    public init() {}

    public static let settings: [Setting<Self>] = [
      .choice("network", \.network, "trunk"),
      .integer("batch", \.batch, 1...4096, "environments, B"),
      .integer("repetitions", \.repetitions, 1...1_000_000, "repetitions that are timed, after two that are not"),
    ]

    private var pictures: Pictures { Pictures(network) }
    private var shape: RunShape {
      get throws(EngineError) {
        try RunShape(tasks: 1, environmentsPerTask: batch, unroll: unroll, groups: 1, shards: 1, lag: 1)
      }
    }

    public func memory() throws -> MemoryUse {
      var use = try IMPALA.memory(pictures.configuration, shape: shape, tasks: [pictures.task], threads: 1)
      (use.rounds, use.activations) = (0, 0)
      return use
    }

    public func measure() throws -> BenchmarkResult {
      let task = pictures.task
      let learner = try IMPALA(pictures.configuration, shape: shape, tasks: [task], totalSteps: .max, seed: 1)
      let player = try Player([task], policy: learner, slots: batch, unroll: unroll, seed: 1)
      let seconds = try (0..<repetitions + 2).map { _ in
        let start = ContinuousClock.now
        try player.unroll()
        return (ContinuousClock.now - start) / .seconds(1) / Double(unroll)
      }
      return BenchmarkResult(steps: batch, in: seconds, "network \(network.rawValue), batch \(batch), threads 1")
    }
  }
}

/// A task of random pictures, as the published trunks read them.
private struct Pictures {
  let network: TrunkKind
  init(_ network: TrunkKind) { self.network = network }

  var configuration: IMPALA.Configuration {
    var configuration = IMPALA.Configuration()
    configuration.network = network
    return configuration
  }

  private var actions: Int { network == .small ? 6 : 18 }

  var task: Task {
    let shape = network == .small ? [10, 10, 10] : [84, 84, 4]
    let leaf = ObservationLeaf(name: "picture", element: .uint8, shape: shape, scale: 1 / 255)
    return Task(
      id: "pictures", observation: ObservationSpace([leaf]), action: .discrete(actions),
      actionMask: Array(repeating: true, count: actions), scores: nil, parameters: [:]
    ) { replicas, _, _ in
      ConstantEnvironment(
        slots: replicas.count, observation: (0..<replicas.count * leaf.byteCount).map(Self.shade))
    }
  }

  private static func shade(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: (index &* 2_654_435_761) >> 13) }

  func fill(_ block: RoundBlock) {
    let random = RandomStream(seed: 1, name: "benchmark", purpose: .environment)
    let rows = (block.steps + 1) * block.columns
    let picture = task.observation.leaves[0].byteCount
    let bytes = block.observations[0].assumingMemoryBound(to: UInt8.self)
    for i in 0..<rows * picture { bytes[i] = Self.shade(i) }
    for row in 0..<rows {
      block.reward[row] = random.uniform(step: UInt64(row)) - 0.5
      block.action[row] = Int32(row % actions)
      block.valid[row] = 1
    }
    block.logProbability.update(repeating: -2.9, count: block.steps * block.columns)
  }
}

extension BenchmarkResult {
  /// - Parameter seconds: Each for `steps` steps; the first two are not counted.
  fileprivate init(steps: Int, in seconds: [Double], _ description: String) {
    let timed = seconds.dropFirst(2).sorted().map { 1e3 * $0 }
    let median = timed[timed.count / 2]
    func text(_ milliseconds: Double) -> String { String(format: "%.3f", milliseconds) }
    self.init(
      rate: 1e3 * Double(steps) / median, unit: "steps",
      remarks: [
        "\(text(median)) ms for \(steps), median of \(timed.count), \(text(timed[0])) to \(text(timed[timed.count - 1])) ms",
        description,
      ])
  }
}
