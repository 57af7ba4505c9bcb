import CKernels
import Engine
import Environments
import Layers
import Returns
import Tensors

/// IMPALA with per-task PopArt: one policy for many tasks, learned from actors that lag behind.
///
/// - Source: Espeholt et al. 2018, "IMPALA" (1802.01561); Hessel et al. 2018, "Multi-task deep reinforcement learning
///   with PopArt" (1809.04474).
/// - Differs from the source: actors lag by a fixed number of updates instead of by chance, and a value head starts at
///   zero instead of at random, so that every value starts at its task's mean.
public final class IMPALA: Algorithm, @unchecked Sendable {
  public let configuration: Configuration
  public let shape: RunShape
  public var layout: ParameterLayout { network.layout }
  public var recurrentSize: Int { configuration.lstm }
  /// Statistics of each task's returns; mu = 0, sigma = 1 for good without PopArt.
  public internal(set) var popArt: PopArt
  public let optimizer: RMSProp

  let network: AgentNetwork
  let tasks: [Task]
  /// Steps of the whole run, over which the learning rate falls.
  private let totalSteps: Int
  private let versions: Versions<ParameterBuffer>
  /// The version that the last update made.
  private(set) var newest: ParameterBuffer
  let shards: [ShardResult]
  private let reduction: GradientReduction
  private let randomness: AddressedRandomness
  private var reduceTime = Stopwatch(), optimizeTime = Stopwatch(), publishTime = Stopwatch()
  /// The statistics before they moved.
  var before: PopArt

  /// - Parameters:
  ///   - tasks: All with the same spaces; what a task lacks of them, its mask says.
  ///   - totalSteps: Agent steps of the whole run.
  /// - Throws: `EngineError` where the network can't read the observations.
  public init(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], totalSteps: Int, seed: UInt64
  ) throws(EngineError) {
    (self.configuration, self.shape, self.tasks, self.totalSteps) = (configuration, shape, tasks, totalSteps)
    try configuration.aggregation.check(shards: shape.shards, tasks: tasks.count)
    network = try Self.network(configuration, tasks)
    let layout = network.layout
    versions = Versions(lag: shape.lag) { ParameterBuffer(layout) }
    versions[0].initialize(seed: seed)
    newest = versions[0]
    optimizer = RMSProp(layout, configuration.rmsProp)
    popArt = PopArt(tasks: tasks.count, configuration.popArt)
    before = PopArt(tasks: tasks.count, configuration.popArt)
    let shards = (0..<shape.shards).map {
      ShardResult(layout, columns: Array(shape.columnTasks[shape.columns(ofShard: $0)]))
    }
    self.shards = shards
    reduction = GradientReduction(
      shards.map(\.gradient), into: ParameterBuffer(layout), ranges: [0..<layout.extent], pieces: 1,
      aggregation: configuration.aggregation)
    randomness = AddressedRandomness(seed: seed, tasks: tasks.map(\.id), shared: false)
  }

  static func network(
    _ configuration: Configuration, _ tasks: [Task]
  ) throws(EngineError) -> AgentNetwork {
    try accepts.check(tasks, of: title)
    return try AgentNetwork(
      AgentNetwork.Configuration(
        trunk: configuration.network, lstm: configuration.lstm, extras: configuration.extras,
        valueHeads: configuration.values == .shared ? 1 : tasks.count),
      observation: tasks[0].observation, action: tasks[0].action)
  }

  /// Parameters of version `version`, one of the last `lag + 1`.
  public func parameters(version: Int) -> ParameterBuffer { versions[version] }

  public var times: [WorkTime] {
    [
      ("forward", shards.reduce(0) { $0 + $1.forwardTime.seconds }),
      ("backward", shards.reduce(0) { $0 + $1.backwardTime.seconds }), ("reduce", reduceTime.seconds),
      ("optimise", optimizeTime.seconds), ("publish", publishTime.seconds),
    ]
  }

  public var phases: Int { configuration.statisticsFirst && configuration.values == .popArt ? 2 : 1 }

  // MARK: Acting

  public func act(_ rows: ActorRows, version: Int, tape: Tape) {
    tape.begin(values: parameters(version: version))
    let (features, states) = network.features(AgentNetwork.Input(rows), tape)
    network.policy.act(features, rows)
    if let states {
      let count = rows.columns * configuration.lstm
      rows.hidden.update(from: states.hidden + count, count: count)
      rows.cell.update(from: states.cell + count, count: count)
    }
  }

  // MARK: Loss

  public func work(phase: Int, shard: Int, round: Int, block: RoundBlock, tape: Tape) {
    let shard = shards[shard]
    let learns = phase == phases - 1
    if learns { shard.gradient.zero() }
    tape.begin(values: parameters(version: round), gradients: learns ? shard.gradient : nil)

    let loss = IMPALALoss(configuration: configuration, popArt: popArt, columnTasks: shard.tasks)
    let transitions = IMPALALoss.Transitions(block)
    let (outputs, targets) = shard.forwardTime.time {
      let outputs = forward(block, shard, loss, tape)
      let targets = loss.targets(
        logPi: outputs.logPi, value: outputs.value, nextValue: outputs.nextValue, transitions)
      return (outputs, targets)
    }
    shard.noteMoments(of: targets.vs, valid: transitions.valid)
    if !learns { return }
    shard.backwardTime.time {
      let terms = loss(logPi: outputs.logPi, entropy: outputs.entropy, n: outputs.n, targets)
      tape.backward(from: terms.loss)
      shard.note(terms, targets)
    }
  }

  private struct Outputs {
    /// log pi(a_t|x_t), the policy's entropy and n(x_t), `[T * C]`.
    let logPi, entropy, n: Tensor
    /// V(x_t), and V of what followed a_t, `[T, C]`.
    let value, nextValue: TimeMajor<Float>
  }

  /// Runs the network over the T + 1 rows of a block; the last row serves the bootstrap alone.
  private func forward(_ block: RoundBlock, _ shard: ShardResult, _ loss: IMPALALoss, _ tape: Tape) -> Outputs {
    let (steps, columns, count) = (block.steps, block.columns, block.steps * block.columns)
    let (features, states) = network.features(AgentNetwork.Input(block), tape)
    let (logPi, entropy) = network.policy.evaluate(
      features.rows(0..<count), action: block.action + columns, box: block.box + columns * block.dimension,
      mask: PolicyHead.masks(rows: count, columnTasks: shard.tasks, of: tasks, on: tape))
    let n = network.values(features, task: shard.heads(rows: count + columns, tape, head(of:)))

    let values = TimeMajor(tape.memory(count + columns, of: Float.self), steps: steps + 1, columns: columns)
    for t in 0...steps {
      for c in 0..<columns { values[t, c] = loss.unnormalize(n.values[t * columns + c], shard.tasks[c]) }
    }
    let nextValue = TimeMajor(tape.memory(count, of: Float.self), steps: steps, columns: columns)
    nextValue.start.update(from: values.start + columns, count: count)
    bootstrapTruncated(block, shard, loss, states, nextValue, tape)
    return Outputs(
      logPi: logPi, entropy: entropy, n: n.prefix(count),
      value: TimeMajor(values.start, steps: steps, columns: columns), nextValue: nextValue)
  }

  /// V(final observation) for the episodes that were cut off: one more forward pass over just these rows.
  private func bootstrapTruncated(
    _ block: RoundBlock, _ shard: ShardResult, _ loss: IMPALALoss, _ states: LSTMOutput?,
    _ nextValue: TimeMajor<Float>, _ tape: Tape
  ) {
    guard let cut = block.truncations(leaf: 0, hidden: states?.hidden, cell: states?.cell, on: tape) else { return }
    let heads = tape.memory(cut.count, of: Int32.self)
    for row in 0..<cut.count { heads[row] = head(of: shard.tasks[cut.place(of: row).column]) }
    tape.withoutGradient {
      let (features, _) = network.features(AgentNetwork.Input(cut), tape)
      let n = network.values(features, task: heads)
      for row in 0..<cut.count {
        let (t, c) = cut.place(of: row)
        nextValue[t, c] = loss.unnormalize(n.values[row], shard.tasks[c])
      }
    }
  }

  /// The value head of a task.
  private func head(of task: Int) -> Int32 { configuration.values == .shared ? 0 : Int32(task) }

  // MARK: Update

  public func finish(phase: Int, round: Int) throws {
    if phase < phases - 1 {
      moveStatistics(rescaling: parameters(version: round))
      return
    }
    for shard in shards { try shard.checkFinite(tasks) }
    reduceTime.time {
      reduction.reduce(piece: 0)
      let order = configuration.aggregation == .pcgrad ? randomness.order(tasks: tasks.count, update: round) : []
      reduction.clip(limit: configuration.gradientNorm, order: order)
      reduction.combine(piece: 0)
    }
    let next = parameters(version: round + 1)
    publishTime.time {
      if shape.lag > 0 { next.copy(from: parameters(version: round)) }
    }
    let progress = Float(Double(round * shape.stepsPerRound) / Double(max(totalSteps, 1)))
    let rate = configuration.learningRate * (configuration.annealing ? max(0, 1 - progress) : 1)
    optimizeTime.time {
      // Without returns there is nothing to learn, and RMSProp makes a full step of the smallest gradient.
      if tasks.indices.contains(where: popArt.knowsReturns) {
        forEachTouchedRange {
          optimizer.step(
            next, gradients: reduction.gradient, range: $0, learningRate: rate, clip: reduction.factor)
        }
      }
      if configuration.values == .popArt && phases == 1 { moveStatistics(rescaling: next) }
    }
    newest = next
  }

  /// What the last update saw. Only between rounds, or when one has just ended.
  public var statistics: Statistics { Statistics(gradientNorm: reduction.norm, shards: shards, tasks: tasks.count) }

  // MARK: State

  /// Goes on with saved statistics and with the parameters that `fill` writes. Every version becomes these: where
  /// environments begin afresh, rounds that an exact resume would find done are played again, by the newest policy
  /// there is.
  func restore<Failure: Error>(
    popArt statistics: PopArt, parameters fill: (ParameterBuffer) throws(Failure) -> Void
  ) throws(Failure) {
    try fill(versions[0])
    for version in versions.places.dropFirst() { version.copy(from: versions[0]) }
    (popArt, newest) = (statistics, versions[0])
  }
}
