import Environments

/// Everything that decides a run's bits, and what does not: threads, when checkpoints and metrics are written.
public struct RunConfiguration: Sendable {
  /// Which environments, by the name of a suite.
  public var suite: String
  /// Ids of the suite's tasks to train on; empty for all.
  public var tasks: [String]
  /// Around every task, the first nearest to the environment.
  public var wrappers: [Wrapper] = []
  /// What observations say of their task.
  public var taskContext = TaskContext.none
  /// For environments in workers.
  public var gymnasium = Gymnasium.Options()
  /// Returns against which a task's are measured, by task. Nothing that is learned depends on them.
  public var references: [String: Double] = [:]
  /// Atari through the emulator's own interface, whose state can be saved: the argument `exact` of its suites.
  public var isExact = false
  /// Agent steps in all, over all tasks.
  public var steps = 5_000_000
  public var seed: UInt64 = 1
  /// Threads of the pool; bits don't depend on it.
  public var threads = 1
  /// T: agent steps of an unroll.
  public var unroll = 20
  public var environmentsPerTask = 8
  /// 0 for one group per shard.
  public var groups = 0
  /// 0 for the algorithm's own.
  public var shards = 0
  /// Rounds between the parameters that act and those that learn.
  public var lag = 1
  /// What is done where worker processes fail.
  public var recovery = WorkerRecovery()
  /// Agent steps between checkpoints.
  public var checkpointEvery = 1_000_000
  /// Seconds between checkpoints; 0 for no checkpoints by the clock.
  public var checkpointSeconds = 60
  /// Agent steps between lines of `metrics.jsonl`.
  public var metricsEvery = 10_000

  /// Name of a preset, of which everything has its default.
  public package(set) var algorithm: String
  /// The algorithm of that preset.
  public let type: any Algorithm.Type
  /// What there is to choose from.
  public let catalogue: Catalogue
  private var hyperparameters: any Hyperparameters

  /// A preset's defaults for a suite.
  ///
  /// - Parameters:
  ///   - preset: nil for the first of the catalogue.
  ///   - suite: nil for the algorithm's own default.
  ///   - tasks: Of the suite; all where empty.
  ///   - choices: Texts of settings that decide defaults (`Setting.decidesDefaults`); others are ignored.
  /// - Throws: `ConfigurationError.badValue` where there is no such preset, or a choice can't be read.
  public init(
    _ preset: String? = nil, suite: String? = nil, tasks: [String] = [], choices: [(name: String, value: String)] = [],
    in catalogue: Catalogue = .all
  ) throws {
    let traits = suite.map { catalogue.suites.traits(of: $0) ?? Suite.Traits(tasks: max(tasks.count, 1), nil, nil) }
    try self.init(preset, suite, traits, tasks, choices, catalogue)
  }

  /// A preset's defaults for tasks of your own.
  /// - Throws: `ConfigurationError.badValue` where there is no such preset.
  public init(_ preset: String? = nil, for taskSet: TaskSet, in catalogue: Catalogue = .all) throws {
    try self.init(preset, taskSet.name, Suite.Traits(of: taskSet.tasks), [], [], catalogue)
  }

  private init(
    _ preset: String?, _ suite: String?, _ traits: Suite.Traits?, _ tasks: [String],
    _ choices: [(name: String, value: String)], _ catalogue: Catalogue
  ) throws {
    let name = preset ?? catalogue.presets[0].name
    guard let type = catalogue.algorithm(ofPreset: name) else {
      let names = catalogue.presets.map(\.name)
      throw ConfigurationError.badValue(
        setting: "algorithm", value: name, kind: "one of \(names.joined(separator: ", "))",
        nearest: nearest(to: name, among: names))
    }
    (algorithm, self.type, self.catalogue) = (name, type, catalogue)
    (self.suite, self.tasks) = (suite ?? type.defaultSuite, tasks)
    hyperparameters = type.defaultHyperparameters
    try adapt(type, to: traits ?? catalogue.suites.traits(of: self.suite) ?? Suite.Traits(tasks: 1, nil, nil), choices)
  }

  private mutating func adapt<Kind: Algorithm>(
    _: Kind.Type, to traits: Suite.Traits, _ choices: [(name: String, value: String)]
  ) throws {
    var own = Kind.Configuration()
    Kind.presets.first { $0.name == algorithm }!.configure(&own)
    for setting in Kind.settings where setting.decidesDefaults {
      if let choice = choices.last(where: { $0.name == setting.name }) { try setting.write(choice.value, to: &own) }
    }
    Kind.adapt(&own, &self, to: traits)
    hyperparameters = own
  }

  /// The hyperparameters of its algorithm: `run[IMPALA.self].discount = 0.9`.
  ///
  /// - Precondition: the algorithm is this one.
  public subscript<Kind: Algorithm>(_: Kind.Type) -> Kind.Configuration {
    get {
      guard let own = hyperparameters as? Kind.Configuration else {
        preconditionFailure("a run of \(algorithm) has no hyperparameters of \(Kind.title)")
      }
      return own
    }
    set {
      precondition(type == Kind.self, "a run of \(algorithm) takes no hyperparameters of \(Kind.title)")
      hyperparameters = newValue
    }
  }

  /// What suites are made with.
  public var suiteOptions: Gymnasium.Options {
    var options = gymnasium
    if isExact { options.arguments["exact"] = "true" }
    return options
  }

  /// What its folder is called by default: suite, algorithm and seed, with dashes for what a file's name should not
  /// hold.
  public var runName: String {
    String("\(suite)-\(algorithm)-\(seed)".map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" })
  }
}

extension Algorithm {
  fileprivate static var defaultHyperparameters: any Hyperparameters { Configuration() }

  /// Its settings, as those of a run.
  public static var runSettings: [Setting<RunConfiguration>] {
    settings.map { $0.within(get: { $0[Self.self] }, set: { $0[Self.self] = $1 }) }
  }
}
