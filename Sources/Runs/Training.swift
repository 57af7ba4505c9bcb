import Algorithms
import Engine
import Environments
import Tensors

/// One agent, its tasks and the engine that joins them: a run without its files.
public final class Training {
  public let configuration: RunConfiguration
  public let taskSet: TaskSet
  public let shape: RunShape
  public let learner: IMPALA
  public let engine: RoundEngine

  /// Builds everything that a configuration describes.
  ///
  /// - Parameter taskSet: Tasks of one's own; nil for the suite that the configuration names.
  /// - Throws: `EnvironmentError` for suites, tasks and their needs, `EngineError` for numbers that don't fit each
  /// other.
  public init(_ configuration: RunConfiguration, taskSet suite: TaskSet? = nil) throws {
    let suite = try suite ?? Suites.make(configuration.suite)
    taskSet = configuration.tasks.isEmpty ? suite : try suite.subset(configuration.tasks)
    try taskSet.checkStreams(replicas: configuration.environmentsPerTask)
    let tasks = taskSet.tasks
    let shards = configuration.shards > 0 ? configuration.shards : Self.shards(tasks.count, configuration)
    // What was chosen by default is written down as what it became.
    var resolved = configuration
    resolved.tasks = taskSet.ids
    resolved.shards = shards
    resolved.groups = configuration.groups > 0 ? configuration.groups : shards
    self.configuration = resolved
    shape = try RunShape(
      tasks: tasks.count, environmentsPerTask: configuration.environmentsPerTask, unroll: configuration.unroll,
      groups: resolved.groups, shards: shards, lag: configuration.lag)
    guard case .discrete(let actions) = taskSet.action else {
      throw EngineError.unsupportedSpace("IMPALA here acts with discrete actions; suite \(taskSet.name) has a box")
    }
    learner = try IMPALA(
      configuration.learning, shape: shape, tasks: tasks, actions: actions, totalSteps: configuration.steps,
      seed: configuration.seed)
    let (shape, units) = (shape, configuration.learning.lstm)
    let groups = try (0..<shape.groups).map {
      try Group($0, shape: shape, tasks: tasks, actions: actions, seed: configuration.seed, recurrentSize: units)
    }
    engine = RoundEngine(
      shape: shape, groups: groups,
      blocks: RoundEngine.blocks(shape: shape, observation: taskSet.observation, recurrentSize: units),
      learner: learner, threads: configuration.threads)
  }

  /// One shard a task; four where there is one task and its environments can be cut so.
  private static func shards(_ tasks: Int, _ configuration: RunConfiguration) -> Int {
    if tasks > 1 { return tasks }
    return configuration.environmentsPerTask.isMultiple(of: 4) ? 4 : 1
  }

  /// Updates of the whole run.
  public var rounds: Int { (configuration.steps + shape.stepsPerRound - 1) / shape.stepsPerRound }
  /// Agent steps learned from so far.
  public var steps: Int { engine.round * shape.stepsPerRound }

  /// Calls `body` with every episode that ended in a round, group by group.
  public func forEachEpisode(inRound round: Int, _ body: (EpisodeRecord) -> Void) {
    for group in engine.groups { group.episodes(inRound: round).forEach(body) }
  }
}
