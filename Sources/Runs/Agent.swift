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
  /// - Parameter suite: Your own tasks, with their wrappers and context; nil for the suite that the configuration
  ///   names.
  /// - Throws: `EnvironmentError` for suites and tasks, `EngineError` for numbers that don't fit each other,
  ///   `RunError.notEnoughMemory`.
  public init(_ configuration: RunConfiguration, taskSet suite: TaskSet? = nil) throws {
    try self.init(configuration, taskSet: suite, for: .training)
  }

  init(_ configuration: RunConfiguration, taskSet suite: TaskSet? = nil, for purpose: MemoryEstimate.Purpose) throws {
    let ids = configuration.tasks
    if suite == nil { try Self.checkTraits(configuration) }
    if let suite {
      taskSet = ids.isEmpty ? suite : try suite.subset(ids)
    } else {
      taskSet = try Suites.make(
        configuration.suite, tasks: ids, context: configuration.taskContext, wrappers: configuration.wrappers,
        options: configuration.suiteOptions, from: configuration.catalogue.suites)
    }
    _ = try taskSet.scored(against: configuration.references)
    try taskSet.checkStreams(replicas: configuration.environmentsPerTask)
    let tasks = taskSet.tasks
    shape = try RunShape(of: configuration, tasks: tasks.count)
    var resolved = configuration
    (resolved.tasks, resolved.shards, resolved.groups) = (taskSet.ids, shape.shards, shape.groups)
    self.configuration = resolved
    try Self.checkSpaces(configuration, taskSet)
    try MemoryEstimate.check(configuration, shape, tasks, for: purpose)
    learner = try configuration.type.learner(of: configuration, shape: shape, tasks: tasks)
  }

  /// Refuses a suite that the algorithm accepts no task of, before any of them is made.
  private static func checkTraits(_ configuration: RunConfiguration) throws(EngineError) {
    let catalogue = configuration.catalogue
    guard configuration.wrappers.isEmpty, let traits = catalogue.suites.traits(of: configuration.suite),
      let problem = configuration.type.accepts.problem(with: traits)
    else { return }
    let others = catalogue.presets { $0.problem(with: traits) == nil }
    throw .unsupportedSpace(
      "\(configuration.algorithm) \(problem) of \(configuration.suite)"
        + (others.isEmpty ? "" : ": choose \(others.joined(separator: ", "))"))
  }

  /// Names the presets that would do, where this one's algorithm accepts no such tasks.
  private static func checkSpaces(_ configuration: RunConfiguration, _ taskSet: TaskSet) throws(EngineError) {
    let (observation, action) = (taskSet.observation, taskSet.action)
    guard let problem = configuration.type.accepts.problem(with: observation, action) else { return }
    let others = configuration.catalogue.presets { $0.problem(with: observation, action) == nil }
    throw .unsupportedSpace(
      "\(configuration.algorithm) \(problem)" + (others.isEmpty ? "" : ": choose \(others.joined(separator: ", "))"))
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

extension RunShape {
  /// The shape of a run of so many tasks.
  /// - Throws: `EngineError` where the numbers don't fit each other.
  init(of run: RunConfiguration, tasks: Int) throws(EngineError) {
    let shards = run.shards == 0 ? run.type.shards(of: run, tasks: tasks) : run.shards
    try self.init(
      tasks: tasks, environmentsPerTask: run.environmentsPerTask, unroll: run.unroll,
      groups: run.groups == 0 ? shards : run.groups, shards: shards, lag: run.lag)
  }
}

extension Algorithm {
  fileprivate static func shards(of run: RunConfiguration, tasks: Int) -> Int {
    shards(tasks: tasks, environmentsPerTask: run.environmentsPerTask, run[Self.self])
  }

  fileprivate static func learner(
    of run: RunConfiguration, shape: RunShape, tasks: [Task]
  ) throws(EngineError) -> any Algorithm {
    try Self(run[Self.self], shape: shape, tasks: tasks, totalSteps: run.steps, seed: run.seed)
  }
}
