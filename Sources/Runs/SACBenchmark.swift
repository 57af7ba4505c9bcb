import Algorithms
import CKernels
import Engine
import Environments
import Replay
import Synchronization
import Tensors

/// Speed of SAC's updates at the sizes of Meta-World, on random transitions.
public struct SACBenchmark {
  private let training: (engine: RoundEngine, learner: SAC)
  /// Updates that are timed together: acting, which a round has once, hardly counts.
  public static let updatesPerRound = 4

  /// - Parameters:
  ///   - batch: Of all tasks.
  /// - Throws: `EngineError` where the batch can't be shared equally by tasks, or the tasks by shards.
  public init(_ configuration: SAC.Configuration, tasks: Int, batch: Int, shards: Int, threads: Int) throws {
    guard batch >= tasks, batch.isMultiple(of: tasks) else {
      throw EngineError.notDivisible(what: "transitions of a batch", value: batch, by: "tasks", tasks)
    }
    let (observation, action) = (39, 4)
    let leaf = ObservationLeaf(name: "state", element: .float32, shape: [observation])
    let all = (0..<tasks).map { index in
      Task(
        id: "still\(index)", observation: ObservationSpace([leaf]), action: .box(action),
        actionMask: Array(repeating: true, count: action), scores: nil, parameters: [:]
      ) { replicas, _, _ in
        StillEnvironment(slots: replicas.count, first: Array(repeating: 0, count: replicas.count * leaf.byteCount))
      }
    }
    let shape = try RunShape(
      tasks: tasks, environmentsPerTask: 1, unroll: 1, groups: shards, shards: shards, lag: 1)
    var configuration = configuration
    (configuration.batch, configuration.updates) = (batch / tasks, Self.updatesPerRound)
    (configuration.warmUp, configuration.replay) = (0, max(10_000, batch))
    var run = RunConfiguration()
    (run.algorithm, run.sac, run.threads) = (Preset.multiTaskSAC.rawValue, configuration, threads)
    try MemoryEstimate.check(run, shape, all, for: .training)
    let learner = try SAC(configuration, shape: shape, tasks: all, seed: 1)
    Self.fill(learner, tasks: tasks, observation: observation, action: action, count: configuration.replay)
    let groups = try (0..<shards).map { try Group($0, shape: shape, tasks: all, seed: 1, recurrentSize: 0) }
    let blocks = RoundEngine.blocks(
      shape: shape, observation: all[0].observation, action: all[0].action, recurrentSize: 0)
    training = (
      RoundEngine(shape: shape, groups: groups, blocks: blocks, learner: learner, threads: threads), learner
    )
  }

  /// Seconds of an update: means over each of `count` rounds of four.
  public func updates(_ count: Int) throws -> [Double] {
    let ends = Mutex([ContinuousClock.now])
    try training.engine.run(until: training.engine.round + count) { _ in
      ends.withLock { $0.append(.now) }
    }
    return ends.withLock { ends in
      zip(ends.dropFirst(), ends).map { ($0 - $1) / .seconds(1) / Double(Self.updatesPerRound) }
    }
  }

  /// What BLAS reaches here and now: floating point operations a second of one thread, the best of five products of
  /// 768 x 768 x 768.
  public static func productRate() -> Double {
    let size = 768
    let x = [Float](repeating: 1, count: size * size)
    var y = x
    let times = (0..<5).map { _ in
      ContinuousClock().measure { ck_linear_forward(&y, x, x, nil, size, size, size) }
    }
    return 2 * Double(size * size * size) / (times.min()! / .seconds(1))
  }

  /// Where the threads' time went.
  public var times: [WorkTime] { training.learner.times }

  private static func fill(_ learner: SAC, tasks: Int, observation: Int, action: Int, count: Int) {
    let random = RandomStream(seed: 1, name: "benchmark", purpose: .environment)
    var numbers = [Float](repeating: 0, count: 2 * observation + action + 1)
    for index in 0..<count {
      random.normal(step: UInt64(index), into: &numbers, count: numbers.count)
      numbers.withUnsafeMutableBufferPointer {
        let start = UnsafePointer($0.baseAddress!)
        for d in observation..<observation + action { $0[d] = max(-1, min($0[d], 1)) }
        for task in 0..<tasks {
          learner.replay.append(
            task: task, observation: start, action: start + observation, reward: start[observation + action],
            next: start + observation + action + 1, terminated: false)
        }
      }
    }
  }
}
