import Algorithms
import Engine
import Environments
import Tensors

/// A learner for the tasks of a configuration: a run without environments and files.
public struct Agent {
  /// What was left to a default is written down as what it became.
  public let configuration: RunConfiguration
  public internal(set) var taskSet: TaskSet
  public let shape: RunShape
  public let learner: any Algorithm

  /// Builds the learner that a configuration describes.
  ///
  /// - Parameter suite: Your own tasks, with their wrappers and context; nil for the suite that the configuration names.
  /// - Throws: `EnvironmentError` for suites and tasks, `EngineError` for numbers that don't fit each other,
  ///   `RunError.notEnoughMemory`.
  public init(_ configuration: RunConfiguration, taskSet suite: TaskSet? = nil) throws {
    try self.init(configuration, taskSet: suite, for: .training)
  }

  init(_ configuration: RunConfiguration, taskSet suite: TaskSet? = nil, for purpose: MemoryEstimate.Purpose) throws {
    let ids = configuration.tasks
    if let suite {
      taskSet = ids.isEmpty ? suite : try suite.subset(ids)
    } else {
      taskSet = try Suites.make(
        configuration.suite, tasks: ids, context: configuration.taskContext, wrappers: configuration.wrappers,
        options: configuration.suiteOptions)
    }
    _ = try taskSet.scored(against: configuration.references)
    try taskSet.checkStreams(replicas: configuration.environmentsPerTask)
    let tasks = taskSet.tasks
    var resolved = configuration
    resolved.tasks = taskSet.ids
    if resolved.shards == 0 { resolved.shards = Self.shards(tasks.count, configuration) }
    if resolved.groups == 0 { resolved.groups = resolved.shards }
    self.configuration = resolved
    shape = try RunShape(
      tasks: tasks.count, environmentsPerTask: configuration.environmentsPerTask, unroll: configuration.unroll,
      groups: resolved.groups, shards: resolved.shards, lag: configuration.lag)
    try MemoryEstimate.check(configuration, shape, tasks, for: purpose)
    learner =
      switch configuration.family {
      case .impala:
        try IMPALA(
          configuration.impala, shape: shape, tasks: tasks, totalSteps: configuration.steps, seed: configuration.seed)
      case .sac: try SAC(configuration.sac, shape: shape, tasks: tasks, seed: configuration.seed)
      }
  }

  /// IMPALA: one shard a task, four where there is one task and its environments can be cut so. SAC, whose products of
  /// matrices are the better for many rows: the fewest shards of whole tasks that several threads can share, or one a task
  /// where their gradients are not just added.
  private static func shards(_ tasks: Int, _ configuration: RunConfiguration) -> Int {
    if configuration.family == .sac && configuration.sac.aggregation != .sum { return tasks }
    if configuration.family == .sac { return (2...max(tasks, 2)).first { tasks.isMultiple(of: $0) } ?? 1 }
    if tasks > 1 { return tasks }
    return configuration.environmentsPerTask.isMultiple(of: 4) ? 4 : 1
  }

  /// Random play is measured for a tenth of what is trained, so that short runs stay short.
  var baselineLimits: RandomBaseline.Limits {
    var limits = RandomBaseline.Limits()
    limits.steps = min(max(configuration.steps / taskSet.tasks.count / 10, 1000), limits.steps)
    return limits
  }

  /// Rounds of the whole run.
  public var rounds: Int { (configuration.steps + shape.stepsPerRound - 1) / shape.stepsPerRound }
}
