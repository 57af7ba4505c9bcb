import Algorithms
import Environments
import Layers
import Returns

/// Everything that decides a run's bits, and what does not (threads, checkpoint-every).
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
  /// 0 for one shard a task, or four where there is one task.
  public var shards = 0
  /// Updates between the parameters that act and those that learn.
  public var lag = 1
  /// What is done where worker processes fail.
  public var recovery = WorkerRecovery()
  /// Agent steps between checkpoints.
  public var checkpointEvery = 1_000_000
  public var learning = IMPALA.Configuration()

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

/// Named sets of defaults.
public enum Preset: String, CaseIterable, Sendable {
  case popArtIMPALA = "popart-impala"
  case impala
  case clippedIMPALA = "impala-clipped"
  case multiHeadIMPALA = "impala-multihead"

  /// One line for `list algorithms`.
  public var summary: String {
    switch self {
    case .popArtIMPALA: "IMPALA with one PopArt-normalised value head a task (Hessel et al. 2018); raw rewards"
    case .impala: "IMPALA with one value for all tasks (Espeholt et al. 2018); raw rewards"
    case .clippedIMPALA: "IMPALA with rewards clipped to [-1, 1]"
    case .multiHeadIMPALA: "IMPALA with one value head a task, not normalised; raw rewards"
    }
  }

  /// The preset's configuration for a suite.
  public func configuration(suite: String) -> RunConfiguration {
    var run = RunConfiguration()
    (run.algorithm, run.suite) = (rawValue, suite)
    switch self {
    case .popArtIMPALA: run.learning.values = .popArt
    case .impala: run.learning.values = .shared
    case .clippedIMPALA: (run.learning.values, run.learning.rewards) = (.shared, .clipped)
    case .multiHeadIMPALA: run.learning.values = .perTask
    }
    if suite.hasPrefix("atari") {
      // For millions of steps, not the papers' thousands of millions: more and smaller updates, statistics that move
      // sooner, and an RMSProp that does without epsilon 0.01 and a mean square that begins at one. With those two
      // breakout's policy stays uniform for its first 150,000 steps.
      run.learning.network = .shallow3
      run.learning.learningRate = 7e-4
      (run.learning.rmsProp.convention, run.learning.rmsProp.epsilon) = (.pytorch, 1e-5)
      run.learning.popArt.beta = 1e-3
      run.environmentsPerTask = suite == "atari57" ? 1 : 2
      run.steps = 2_000_000
      run.checkpointEvery = 250_000
    } else if ["control", "gymnasium:", "metaworld", "planar"].contains(where: suite.hasPrefix) {
      (run.learning.network, run.taskContext) = (.dense, .oneHot)
      run.learning.learningRate = 1e-3
      (run.learning.rmsProp.convention, run.learning.rmsProp.epsilon) = (.pytorch, 1e-5)
      // Two groups, each with one worker that hosts half of the tasks; an environment takes 40 MB.
      if suite.hasPrefix("metaworld") { (run.environmentsPerTask, run.shards) = (2, 2) }
    } else {
      run.learning.network = .small
      run.learning.learningRate = 5e-3
    }
    if suite.hasPrefix("arcade") || suite == "minatar" {
      // Smaller updates, and more of them. popart-impala, seed 11, 1.2 million steps, IQM: 0.26, against 0.18 with 8
      // environments a task, unroll 20 and 5e-3; the rate of each arm: scripts/arcade-rates.
      (run.environmentsPerTask, run.unroll, run.learning.learningRate) = (4, 10, 1e-2)
    }
    return run
  }
}
