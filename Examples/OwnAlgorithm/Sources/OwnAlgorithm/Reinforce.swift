import Polymath

/// REINFORCE with a learned baseline, for any number of tasks.
///
///     L = mean( -log pi(a|x) (G - b(x)) + c (G - b(x))^2 )
///
/// G_t = r_t + gamma G_(t+1) goes to the end of the episode; where the unroll or a time limit ends it first, b of what
/// followed stands for the rest.
///
/// - Source: Williams 1992; Sutton and Barto 2018, section 13.4.
final class Reinforce: Algorithm, @unchecked Sendable {
  struct Configuration: Hyperparameters {
    /// Units of the hidden layer.
    var width = 64
    /// gamma, per agent step.
    var discount: Float = 0.99
    /// c, weight of the baseline's loss.
    var baselineCost: Float = 0.5
    /// Step size of Adam.
    var learningRate: Float = 3e-3
  }

  // MARK: What it is

  static let title = "REINFORCE"
  static let presets = [Preset<Configuration>("reinforce", "REINFORCE with a baseline (Williams 1992)")]
  static let accepts = AcceptedSpaces([.vectors], [.discrete, .box])
  static let defaultSuite = "corridor"
  static let settings: [Setting<Configuration>] = [
    .integer("width", \.width, 1...4096, "units of the hidden layer"),
    .real("discount", \.discount, .from(0, below: 1), "gamma per agent step"),
    .real("baseline-cost", \.baselineCost, .finite(from: 0), "weight of the baseline's loss"),
    .real("learning-rate", \.learningRate, .finite(from: 0), "step size of Adam"),
  ]

  static func adapt(_: inout Configuration, _ run: inout RunConfiguration, to _: Suite.Traits) {
    // Policy gradients are of the policy that acted: it must be the newest.
    (run.lag, run.taskContext, run.steps) = (0, .oneHot, 100_000)
  }

  static func memory(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], threads: Int
  ) throws(EngineError) -> MemoryUse {
    let layout = Network(tasks[0].observation, tasks[0].action, width: configuration.width).layout
    var use = MemoryUse()
    // Versions, two moments, their sum and one gradient per shard.
    use.add(copies: shape.lag + 1 + 3 + shape.shards, floats: layout.extent)
    use.addRounds(shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: 0)
    use.addTapes(threads, rows: (shape.unroll + 1) * shape.columnsPerShard, activations: layout.activations)
    return use
  }

  // MARK: State

  private let configuration: Configuration
  private let shape: RunShape
  private let tasks: [Task]
  private let network: Network
  private let versions: Versions<ParameterBuffer>
  private let adam: Adam
  private let gradients: [ParameterBuffer]
  private let reduction: GradientReduction
  /// Per shard, written by the thread that works on it.
  private let losses: UnsafeMutableBufferPointer<Double>
  private var round = 0

  init(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], totalSteps _: Int, seed: UInt64
  ) throws(EngineError) {
    (self.configuration, self.shape, self.tasks) = (configuration, shape, tasks)
    let network = Network(tasks[0].observation, tasks[0].action, width: configuration.width)
    let layout = network.layout
    self.network = network
    versions = Versions(lag: shape.lag) { ParameterBuffer(layout) }
    for version in versions.places { version.initialize(seed: seed) }
    adam = Adam(layout)
    gradients = (0..<shape.shards).map { _ in ParameterBuffer(layout) }
    reduction = GradientReduction(
      gradients, into: ParameterBuffer(layout), ranges: [0..<layout.extent], pieces: 1, aggregation: .sum)
    losses = .allocate(capacity: shape.shards)
    losses.initialize(repeating: .nan)
  }

  deinit { losses.deallocate() }

  // MARK: Acting and learning

  let recurrentSize = 0
  let phases = 1
  var times: [WorkTime] { [] }

  func act(_ rows: ActorRows, version: Int, tape: Tape) {
    tape.begin(values: versions[version])
    network.policy.act(network(rows.observation(leaf: 0), rows: rows.columns, tape).features, rows)
  }

  func work(phase _: Int, shard: Int, round: Int, block: RoundBlock, tape: Tape) {
    gradients[shard].zero()
    tape.begin(values: versions[round], gradients: gradients[shard])
    let (columns, count) = (block.columns, block.steps * block.columns)
    // Row T serves as what followed the last action.
    let (features, b) = network(block.observations[0], rows: count + columns, tape)
    let returns = Transitions(block, value: b.values, discount: configuration.discount, on: tape) {
      network($0.observation, rows: $0.count, tape).b
    }.returns()
    let tasksOfColumns = Array(shape.columnTasks[shape.columns(ofShard: shard)])
    let (logPi, _) = network.policy.evaluate(
      features.rows(0..<count), action: block.action + columns, box: block.box + columns * block.dimension,
      mask: PolicyHead.masks(rows: count, columnTasks: tasksOfColumns, of: tasks, on: tape))

    let (advantage, weights) = (tape.constant(Shape(count)), tape.constant(Shape(count)))
    for row in 0..<count {
      weights.values[row] = block.valid[row + columns] == 0 ? 0 : 1
      advantage.values[row] = weights.values[row] * (returns.values[row] - b.values[row])
    }
    let loss =
      configuration.baselineCost * mean(weights * square(returns - b.prefix(count))) - mean(advantage * logPi)
    losses[shard] = Double(loss.values[0])
    tape.backward(from: loss)
  }

  func finish(phase _: Int, round: Int) throws {
    for loss in losses where !loss.isFinite {
      throw DivergenceError(task: tasks.map(\.id).joined(separator: ", "), quantity: "loss", value: loss)
    }
    reduction.reduce(piece: 0)
    reduction.clip(limit: 1)
    let next = versions[round + 1]
    if shape.lag > 0 { next.copy(from: versions[round]) }
    adam.step(
      next, gradients: reduction.gradient, ranges: reduction.ranges(piece: 0),
      learningRate: configuration.learningRate, clip: reduction.factor, step: round + 1)
    self.round = round + 1
  }

  // MARK: Reports and checkpoints

  var parameterCount: Int { network.layout.parameterCount }

  var metrics: LearnerMetrics {
    var metrics = LearnerMetrics(tasks: tasks.count)
    metrics.overall = [("loss", losses.reduce(0, +)), ("gradient/norm", reduction.norm)]
    return metrics
  }

  func saveModel(into archive: inout StateArchive) { archive.add(versions[round]) }

  func restoreModel(from archive: StateArchive) throws(EngineError) {
    for version in versions.places { try archive.restore(version) }
  }

  func saveTraining(into archive: inout StateArchive) {
    archive.add(adam.firstMoment, prefix: "first_moment.")
    archive.add(adam.secondMoment, prefix: "second_moment.")
  }

  func restoreTraining(from archive: StateArchive) throws(EngineError) {
    try archive.restore(adam.firstMoment, prefix: "first_moment.")
    try archive.restore(adam.secondMoment, prefix: "second_moment.", isSquare: true)
  }
}
