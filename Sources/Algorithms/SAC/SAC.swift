import CKernels
import Engine
import Environments
import Layers
import Replay
import Tensors

/// Soft actor-critic on many tasks: one policy, two critics, a temperature a task, and as many transitions of every
/// task in a batch.
///
/// A round collects experience and makes `updates` updates of four phases each: the policy acts on a batch, which moves
/// the temperatures; losses and gradients of policy and critics, all with the parameters before the update; sums over
/// shards; Adam and targets. The last two work on a part of the parameters a shard.
///
/// - Source: Haarnoja et al. 2018, "Soft actor-critic algorithms and applications" (1812.05905); for many tasks Yang et al.
///   2020 (2003.13661), after whose released code the order of the steps is.
public final class SAC: Algorithm, @unchecked Sendable {
  public let configuration: Configuration
  public let shape: RunShape
  public let recurrentSize = 0
  let actor: Actor
  let critics: Critics
  /// What tasks went through so far.
  public let replay: TaskReplay
  private(set) var temperature: Temperature
  /// Of hard routing.
  let controller: RouteController?
  /// Allowed dimensions of each task's actions.
  let masks: [[Bool]]
  var randomness: any UpdateRandomness
  /// One for all tasks, or one a task.
  let agents: Int
  /// Rows that a loss is a mean over.
  let rowsOfLoss: Float

  private let tasks: [Task]
  private let bounds: ck_normal_bounds
  let shards: [SACShard]
  /// Of the policy and both critics, in this order; of each agent's in turn where every task has its own.
  let optimizers: [NetworkOptimizer]
  /// Updates made.
  private(set) var update = 0
  private var isLearning = false
  /// Of each task, as the last step of the temperatures left them.
  private(set) var alpha, weights: [Float]
  /// Whether random play stands for a version of the policy.
  private let isUniform: Versions<Bool>

  /// A policy with the versions that act.
  struct Actor {
    let network: any TaskNetwork
    let parameters: ParameterBuffer
    let optimizer: Adam
    let versions: Versions<ParameterBuffer>
  }

  /// Two critics in one layout, and what their targets are made with.
  struct Critics {
    let first, second: any TaskNetwork
    let parameters, targets: ParameterBuffer
    let optimizer: Adam
  }

  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  public init(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], totalSteps _: Int = .max, seed: UInt64
  ) throws(EngineError) {
    (self.configuration, self.shape, self.tasks) = (configuration, shape, tasks)
    let (observation, action) = try Self.sizes(tasks)
    try Self.check(configuration, shape, tasks: tasks.count)
    let networks = configuration.networks(observation: observation, action: action, tasks: tasks.count)
    let (actorLayout, criticLayout, middle) = (networks.actorLayout, networks.criticLayout, networks.middle)
    actor = Actor(
      network: networks.policy, parameters: ParameterBuffer(actorLayout),
      optimizer: Adam(actorLayout, configuration.adam),
      versions: Versions(lag: shape.lag) { ParameterBuffer(actorLayout) })
    critics = Critics(
      first: networks.first, second: networks.second, parameters: ParameterBuffer(criticLayout),
      targets: ParameterBuffer(criticLayout),
      optimizer: Adam(criticLayout, configuration.adam))
    actor.parameters.initialize(seed: seed)
    critics.parameters.initialize(seed: seed)
    critics.targets.copy(from: critics.parameters)
    for version in actor.versions.places { version.copy(from: actor.parameters) }

    replay = TaskReplay(
      tasks: tasks.count, capacity: configuration.replay, observation: observation, action: action)
    masks = tasks.map(\.actionMask)
    controller =
      configuration.network != .hardRouting
      ? nil
      : RouteController(
        tasks: tasks.map(\.id), layers: configuration.routing.layers, modules: configuration.routing.modules,
        columnTasks: shape.columnTasks, lag: shape.lag, seed: seed)
    temperature = Temperature(dimensions: masks.map { $0.count { $0 } })
    randomness = AddressedRandomness(seed: seed, tasks: tasks.map(\.id), shared: configuration.sharesIndices)
    let deviations = configuration.logDeviations
    bounds = ck_normal_bounds(low: deviations.lowerBound, high: deviations.upperBound)
    // Agents side by side have losses of their own.
    agents = configuration.network == .separate ? tasks.count : 1
    rowsOfLoss = Float(configuration.batch * tasks.count / agents)
    let tasksPerShard = tasks.count / shape.shards
    shards = (0..<shape.shards).map {
      SACShard(
        tasks: $0 * tasksPerShard..<($0 + 1) * tasksPerShard, batch: configuration.batch, actor: actorLayout,
        critic: criticLayout)
    }
    optimizers = Self.optimizers(
      actor, critics, shards, middle: middle, agents: agents, configuration.aggregation)
    alpha = tasks.indices.map(temperature.alpha)
    weights = temperature.weights(configuration.balance)
    isUniform = Versions(lag: shape.lag) { configuration.warmUpPolicy == .uniform }
  }

  /// `critic2` begins at `middle` of the critics' layout; there is one agent, or one a task.
  private static func optimizers(
    _ actor: Actor, _ critics: Critics, _ shards: [SACShard], middle: Int, agents: Int,
    _ aggregation: GradientAggregation
  ) -> [NetworkOptimizer] {
    let totals = (ParameterBuffer(actor.parameters.layout), ParameterBuffer(critics.parameters.layout))
    func ranges(_ layout: ParameterLayout, _ extent: Range<Int>, agent: Int) -> [Range<Int>] {
      if agents == 1 { return [extent] }
      // Every parameter has the agents outermost.
      return layout.entries.map(\.parameter.range).filter(extent.contains).map {
        let size = $0.count / agents
        return $0.lowerBound + agent * size..<$0.lowerBound + (agent + 1) * size
      }
    }
    return (0..<agents).flatMap { agent in
      let (policy, critic) = (actor.parameters.layout, critics.parameters.layout)
      return [
        NetworkOptimizer(
          actor.parameters, targets: nil, optimizer: actor.optimizer, gradients: shards.map(\.actorGradient),
          total: totals.0, ranges: ranges(policy, 0..<policy.extent, agent: agent), aggregation: aggregation)
      ]
        + [0..<middle, middle..<critic.extent].map {
          NetworkOptimizer(
            critics.parameters, targets: critics.targets, optimizer: critics.optimizer,
            gradients: shards.map(\.criticGradient), total: totals.1, ranges: ranges(critic, $0, agent: agent),
            aggregation: aggregation)
        }
    }
  }

  /// Parameters of policy and critics, without targets.
  public var parameterCount: Int { actor.parameters.layout.parameterCount + critics.parameters.layout.parameterCount }

  public var times: [WorkTime] {
    [
      ("replay", shards.reduce(0) { $0 + $1.sampleTime.seconds }),
      ("forward", shards.reduce(0) { $0 + $1.forwardTime.seconds }),
      ("backward", shards.reduce(0) { $0 + $1.backwardTime.seconds }),
      ("optimise", shards.reduce(0) { $0 + $1.optimizeTime.seconds }),
    ]
  }

  // MARK: Networks

  public func act(_ rows: ActorRows, version: Int, tape: Tape) {
    let (columns, dimension) = (rows.columns, replay.action)
    if isUniform[version] { return rows.actUniformly(in: .box(dimension)) }
    tape.begin(values: actor.versions[version])
    let observation = tape.constant(Shape(columns, replay.observation))
    UnsafeMutableRawPointer(observation.values).copyMemory(
      from: rows.observation(leaf: 0), byteCount: observation.count * 4)
    let taskRows = TaskRows(tasks: tasks.count, task: rows.task, routes: controller?.routes(version: version))
    let x = actor.network(observation, taskRows, tape)
    ck_squashed_normal_sample(
      rows.box, x.values, rows.greedy ? nil : rows.noise, rows.mask, columns, dimension, bounds)
    ck_squashed_normal_log_p_forward(rows.logProbability, x.values, rows.box, rows.mask, columns, dimension, bounds)
  }

  /// a ~ pi(s) and log pi(a|s), `[rows, A]` and `[rows]`.
  func sample(
    _ observation: Tensor, _ rows: TaskRows, noise: UnsafePointer<Float>, mask: UnsafePointer<UInt8>, _ tape: Tape
  ) -> (action: Tensor, logProbability: Tensor) {
    tape.squashedNormalSample(
      actor.network(observation, rows, tape), noise: noise, mask: mask, bounds: bounds,
      correction: configuration.correction)
  }

  /// Q_1 and Q_2 of observations and actions, `[rows]` each.
  func values(_ x: Tensor, _ rows: TaskRows, _ tape: Tape) -> (Tensor, Tensor) {
    let count = Shape(x.shape[0])
    return (critics.first(x, rows, tape).reshaped(count), critics.second(x, rows, tape).reshaped(count))
  }

  public func waits(for task: Int) -> Bool { replay.count(task) < max(configuration.warmUp, configuration.batch) }

  /// Transitions of a task to draw from.
  func transitions(task: Int) -> Int {
    configuration.sharesIndices ? tasks.indices.reduce(.max) { min($0, replay.count($1)) } : replay.count(task)
  }

  // MARK: Phases

  private enum Phase: Int {
    case evaluate, differentiate, reduce, step
  }

  /// nil for the first phase of a round, which collects.
  private func phase(_ number: Int) -> Phase? { number == 0 ? nil : Phase(rawValue: (number - 1) % 4) }

  public var phases: Int { 1 + 4 * updates }

  /// Updates a round.
  var updates: Int { configuration.updates == 0 ? shape.unroll * shape.columns / tasks.count : configuration.updates }

  public func work(phase number: Int, shard index: Int, round: Int, block: RoundBlock, tape: Tape) {
    let shard = shards[index]
    guard let phase = phase(number) else {
      let columns = shape.columns(ofShard: index)
      shard.collect(block, columnTasks: shape.columnTasks[columns], into: replay)
      controller?.observe(block, columns: columns)
      return
    }
    guard isLearning else { return }
    switch phase {
    case .evaluate: shard.evaluatePolicy(self, update: update, routes: controller?.routes(version: round))
    case .differentiate: shard.differentiate(self, update: update, alpha: alpha, weights: weights)
    case .reduce:
      shard.optimizeTime.time {
        for optimizer in optimizers { optimizer.reduce(piece: index) }
      }
    case .step:
      shard.optimizeTime.time {
        for optimizer in optimizers {
          optimizer.step(
            update + 1, piece: index, learningRate: configuration.learningRate, targetRate: configuration.targetRate)
        }
      }
    }
  }

  public func finish(phase number: Int, round: Int) throws {
    guard let phase = phase(number) else {
      isLearning = !tasks.indices.contains(where: waits)
      let acted = max(0, round - shape.lag)
      if !isUniform[acted] { controller?.learn(version: acted) }
      return
    }
    if isLearning { try finish(phase) }
    if number == phases - 1 {
      actor.versions[round + 1].copy(from: actor.parameters)
      controller?.publish(version: round + 1)
      isUniform[round + 1] = configuration.warmUpPolicy == .uniform && !isLearning
    }
  }

  private func finish(_ phase: Phase) throws {
    switch phase {
    case .evaluate:
      let sums = shards.flatMap(\.sums)
      temperature.step(
        update + 1, logProbability: sums.map { $0.logProbability / Double(configuration.batch) },
        scale: Double(configuration.batch) / Double(rowsOfLoss), learningRate: Double(configuration.learningRate),
        adam: configuration.adam)
      alpha = tasks.indices.map(temperature.alpha)
      weights = temperature.weights(configuration.balance)
    case .differentiate: try checkFinite()
    case .reduce:
      let order = configuration.aggregation == .pcgrad ? randomness.order(tasks: tasks.count, update: update) : []
      for optimizer in optimizers {
        optimizer.aggregate(order: order)
        optimizer.clip(limit: configuration.gradientNorm)
      }
    case .step: update += 1
    }
  }

  private func checkFinite() throws {
    for shard in shards {
      let names = shard.tasks.map { tasks[$0].id }.joined(separator: ", ")
      for (quantity, value) in [
        ("policy loss", shard.losses.actor), ("loss of the first critic", shard.losses.critics.0),
        ("loss of the second critic", shard.losses.critics.1),
      ] where !value.isFinite {
        throw DivergenceError(task: names, quantity: quantity, value: value)
      }
    }
  }

  // MARK: State

  /// Of the last update, before clipping, of the policy and of the first critic; the largest over agents.
  var gradientNorms: (policy: Double, critic: Double) {
    func largest(from first: Int) -> Double {
      stride(from: first, to: optimizers.count, by: 3).map { optimizers[$0].norm }.max()!
    }
    return (largest(from: 0), largest(from: 1))
  }

  /// Every version becomes the newest policy, which acts from now on.
  func publish() {
    for version in actor.versions.places { version.copy(from: actor.parameters) }
    isUniform.places.update(repeating: false)
  }

  func restore(updates: Int, logAlpha: [Double], firstMoment: [Double], secondMoment: [Double]) {
    update = updates
    (temperature.logAlpha, temperature.firstMoment) = (logAlpha, firstMoment)
    temperature.secondMoment = secondMoment
    alpha = alpha.indices.map(temperature.alpha)
    weights = temperature.weights(configuration.balance)
  }

  /// Which versions of the policy are random play, 1 or 0 each.
  var randomVersions: [Double] {
    get { isUniform.places.map { $0 ? 1 : 0 } }
    set { _ = isUniform.places.update(from: newValue.map { $0 != 0 }) }
  }
}
