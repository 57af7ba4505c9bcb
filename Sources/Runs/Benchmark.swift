import Algorithms
import Engine
import Environments
import Layers
import Returns
import Synchronization
import Tensors

/// Speed of learning and of acting apart from everything else, on random pictures.
public struct Benchmark {
  public let network: TrunkKind
  /// T.
  public let unroll: Int
  /// B: environments.
  public let batch: Int
  public let shards: Int
  public let threads: Int

  public init(network: TrunkKind, unroll: Int, batch: Int, shards: Int, threads: Int) {
    (self.network, self.unroll, self.batch) = (network, unroll, batch)
    (self.shards, self.threads) = (shards, threads)
  }

  /// Seconds of each of `count` updates of IMPALA, as a run makes them: T B agent steps each.
  public func updates(_ count: Int) throws -> [Double] {
    let (learner, shape) = try learner(for: .training)
    let blocks = RoundEngine.blocks(shape: shape, observation: task.observation, action: task.action, recurrentSize: 0)
    let random = RandomStream(seed: 1, name: "benchmark", purpose: .environment)
    for block in blocks.joined() { fill(block, random) }
    // One a thread.
    nonisolated(unsafe) let tapes = (0..<threads).map { _ in Tape() }
    return try (0..<count).map { round in
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
  }

  /// Seconds of a batch of B actions: means over each of `count` unrolls.
  public func actions(_ count: Int) throws -> [Double] {
    let (learner, _) = try learner(for: .acting)
    let player = try Player([task], policy: learner, slots: batch, unroll: unroll, seed: 1)
    return try (0..<count).map { _ in
      let start = ContinuousClock.now
      try player.unroll()
      return (ContinuousClock.now - start) / .seconds(1) / Double(unroll)
    }
  }

  /// Seconds of each of `count` V-trace scans over `[T, B]`.
  public static func vTrace(_ count: Int, unroll: Int, batch: Int) -> [Double] {
    let random = RandomStream(seed: 1, name: "vtrace", purpose: .environment)
    func numbers(_ step: UInt64, _ value: (Float) -> Float) -> [Float] {
      var numbers = [Float](repeating: 0, count: unroll * batch)
      random.uniform(step: step, into: &numbers, count: numbers.count)
      return numbers.map(value)
    }
    let (logRho, reward) = (numbers(0) { 0.6 * $0 - 0.3 }, numbers(1) { 2 * $0 - 1 })
    let ends = numbers(2) { $0 }
    let discount = ends.map { $0 < 0.02 ? Float(0) : 0.99 }
    let continues = ends.map { $0 < 0.02 ? UInt8(0) : 1 }
    let (value, nextValue) = (numbers(3) { $0 }, numbers(4) { $0 })
    let valid = [UInt8](repeating: 1, count: unroll * batch)
    var (vs, advantage) = (reward, reward)
    return (0..<count).map { _ in
      let start = ContinuousClock.now
      VTrace()(
        vs: &vs, advantage: &advantage, logRho: logRho, reward: reward, discount: discount, continues: continues,
        value: value, nextValue: nextValue, valid: valid, steps: unroll, batch: batch)
      return (ContinuousClock.now - start) / .seconds(1)
    }
  }

  private func learner(for purpose: MemoryEstimate.Purpose) throws -> (IMPALA, RunShape) {
    let shape = try RunShape(
      tasks: 1, environmentsPerTask: batch, unroll: unroll, groups: shards, shards: shards, lag: 1)
    var run = RunConfiguration()
    (run.impala.network, run.threads, run.unroll, run.environmentsPerTask) = (network, threads, unroll, batch)
    try MemoryEstimate.check(run, shape, [task], for: purpose)
    return (try IMPALA(run.impala, shape: shape, tasks: [task], totalSteps: .max, seed: 1), shape)
  }

  private var actions: Int { network == .small ? 6 : 18 }

  private var task: Task {
    let shape = network == .small ? [10, 10, 10] : [84, 84, 4]
    let leaf = ObservationLeaf(name: "picture", element: .uint8, shape: shape, scale: 1 / 255)
    return Task(
      id: "still", observation: ObservationSpace([leaf]), action: .discrete(actions),
      actionMask: Array(repeating: true, count: actions), scores: nil, parameters: [:]
    ) { replicas, _, _ in
      StillEnvironment(
        slots: replicas.count,
        first: (0..<replicas.count * leaf.byteCount).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
    }
  }

  private func fill(_ block: RoundBlock, _ random: RandomStream) {
    let rows = (block.steps + 1) * block.columns
    let picture = task.observation.leaves[0].byteCount
    let bytes = block.observations[0].assumingMemoryBound(to: UInt8.self)
    for i in 0..<rows * picture { bytes[i] = UInt8(truncatingIfNeeded: (i &* 2_654_435_761) >> 13) }
    for row in 0..<rows {
      block.reward[row] = random.uniform(step: UInt64(row)) - 0.5
      block.action[row] = Int32(row % actions)
      block.valid[row] = 1
    }
    block.logProbability.update(repeating: -2.9, count: block.steps * block.columns)
  }
}
