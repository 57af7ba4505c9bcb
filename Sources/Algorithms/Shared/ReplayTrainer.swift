import Engine
import Environments
import Replay
import Tensors

/// What every algorithm keeps that learns from replayed transitions: networks, the versions that act, the replay,
/// shards, and how far learning has come. `ReplayAlgorithm` says how they work together.
public final class ReplayTrainer<Evaluation>: @unchecked Sendable {
  public let configuration: ReplayConfiguration
  public let shape: RunShape
  public let tasks: [Task]
  /// The first is the one that acts.
  public let networks: [TrainedNetwork]
  /// What tasks went through so far.
  public let replay: TaskReplay
  /// Updates made.
  public internal(set) var updates = 0
  /// Whether this round has updates: the warm-up is over.
  var isLearning = false
  var randomness: any UpdateRandomness
  let shards: [ReplayShard<Evaluation>]

  /// Who acts in the rounds of one version.
  struct Version {
    let parameters: ParameterBuffer
    /// Whether actions are uniformly random instead.
    var isRandom: Bool
  }
  let versions: Versions<Version>

  /// - Parameters:
  ///   - tasks: All with the same spaces; what a task lacks of the actions, its mask says.
  ///   - networks: The first is the one that acts.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  public init(
    _ configuration: ReplayConfiguration, shape: RunShape, tasks: [Task], networks: [TrainedNetwork], seed: UInt64
  ) throws(EngineError) {
    try configuration.check(shape, tasks: tasks.count)
    (self.configuration, self.shape, self.tasks, self.networks) = (configuration, shape, tasks, networks)
    replay = try TaskReplay(
      tasks: tasks.count, capacity: configuration.capacity, observation: ReplayConfiguration.observationSize(tasks),
      action: tasks[0].action.count)
    randomness = AddressedRandomness(seed: seed, tasks: tasks.map(\.id), shared: configuration.sharesIndices)
    let acting = networks[0].parameters
    versions = Versions(lag: shape.lag) {
      Version(parameters: ParameterBuffer(acting.layout), isRandom: configuration.warmUpPolicy == .uniform)
    }
    let tasksPerShard = tasks.count / shape.shards
    shards = (0..<shape.shards).map {
      ReplayShard(
        $0, tasks: $0 * tasksPerShard..<($0 + 1) * tasksPerShard, batch: configuration.batch)
    }
    for version in versions.places { version.parameters.copy(from: acting) }
  }

  var updatesPerRound: Int {
    configuration.updates == 0 ? shape.unroll * shape.columns / tasks.count : configuration.updates
  }

  /// Whether a task has too few transitions for an update.
  func waits(for task: Int) -> Bool { replay.count(task) < max(configuration.warmUp, configuration.batch) }

  /// Transitions of a task to draw from.
  func available(_ task: Int) -> Int {
    configuration.sharesIndices ? tasks.indices.reduce(.max) { min($0, replay.count($1)) } : replay.count(task)
  }

  var times: [WorkTime] {
    [
      ("replay", shards.reduce(0) { $0 + $1.sampleTime.seconds }),
      ("forward", shards.reduce(0) { $0 + $1.forwardTime.seconds }),
      ("backward", shards.reduce(0) { $0 + $1.backwardTime.seconds }),
      ("optimise", shards.reduce(0) { $0 + $1.optimizeTime.seconds }),
    ]
  }

  // MARK: Steps of a round

  /// Clears gradients and losses of a shard and starts its tape.
  func begin(_ shard: ReplayShard<Evaluation>) {
    for network in networks { network.clear(shard: shard.index) }
    shard.tape.begin(values: networks[0].parameters, gradients: networks[0].gradients[shard.index])
  }

  /// - Throws: `DivergenceError` where a loss is not finite.
  func checkFinite() throws {
    for shard in shards {
      for network in networks where !network.losses[shard.index].isFinite {
        throw DivergenceError(
          task: shard.tasks.map { tasks[$0].id }.joined(separator: ", "), quantity: "\(network.name) loss",
          value: network.losses[shard.index])
      }
    }
  }

  /// Finds norms and clipping of all networks; one order of tasks serves them all.
  func clip() {
    let order =
      configuration.aggregation == .pcgrad ? randomness.order(tasks: tasks.count, update: updates) : []
    for network in networks { network.clip(limit: configuration.gradientNorm, order: order) }
  }

  /// Makes the version that acts next.
  func publish(version: Int) {
    versions[version].parameters.copy(from: networks[0].parameters)
    versions[version].isRandom = configuration.warmUpPolicy == .uniform && !isLearning
  }

  // MARK: Metrics

  /// Adds norms and angles of the tasks' gradients of the acting network, where each shard holds one task.
  public func addGradients(to metrics: inout LearnerMetrics) {
    guard shards.count == tasks.count else { return }
    let gram = GramMatrix(networks[0].gradients, ranges: [0..<networks[0].parameters.count])
    for (task, norm) in gram.norms.enumerated() {
      metrics.tasks[task].append(("gradient_norm", networks[0].losses[task].isNaN ? .nan : norm))
    }
    if let cosines = gram.cosines { metrics.add(cosines: cosines) }
  }
}
