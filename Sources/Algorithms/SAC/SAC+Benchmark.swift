import CKernels
import Engine
import Environments
import Foundation
import Layers
import Replay
import Synchronization
import Tensors

extension SAC {
  public static let benchmarks: [any Benchmark.Type] = [UpdateBenchmark.self]

  /// Updates at the sizes of Meta-World, on random transitions.
  public struct UpdateBenchmark: Benchmark {
    public static let name = "sac"
    public static let abstract =
      "SAC's update at the sizes of Meta-World: temperatures, policy, two critics, Adam, targets."

    /// What is timed, as the speed tables name it.
    public enum Network: String, CaseIterable, Sendable {
      case multiTask = "mt-sac"
      case multiHead = "mt-mh-sac"
      case softShallow = "soft-shallow"
      case softDeep = "soft-deep"
    }

    public var network = Network.softShallow
    public var tasks = 10
    /// Transitions of all tasks.
    public var batch = 1280
    public var shards = 2
    public var threads = 1
    public var repetitions = 7
    /// Updates that are timed together: acting, which a round has once, hardly counts.
    private static let updatesPerRound = 4
    private static let (observation, action) = (39, 4)

    public init() {}

    public static let settings: [Setting<Self>] = [
      .choice("network", \.network, "network"),
      .integer("tasks", \.tasks, 1...1000, "tasks"),
      .integer("batch", \.batch, 1...65_536, "transitions of a batch, of all tasks"),
      .integer("shards", \.shards, 1...4096, "parts of the batch that are differentiated together"),
      .integer("threads", \.threads, 1...1024, "threads"),
      .integer(
        "repetitions", \.repetitions, 1...100_000, "rounds of four updates that are timed, after one that is not"),
    ]

    private var configuration: Configuration {
      var configuration = Configuration()
      configuration.balance = .code
      switch network {
      case .multiTask: configuration.network = .mlp
      case .multiHead: configuration.network = .multiHead
      case .softShallow: break
      case .softDeep: configuration.routing = .deep
      }
      (configuration.replay.batch, configuration.replay.updates) = (batch / tasks, Self.updatesPerRound)
      (configuration.replay.warmUp, configuration.replay.capacity) = (0, max(10_000, batch))
      return configuration
    }

    private var shape: RunShape {
      get throws(EngineError) {
        guard batch >= tasks, batch.isMultiple(of: tasks) else {
          throw .notDivisible(what: "transitions of a batch", value: batch, by: "tasks", tasks)
        }
        return try RunShape(tasks: tasks, environmentsPerTask: 1, unroll: 1, groups: shards, shards: shards, lag: 1)
      }
    }

    private var constantTasks: [Task] {
      let leaf = ObservationLeaf(name: "state", element: .float32, shape: [Self.observation])
      return (0..<tasks).map { index in
        Task(
          id: "constant\(index)", observation: ObservationSpace([leaf]), action: .box(Self.action),
          actionMask: Array(repeating: true, count: Self.action), scores: nil, parameters: [:]
        ) { replicas, _, _ in
          ConstantEnvironment(
            slots: replicas.count, observation: Array(repeating: 0, count: replicas.count * leaf.byteCount))
        }
      }
    }

    public func memory() throws -> MemoryUse {
      try SAC.memory(configuration, shape: shape, tasks: constantTasks, threads: threads)
    }

    public func measure() throws -> BenchmarkResult {
      let (shape, all) = (try shape, constantTasks)
      let learner = try SAC(configuration, shape: shape, tasks: all, seed: 1)
      fill(learner.replay)
      let groups = try (0..<shards).map { try Group($0, shape: shape, tasks: all, seed: 1, recurrentSize: 0) }
      let blocks = RoundEngine.blocks(
        shape: shape, observation: all[0].observation, action: all[0].action, recurrentSize: 0)
      let engine = RoundEngine(shape: shape, groups: groups, blocks: blocks, learner: learner, threads: threads)
      _ = try Self.round(engine)
      let before = learner.times
      // Other programs may slow both, so that both are timed in turn.
      let measured = try (0..<repetitions).map { _ in
        (seconds: try Self.round(engine), rate: Self.productRate())
      }
      func median(_ number: ((seconds: Double, rate: Double)) -> Double) -> Double {
        measured.map(number).sorted()[measured.count / 2]
      }
      let seconds = median(\.seconds)
      return BenchmarkResult(
        rate: 1 / seconds, unit: "updates",
        remarks: [
          String(format: "%.1f ms each", 1e3 * seconds),
          "network \(network.rawValue), batch \(batch), threads \(threads)",
          String(
            format: "meanwhile one thread of BLAS makes %.0f GFLOP/s: %.1f GFLOP in the time of an update",
            median(\.rate) / 1e9, median { $0.seconds * $0.rate } / 1e9),
        ],
        times: (
          zip(learner.times, before).map { ($0.work, $0.seconds - $1.seconds) },
          Double(threads * Self.updatesPerRound) * measured.reduce(0) { $0 + $1.seconds }
        ))
    }

    /// Seconds of an update: the mean over a round of four.
    private static func round(_ engine: RoundEngine) throws -> Double {
      let start = ContinuousClock.now
      let end = Mutex(start)
      try engine.run(until: engine.round + 1) { _ in end.withLock { $0 = .now } }
      return (end.withLock { $0 } - start) / .seconds(1) / Double(updatesPerRound)
    }

    /// What BLAS reaches here and now: floating point operations a second of one thread, the best of five products of
    /// 768 x 768 x 768.
    private static func productRate() -> Double {
      let size = 768
      let x = [Float](repeating: 1, count: size * size)
      var y = x
      let times = (0..<5).map { _ in
        ContinuousClock().measure { ck_linear_forward(&y, x, x, nil, size, size, size) }
      }
      return 2 * Double(size * size * size) / (times.min()! / .seconds(1))
    }

    private func fill(_ replay: TaskReplay) {
      let random = RandomStream(seed: 1, name: "benchmark", purpose: .environment)
      let (observation, action) = (Self.observation, Self.action)
      var numbers = [Float](repeating: 0, count: 2 * observation + action + 1)
      for index in 0..<configuration.replay.capacity {
        random.normal(step: UInt64(index), into: &numbers, count: numbers.count)
        numbers.withUnsafeMutableBufferPointer {
          let start = UnsafePointer($0.baseAddress!)
          for d in observation..<observation + action { $0[d] = max(-1, min($0[d], 1)) }
          for task in 0..<tasks {
            replay.append(
              task: task, observation: start, action: start + observation, reward: start[observation + action],
              next: start + observation + action + 1, terminated: false)
          }
        }
      }
    }
  }
}
