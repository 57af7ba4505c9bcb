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
  public private(set) var popArt: PopArt
  public let optimizer: RMSProp

  private let network: AgentNetwork
  let tasks: [Task]
  /// Steps of the whole run, over which the learning rate falls.
  private let totalSteps: Int
  /// Version v of the parameters is in buffer v mod (lag + 1).
  private let versions: [ParameterBuffer]
  /// The version that the last update made.
  private(set) var newest: ParameterBuffer
  private let shards: [ShardResult]
  private let gradient: ParameterBuffer
  private var gradientNorm = 0.0
  private var reduceTime = Stopwatch(), optimizeTime = Stopwatch(), publishTime = Stopwatch()
  /// The statistics before they moved.
  private var before: PopArt

  /// - Parameters:
  ///   - tasks: All with the same spaces; what a task lacks of them, its mask says.
  ///   - totalSteps: Agent steps of the whole run.
  /// - Throws: `EngineError` where the network can't read the observations.
  public init(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], totalSteps: Int, seed: UInt64
  ) throws(EngineError) {
    (self.configuration, self.shape, self.tasks, self.totalSteps) = (configuration, shape, tasks, totalSteps)
    network = try Self.network(configuration, tasks)
    let layout = network.layout
    versions = (0...shape.lag).map { _ in ParameterBuffer(layout) }
    versions[0].initialize(seed: seed)
    newest = versions[0]
    optimizer = RMSProp(layout, configuration.rmsProp)
    popArt = PopArt(tasks: tasks.count, configuration.popArt)
    before = PopArt(tasks: tasks.count, configuration.popArt)
    gradient = ParameterBuffer(layout)
    shards = (0..<shape.shards).map {
      ShardResult(layout, columns: Array(shape.columnTasks[shape.columns(ofShard: $0)]))
    }
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
  public func parameters(version: Int) -> ParameterBuffer { versions[version % versions.count] }

  public var times: [WorkTime] {
    [
      ("forward", shards.reduce(0) { $0 + $1.forwardTime.seconds }),
      ("backward", shards.reduce(0) { $0 + $1.backwardTime.seconds }), ("reduce", reduceTime.seconds),
      ("optimise", optimizeTime.seconds), ("publish", publishTime.seconds),
    ]
  }

  public var phases: Int { configuration.statisticsFirst && configuration.values == .popArt ? 2 : 1 }

  // MARK: Actor

  public func act(_ rows: ActorRows, version: Int, tape: Tape) {
    tape.begin(values: parameters(version: version))
    let (features, states) = network.features(
      AgentNetwork.Input(
        steps: 1, columns: rows.columns, observation: rows.observation(leaf: 0), previousReward: rows.previousReward,
        previousAction: rows.previousAction, previousBox: rows.previousBox, isFirst: rows.isFirst,
        hidden: rows.hidden, cell: rows.cell),
      tape)
    network.policy.act(features, rows)
    if let states {
      let count = rows.columns * configuration.lstm
      rows.hidden.update(from: states.hidden + count, count: count)
      rows.cell.update(from: states.cell + count, count: count)
    }
  }

  // MARK: Learner

  public func work(phase: Int, shard: Int, round: Int, block: RoundBlock, tape: Tape) {
    let shard = shards[shard]
    let learns = phase == phases - 1
    if learns { shard.gradient.zero() }
    tape.begin(values: parameters(version: round), gradients: learns ? shard.gradient : nil)

    let loss = IMPALALoss(configuration: configuration, popArt: popArt, columnTasks: shard.tasks)
    let transitions = transitions(block)
    let (outputs, targets) = shard.forwardTime.time {
      let outputs = forward(block, shard, loss, tape)
      return (
        outputs,
        loss.targets(
          logPi: outputs.logPi.values, value: outputs.value, nextValue: outputs.nextValue, transitions, tape)
      )
    }
    for column in 0..<block.columns {
      shard.moments[column] = ReturnMoments(
        task: shard.tasks[column], vs: targets.vs, valid: transitions.valid, column: column, steps: block.steps,
        batch: block.columns)
    }
    if !learns { return }
    shard.backwardTime.time {
      let terms = loss(
        logPi: outputs.logPi, entropy: outputs.entropy, normalizedValue: outputs.normalizedValue, targets)
      tape.backward(from: terms.loss)
      shard.note(terms, targets, steps: transitions.count)
    }
  }

  /// Row t + 1 of a block holds what followed a_t.
  private func transitions(_ block: RoundBlock) -> IMPALALoss.Transitions {
    let next = block.columns
    return IMPALALoss.Transitions(
      steps: block.steps, columns: block.columns, behaviour: block.logProbability,
      reward: block.reward + next, terminated: block.terminated + next, ended: block.isFirst + next,
      valid: block.valid + next)
  }

  private struct Outputs {
    /// log pi(a_t|x_t) and the policy's entropy, `[T * C]`.
    let logPi, entropy: Tensor
    /// n(x_t), `[T * C]`.
    let normalizedValue: Tensor
    /// V(x_t), and V of what followed a_t, `[T, C]`.
    let value, nextValue: UnsafeMutablePointer<Float>
  }

  /// Runs the network over the T + 1 rows of a block; the last row serves the bootstrap alone.
  private func forward(_ block: RoundBlock, _ shard: ShardResult, _ loss: IMPALALoss, _ tape: Tape) -> Outputs {
    let (columns, count) = (block.columns, block.steps * block.columns)
    let (features, states) = network.features(
      AgentNetwork.Input(
        steps: block.steps + 1, columns: columns, observation: block.observations[0], previousReward: block.reward,
        previousAction: block.action, previousBox: block.box, isFirst: block.isFirst, hidden: block.hidden,
        cell: block.cell),
      tape)
    let (logPi, entropy) = network.policy.evaluate(
      features.rows(0..<count), action: block.action + columns, box: block.box + columns * block.dimension,
      mask: shard.mask(rows: count, tasks: tasks, tape))
    let normalized = network.values(
      features, task: shard.heads(rows: count + columns, shared: configuration.values == .shared, tape))

    let value = tape.memory(count + columns, of: Float.self)
    for row in 0..<count + columns {
      value[row] = loss.unnormalize(normalized.values[row], shard.tasks[row % columns])
    }
    let nextValue = tape.memory(count, of: Float.self)
    nextValue.update(from: value + columns, count: count)
    bootstrapTruncated(block, shard, loss, states, nextValue, tape)
    return Outputs(
      logPi: logPi, entropy: entropy, normalizedValue: normalized.prefix(count), value: value, nextValue: nextValue)
  }

  /// V(final observation) for the episodes that were cut off: one more forward pass over just these rows.
  private func bootstrapTruncated(
    _ block: RoundBlock, _ shard: ShardResult, _ loss: IMPALALoss, _ states: LSTMOutput?,
    _ nextValue: UnsafeMutablePointer<Float>, _ tape: Tape
  ) {
    shard.truncations.removeAll(keepingCapacity: true)
    for row in 0..<block.steps * block.columns
    where block.isTruncated(step: row / block.columns, column: row % block.columns) {
      shard.truncations.append(row)
    }
    let count = shard.truncations.count
    if count == 0 { return }
    let (bytes, units) = (tasks[0].observation.leaves[0].byteCount, configuration.lstm)
    let dimension = block.dimension
    let observation = tape.memory(count * bytes, of: UInt8.self)
    let (reward, action) = (tape.memory(count, of: Float.self), tape.memory(count, of: Int32.self))
    let box = tape.memory(count * dimension, of: Float.self)
    let (isFirst, head) = (tape.memory(count, of: UInt8.self), tape.memory(count, of: Int32.self))
    let (hidden, cell) = (tape.memory(count * units, of: Float.self), tape.memory(count * units, of: Float.self))
    for (i, row) in shard.truncations.enumerated() {
      let (step, column) = (row / block.columns, row % block.columns)
      let final = block.finalObservation(leaf: 0, step: step, column: column)
      UnsafeMutableRawPointer(observation + i * bytes).copyMemory(from: final, byteCount: bytes)
      (reward[i], action[i]) = (block.reward[row + block.columns], block.action[row + block.columns])
      (box + i * dimension).update(from: block.box + (row + block.columns) * dimension, count: dimension)
      isFirst[i] = 0
      head[i] = configuration.values == .shared ? 0 : Int32(shard.tasks[column])
      if let states {
        (hidden + i * units).update(from: states.hidden + (row + block.columns) * units, count: units)
        (cell + i * units).update(from: states.cell + (row + block.columns) * units, count: units)
      }
    }
    tape.withoutGradient {
      let (features, _) = network.features(
        AgentNetwork.Input(
          steps: 1, columns: count, observation: observation, previousReward: reward, previousAction: action,
          previousBox: box, isFirst: isFirst, hidden: hidden, cell: cell),
        tape)
      let normalized = network.values(features, task: head)
      for (i, row) in shard.truncations.enumerated() {
        nextValue[row] = loss.unnormalize(normalized.values[i], shard.tasks[row % block.columns])
      }
    }
  }

  // MARK: Update

  public func finish(phase: Int, round: Int) throws {
    if phase < phases - 1 {
      moveStatistics(rescaling: parameters(version: round))
      return
    }
    try checkFinite()
    reduceTime.time {
      sumGradients()
      gradientNorm = ck_sum_squares(gradient.values, gradient.count).squareRoot()
    }
    let next = parameters(version: round + 1)
    publishTime.time {
      if versions.count > 1 { next.copy(from: parameters(version: round)) }
    }
    let progress = Float(Double(round * shape.stepsPerRound) / Double(max(totalSteps, 1)))
    let rate = configuration.learningRate * (configuration.annealing ? max(0, 1 - progress) : 1)
    let clip = ck_clip_factor(gradientNorm, configuration.gradientNorm)
    optimizeTime.time {
      // Without returns there is nothing to learn, and RMSProp makes a full step of the smallest gradient.
      if tasks.indices.contains(where: popArt.knowsReturns) {
        forEachTouchedRange {
          optimizer.step(next, gradients: gradient, range: $0, learningRate: rate, clip: clip)
        }
      }
      if configuration.values == .popArt && phases == 1 { moveStatistics(rescaling: next) }
    }
    newest = next
  }

  /// What the last update saw. Only between rounds, or when one has just ended.
  public var statistics: Statistics { Statistics(gradientNorm: gradientNorm, shards: shards, tasks: tasks.count) }

  /// Moves mu and nu by the columns' moments, in column order, and rescales the heads of the tasks that had any.
  private func moveStatistics(rescaling parameters: ParameterBuffer) {
    before.copy(from: popArt)
    for shard in shards { popArt.update(UnsafeBufferPointer(shard.moments)) }
    guard configuration.popArt.preservesOutputs else { return }
    let (weight, bias) = (parameters[network.values.weight], parameters[network.values.bias])
    let inputs = network.values.weight.shape[1]
    for task in tasks.indices where popArt.mu[task] != before.mu[task] || popArt.nu[task] != before.nu[task] {
      popArt.preserveOutputs(
        of: task, from: before, weight: weight.baseAddress! + task * inputs, bias: bias.baseAddress! + task,
        inputs: inputs)
    }
  }

  private func sumGradients() {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: shards.count) { blocks in
      for (index, shard) in shards.enumerated() { blocks[index] = UnsafePointer(shard.gradient.values) }
      ck_tree_sum(gradient.values, blocks.baseAddress!, shards.count, gradient.count)
    }
  }

  /// All parameters but the heads of tasks without a valid step, whose optimiser slots must not decay either.
  private func forEachTouchedRange(_ body: (Range<Int>) -> Void) {
    var start = 0
    /// Leaves out the rows of absent tasks; parameters are given in the order in which they lie.
    func leaveOut(_ heads: Parameter) {
      let size = heads.shape.count / tasks.count
      for task in tasks.indices where !shards.contains(where: { $0.hasValidStep(of: task) }) {
        let row = heads.offset + task * size
        if start < row { body(start..<row) }
        start = row + size
      }
    }
    if configuration.values != .shared {
      leaveOut(network.values.weight)
      leaveOut(network.values.bias)
    }
    if start < layout.extent { body(start..<layout.extent) }
  }

  private func checkFinite() throws {
    for shard in shards {
      try check(shard, "policy loss", shard.policyLoss)
      try check(shard, "value loss", shard.valueLoss)
      try check(shard, "entropy", shard.entropy)
      try check(shard, "largest log rho", Double(shard.largestLogRho))
      try check(shard, "gradient norm", shard.squaredGradientNorm)
    }
  }

  private func check(_ shard: ShardResult, _ quantity: String, _ value: Double) throws {
    if value.isFinite { return }
    let names = Set(shard.tasks).sorted().map { tasks[$0].id }.joined(separator: ", ")
    throw DivergenceError(task: names, quantity: quantity, value: value)
  }

  // MARK: State

  /// Goes on with saved statistics and with the parameters that `fill` writes. Every version becomes these: where
  /// environments begin afresh, rounds that an exact resume would find done are played again, by the newest policy there is.
  func restore<Failure: Error>(
    popArt statistics: PopArt, parameters fill: (ParameterBuffer) throws(Failure) -> Void
  ) throws(Failure) {
    try fill(versions[0])
    for version in versions.dropFirst() { version.copy(from: versions[0]) }
    (popArt, newest) = (statistics, versions[0])
  }
}
