import CKernels
import Engine
import Environments
import Layers
import Tensors

/// Soft actor-critic on many tasks: one policy, two critics, one temperature per task, and as many transitions of every
/// task in a batch.
///
/// `ReplayAlgorithm` runs the update; what SAC adds stands here in its order: `evaluate`, `adjust`, `targets`,
/// `losses`. Policy and critics are all moved from the parameters before the update, with the temperatures after it.
///
/// - Source: Haarnoja et al. 2018, "Soft actor-critic algorithms and applications" (1812.05905); for many tasks Yang et
///   al. 2020 (2003.13661), after whose released code the order of the steps is.
public final class SAC: ReplayAlgorithm, @unchecked Sendable {
  public let configuration: Configuration
  public let trainer: ReplayTrainer<Evaluation>
  let policy, q1, q2: TrainedNetwork
  var temperature: Temperature
  /// alpha_i and w_i of each task, as the last step of the temperatures left them, `[K]`.
  private(set) var alpha, weights: [Float]
  /// w_i / N, `[K]`: sums over rows with these are means over the batch.
  private var lossWeights: [Float]
  /// Of hard routing.
  let controller: RouteController?
  /// What the last update saw of each task, `[K]`; written by the shard that has the task.
  let statistics: UnsafeMutableBufferPointer<TaskStatistics>
  /// One for all tasks, or one per task.
  let agents: Int
  /// N: rows that a loss is a mean over. Agents side by side have losses of their own.
  private let batchSize: Float
  private let bounds: ck_normal_bounds

  /// - Parameter tasks: All with the same spaces; what a task lacks of the actions, its mask says.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  public init(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], totalSteps _: Int = .max, seed: UInt64
  ) throws(EngineError) {
    let (observation, action) = try Self.sizes(tasks)
    let agents = configuration.network == .separate ? tasks.count : 1
    func network(_ name: String, _ described: Configuration.Network, hasTargets: Bool) -> TrainedNetwork {
      TrainedNetwork(
        name, described.network, described.layout, hasTargets: hasTargets, agents: agents, shards: shape.shards,
        configuration.replay, seed: seed)
    }
    let networks = configuration.networks(observation: observation, action: action, tasks: tasks.count)
    policy = network("policy", networks.policy, hasTargets: false)
    q1 = network("first critic", networks.first, hasTargets: true)
    q2 = network("second critic", networks.second, hasTargets: true)
    trainer = try ReplayTrainer(
      configuration.replay, shape: shape, tasks: tasks, networks: [policy, q1, q2], seed: seed)
    controller =
      configuration.network != .hardRouting
      ? nil
      : RouteController(
        tasks: tasks.map(\.id), layers: configuration.routing.layers, modules: configuration.routing.modules,
        columnTasks: shape.columnTasks, lag: shape.lag, seed: seed)
    temperature = Temperature(dimensions: tasks.map { $0.actionMask.count { $0 } })
    alpha = tasks.indices.map(temperature.alpha)
    weights = temperature.weights(configuration.balance)
    statistics = .allocate(capacity: tasks.count)
    statistics.initialize(repeating: .unknown)
    let batchSize = Float(configuration.replay.batch * tasks.count / agents)
    lossWeights = weights.map { $0 / batchSize }
    bounds = ck_normal_bounds(low: configuration.logDeviations.lowerBound, high: configuration.logDeviations.upperBound)
    (self.configuration, self.agents, self.batchSize) = (configuration, agents, batchSize)
  }

  deinit { statistics.deallocate() }

  /// Which task each row has, and which modules its networks route it through.
  private func taskRows(_ task: UnsafePointer<Int32>, version: Int) -> TaskRows {
    TaskRows(tasks: alpha.count, task: task, routes: controller?.routes(version: version))
  }

  private func taskRows(_ batch: ReplayBatch) -> TaskRows { taskRows(batch.task, version: batch.round) }

  // MARK: Acting

  /// u ~ pi(s), or its mean, and log pi(tanh(u)|s).
  public func act(_ observation: Tensor, _ rows: ActorRows, version: Int) {
    let x = policy.network(observation, taskRows(rows.task, version: version))
    let (u, count, dimensions) = (rows.box, rows.columns, x.shape[1] / 2)
    ck_squashed_normal_sample(u, x.values, rows.greedy ? nil : rows.noise, rows.mask, count, dimensions, bounds)
    ck_squashed_normal_log_p_forward(rows.logProbability, x.values, u, rows.mask, count, dimensions, bounds)
  }

  // MARK: Update

  /// a~ ~ pi(s), `[N, A]`, and log pi(a~|s), `[N]`; gradients pass through both to the policy.
  public struct Evaluation {
    let action, logPi: Tensor
  }

  /// a~ ~ pi(s) and log pi(a~|s), reparameterised (Haarnoja et al. 2018, section 4.2).
  public func evaluate(_ batch: ReplayBatch) -> Evaluation {
    let x = policy(batch.observation, taskRows(batch), shard: batch.shard)
    let (action, logPi) = sample(x, batch, noise: .observation)
    note(logPi: logPi, batch)
    return Evaluation(action: action, logPi: logPi)
  }

  private func sample(_ x: Tensor, _ batch: ReplayBatch, noise use: ReplayBatch.NoiseUse) -> (Tensor, Tensor) {
    squashedNormalSample(
      x, noise: batch.noise(for: use), mask: batch.mask, bounds: bounds, correction: configuration.correction)
  }

  /// Moves the temperatures: J(log alpha_i) = -log alpha_i (mean log pi + H_i) (section 5, as the released code has
  /// it).
  public func adjust(update: Int) {
    temperature.step(
      update + 1, logProbability: statistics.map(\.logProbability),
      scale: Double(configuration.replay.batch) / Double(batchSize),
      learningRate: Double(configuration.replay.learningRate),
      adam: configuration.replay.adam)
    takeOverTemperature()
  }

  /// y = r + gamma (1 - d) (min_k Q'_k(s', a') - alpha log pi(a'|s')), a' ~ pi(s'); no gradient (section 4.2).
  public func targets(_ batch: ReplayBatch) -> Tensor {
    let (alpha, rows) = (batch.perRow(alpha), taskRows(batch))
    let (action, logPi) = sample(policy(batch.next, rows), batch, noise: .next)
    let taken = concatenate(batch.next, action)
    let value = minimum(q1.target(taken, rows), q2.target(taken, rows)).vector - alpha * logPi
    return batch.reward + configuration.replay.discount * (1 - batch.terminated) * value
  }

  /// J_Qk = mean w (Q_k(s, a) - y)^2 and J_pi = mean w (alpha log pi(a~|s) - min_k Q_k(s, a~)) (section 4.2), with
  /// weights w of the tasks (Yang et al. 2020, section 4.3).
  public func losses(_ batch: ReplayBatch, _ now: Evaluation, targets y: Tensor) {
    let (alpha, w, rows) = (batch.perRow(alpha), batch.perRow(lossWeights), taskRows(batch))
    let taken = concatenate(batch.observation, batch.action)
    let first = q1(taken, rows, shard: batch.shard).vector
    let second = q2(taken, rows, shard: batch.shard).vector
    q1.minimize(sum(w * square(first - y)), batch)
    q2.minimize(sum(w * square(second - y)), batch)
    note(value: first, targets: y, batch)

    // Critics are constants to the policy.
    let chosen = concatenate(batch.observation, now.action)
    let value = minimum(q1(chosen, rows), q2(chosen, rows)).vector
    policy.minimize(sum(w * (alpha * now.logPi - value)), batch)
  }

  func takeOverTemperature() {
    alpha = alpha.indices.map(temperature.alpha)
    weights = temperature.weights(configuration.balance)
    lossWeights = weights.map { $0 / batchSize }
  }

  // MARK: Routes

  public func observe(_ block: RoundBlock, columns: Range<Int>) { controller?.observe(block, columns: columns) }
  public func collected(version: Int) { controller?.learn(version: version) }
  public func publish(version: Int) { controller?.publish(version: version) }
}

extension Tensor {
  /// A critic's output `[N, 1]` as `[N]`.
  fileprivate var vector: Tensor { reshaped(Shape(count)) }
}
