import Algorithms
import Engine
import Environments
import Layers
import Replay
import Tensors
import Testing

/// Deep Q-learning for many tasks (Mnih et al. 2015), of public declarations alone: what your own package would write.
private final class DQN: ReplayAlgorithm, @unchecked Sendable {
  let trainer: ReplayTrainer<Void>
  private let q: TrainedNetwork
  private let epsilon: Float = 0.2

  static let title = "DQN"
  static let presets = [
    Preset<ReplayConfiguration>("dqn", "Deep Q-learning (Mnih et al. 2015)")
  ]
  static let settings: [Setting<ReplayConfiguration>] = []
  static let accepts = AcceptedSpaces([.vectors], [.discrete])
  static let defaultSuite = "control"

  private static func network(_ tasks: [Task]) throws(EngineError) -> (MultilayerPerceptron, ParameterLayout) {
    var layout = ParameterLayout()
    let network = MultilayerPerceptron(
      &layout, "q", inputs: try ReplayConfiguration.observationSize(tasks), outputs: tasks[0].action.count,
      tasks: tasks.count, layers: 1, width: 16, sharing: .trunk)
    return (network, layout)
  }

  static func memory(
    _ configuration: ReplayConfiguration, shape: RunShape, tasks: [Task], threads: Int
  ) throws(EngineError) -> MemoryUse {
    try configuration.memory(
      shape: shape, tasks: tasks, networks: [.init(network(tasks).1, hasTargets: true, passes: 2)])
  }

  init(
    _ configuration: ReplayConfiguration, shape: RunShape, tasks: [Task], totalSteps _: Int, seed: UInt64
  ) throws(EngineError) {
    let (network, layout) = try Self.network(tasks)
    q = TrainedNetwork("Q", network, layout, hasTargets: true, shards: shape.shards, configuration, seed: seed)
    trainer = try ReplayTrainer(configuration, shape: shape, tasks: tasks, networks: [q], seed: seed)
  }

  private func rows(_ task: UnsafePointer<Int32>) -> TaskRows { TaskRows(tasks: trainer.tasks.count, task: task) }

  /// Allowed actions of a row, of a mask `[rows, A]`.
  private func allowed(_ mask: UnsafePointer<UInt8>, _ row: Int) -> [Int] {
    let actions = trainer.tasks[0].action.count
    return (0..<actions).filter { mask[row * actions + $0] != 0 }
  }

  func act(_ observation: Tensor, _ rows: ActorRows, version: Int) {
    let values = q.network(observation, self.rows(rows.task))
    for column in 0..<rows.columns {
      let (allowed, noise) = (allowed(rows.mask, column), rows.greedy ? 1 : rows.noise[column])
      let best = allowed.max { values[column, $0] < values[column, $1] }!
      rows.action[column] = Int32(noise < epsilon ? allowed[Int(noise / epsilon * Float(allowed.count))] : best)
      rows.logProbability[column] = 0
    }
  }

  /// y = r + gamma (1 - d) max_a' Q'(s', a').
  func targets(_ batch: ReplayBatch) -> Tensor {
    let (values, best) = (q.target(batch.next, rows(batch.task)), batch.tape.constant(batch.reward.shape))
    for row in 0..<batch.rows { best.values[row] = allowed(batch.mask, row).map { values[row, $0] }.max()! }
    return batch.reward + 0.9 * (1 - batch.terminated) * best
  }

  /// J = mean (Q(s, a) - y)^2.
  func losses(_ batch: ReplayBatch, _: Void, targets y: Tensor) {
    let value = select(q(batch.observation, rows(batch.task), shard: batch.shard), action: batch.choices)
    q.minimize((1 / Float(batch.size * trainer.tasks.count)) * sum(square(value - y)), batch)
  }

  var metrics: LearnerMetrics {
    var metrics = LearnerMetrics(tasks: trainer.tasks.count)
    metrics.overall = [("updates", Double(trainer.updates)), ("loss", q.loss)]
    trainer.addGradients(to: &metrics)
    return metrics
  }

  /// Q(s, a) for each action of one observation of a task.
  func values(_ observation: [Float], task: Int) -> [Float] {
    let tape = Tape()
    tape.begin(values: q.parameters)
    var task = Int32(task)
    let x = tape.constant(observation, Shape(1, observation.count))
    let y = q(x, rows(&task))
    return (0..<y.count).map { y.values[$0] }
  }
}

extension Tensor {
  fileprivate subscript(_ row: Int, _ column: Int) -> Float { values[row * shape[1] + column] }
}

/// Two pictures in turn and three actions, one of which pays 1; where `continues`, an episode never ends.
private final class TwoPictures: Environment {
  let slots: Int
  private let best: Int, continues: Bool
  private var steps: [Int32]

  init(slots: Int, best: Int, continues: Bool) {
    (self.slots, self.best, self.continues) = (slots, best, continues)
    steps = Array(repeating: 0, count: slots)
  }

  static func task(_ id: String, best: Int, continues: Bool) -> Task {
    let leaf = ObservationLeaf(name: "picture", element: .float32, shape: [2])
    return Task(
      id: id, observation: ObservationSpace([leaf]), action: .discrete(3), actionMask: [true, true, true], scores: nil,
      parameters: [:]
    ) { replicas, _, _ in TwoPictures(slots: replicas.count, best: best, continues: continues) }
  }

  private func show(_ slot: Int, in rows: ObservationRows) {
    let picture = (rows.leaves[0] + slot * 8).assumingMemoryBound(to: Float.self)
    (picture[0], picture[1]) = steps[slot].isMultiple(of: 2) ? (1, 0) : (0, 1)
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    for slot in 0..<slots { show(slot, in: observation) }
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      rows.reward[slot] = action.discrete![slot] == Int32(best) + steps[slot] % 2 ? 1 : 0
      (rows.terminated[slot], rows.truncated[slot], rows.valid[slot]) = (continues ? 0 : 1, 0, 1)
      (rows.success[slot], rows.lives[slot]) = (0, 0)
      if !continues { show(slot, in: rows.finalObservation) }
      steps[slot] += 1
      show(slot, in: rows.observation)
    }
    return .done
  }

  func saveState() -> [UInt8]? { steps.withUnsafeBytes(Array.init) }
  func restoreState(_ saved: [UInt8]) { steps = saved.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) } }
}

@Suite("Replay algorithms", .serialized)
struct ReplayAlgorithmTests {
  private struct Run {
    let learner: DQN
    let engine: RoundEngine

    init(lag: Int = 1, threads: Int = 1, seed: UInt64 = 3) throws {
      let tasks = [
        TwoPictures.task("ends", best: 0, continues: false), TwoPictures.task("continues", best: 1, continues: true),
      ]
      let shape = try RunShape(tasks: 2, environmentsPerTask: 2, unroll: 4, groups: 2, shards: 2, lag: lag)
      var configuration = ReplayConfiguration()
      (configuration.batch, configuration.capacity, configuration.warmUp, configuration.updates) = (8, 64, 16, 2)
      (configuration.learningRate, configuration.targetRate) = (1e-2, 0.05)
      learner = try DQN(configuration, shape: shape, tasks: tasks, totalSteps: .max, seed: seed)
      let groups = try (0..<2).map { try Group($0, shape: shape, tasks: tasks, seed: seed, recurrentSize: 0) }
      engine = RoundEngine(
        shape: shape, groups: groups,
        blocks: RoundEngine.blocks(
          shape: shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: 0),
        learner: learner, threads: threads)
    }

    func archive() -> StateArchive {
      var archive = StateArchive()
      learner.saveModel(into: &archive)
      learner.saveTraining(into: &archive)
      return archive
    }

    func state(after rounds: Int) throws -> [UInt8] {
      try engine.run(until: rounds)
      return archive().entries.flatMap(\.bytes)
    }
  }

  @Test("DQN on it learns the values of actions, of episodes that end and of one that goes on")
  func learns() throws {
    let run = try Run()
    try run.engine.run(until: 600)
    for picture in 0..<2 {
      let observation: [Float] = picture == 0 ? [1, 0] : [0, 1]
      // One reward; and 1 + 0.9 + 0.81 + ... = 10, or the same from the next step on.
      for (task, best, values) in [(0, picture, (1, 0)), (1, 1 + picture, (10, 9))] as [(Int, Int, (Float, Float))] {
        for (action, value) in run.learner.values(observation, task: task).enumerated() {
          let expected = action == best ? values.0 : values.1
          #expect(abs(value - expected) <= 0.1 * max(expected, 1), "task \(task), picture \(picture), action \(action)")
        }
      }
    }
    let metrics = run.learner.metrics
    #expect(metrics.overall.allSatisfy { $0.value.isFinite } && metrics.overall[0].value > 1000)
    #expect(metrics.tasks.allSatisfy { $0.map(\.name) == ["gradient_norm"] })
  }

  @Test("Threads and a stop don't change a bit; the seed does", arguments: [0, 1])
  func bits(lag: Int) throws {
    let state = try Run(lag: lag).state(after: 9)
    for threads in 2...3 {
      let same = try Run(lag: lag, threads: threads).state(after: 9) == state
      #expect(same)
    }
    let other = try Run(lag: lag, seed: 4).state(after: 9) != state
    #expect(other)

    let stopped = try Run(lag: lag)
    try stopped.engine.run(until: 5)
    var archive = stopped.archive()
    #expect(try stopped.engine.saveState(into: &archive))
    let resumed = try Run(lag: lag, threads: 2)
    try resumed.learner.restoreModel(from: archive)
    try resumed.learner.restoreTraining(from: archive)
    try resumed.engine.restoreState(from: archive, round: 5, exact: true)
    let same = try resumed.state(after: 9) == state
    #expect(same)
  }

  @Test("Actions are kept one-hot, and random play tries them all")
  func oneHot() throws {
    let run = try Run()
    try run.engine.run(until: 2)
    #expect(run.learner.trainer.updates == 2)
    let records = run.learner.replay.records(0).bindMemory(to: Float.self)
    let actions = (0..<run.learner.replay.count(0)).map { Array(records[$0 * 9 + 2..<$0 * 9 + 5]) }
    #expect(actions.allSatisfy { $0.sorted() == [0, 0, 1] } && Set(actions).count == 3)
  }
}
