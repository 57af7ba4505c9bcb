import Algorithms
import Environments
import Layers
import Returns

/// Everything that decides a run's bits, and what does not: threads, when checkpoints and metrics are written.
public struct RunConfiguration: Hashable, Sendable {
  /// Which environments, by the name of a suite.
  public var suite = "arcade"
  /// Ids of the suite's tasks to train on; empty for all.
  public var tasks: [String] = []
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
  /// Name of a preset: the defaults of everything below.
  public var algorithm = Preset.popArtIMPALA.rawValue
  /// Agent steps in all, over all tasks.
  public var steps = 5_000_000
  public var seed: UInt64 = 1
  /// Threads of the pool; bits don't depend on it.
  public var threads = 1
  /// T: agent steps of an unroll.
  public var unroll = 20
  public var environmentsPerTask = 8
  /// 0 for one group a shard.
  public var groups = 0
  /// 0 for the algorithm's own (`Agent`).
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
  public var impala = IMPALA.Configuration()
  /// Which experiment's numbers SAC has by default.
  public var trainingProtocol = TrainingProtocol.small
  public var sac = SAC.Configuration()

  /// What the algorithm is a kind of.
  public var family: Preset.Family { Preset(rawValue: algorithm)?.family ?? .impala }
  /// Those that its algorithm and its network read.
  public var settings: [Setting] {
    Setting.all(family).filter { $0.networks?.contains(sac.network) ?? true }
  }

  public init() {}

  /// What suites are made with.
  public var suiteOptions: Gymnasium.Options {
    var options = gymnasium
    if isExact { options.arguments["exact"] = "true" }
    return options
  }

  /// What its folder is called by default: suite, algorithm and seed, with dashes for what a file's name should not hold.
  public var runName: String {
    String("\(suite)-\(algorithm)-\(seed)".map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" })
  }
}
