import Algorithms
import Environments
import Layers
import Returns

/// Named sets of defaults.
public enum Preset: String, CaseIterable, Sendable {
  case popArtIMPALA = "popart-impala"
  case impala
  case clippedIMPALA = "impala-clipped"
  case multiHeadIMPALA = "impala-multihead"
  case sac
  case multiTaskSAC = "mt-sac"
  case multiHeadSAC = "mt-mh-sac"
  case matchedSAC = "mlp-matched"
  case mixtureOfExperts = "mixture-of-experts"
  case softModularization = "soft-modularization"
  case hardRouting = "hard-routing"

  /// What settings a preset has.
  public enum Family: CaseIterable, Sendable { case impala, sac }

  public var family: Family {
    switch self {
    case .popArtIMPALA, .impala, .clippedIMPALA, .multiHeadIMPALA: .impala
    case .sac, .multiTaskSAC, .multiHeadSAC, .matchedSAC, .mixtureOfExperts, .softModularization, .hardRouting: .sac
    }
  }

  /// One line for `list algorithms`.
  public var summary: String {
    switch self {
    case .popArtIMPALA: "IMPALA with one PopArt-normalised value head per task (Hessel et al. 2018); raw rewards"
    case .impala: "IMPALA with one value for all tasks (Espeholt et al. 2018); raw rewards"
    case .clippedIMPALA: "IMPALA with rewards clipped to [-1, 1]"
    case .multiHeadIMPALA: "IMPALA with one value head per task, not normalised; raw rewards"
    case .sac: "SAC with one network per task (Haarnoja et al. 2018)"
    case .multiTaskSAC: "SAC with one network that is told the task (Yu et al. 2019)"
    case .multiHeadSAC: "SAC with one network and one head per task (Yu et al. 2019)"
    case .matchedSAC: "mt-mh-sac as large as soft modularization (McLean et al. 2025)"
    case .mixtureOfExperts: "SAC with four networks and a gate (Yang et al. 2020)"
    case .softModularization: "SAC with modules that are mixed anew for every state and task (Yang et al. 2020)"
    case .hardRouting: "SAC with one module per layer and task, chosen by a controller (Rosenbaum et al. 2018)"
    }
  }

  /// The suite that is trained on where none is named.
  public var defaultSuite: String { family == .impala ? "arcade" : "planar10" }

  /// The preset's configuration for a suite.
  /// - Parameters:
  ///   - tasks: Of the suite; all where empty.
  ///   - chosen: nil for the suite's own.
  public func configuration(
    suite: String, tasks: [String] = [], protocol chosen: TrainingProtocol? = nil
  ) -> RunConfiguration {
    var run = RunConfiguration()
    (run.algorithm, run.suite, run.tasks) = (rawValue, suite, tasks)
    switch family {
    case .impala: configureIMPALA(&run)
    case .sac:
      run.trainingProtocol = chosen ?? (suite.hasPrefix("metaworld") ? .modern : .small)
      configureSAC(&run)
    }
    return run
  }

  private func configureIMPALA(_ run: inout RunConfiguration) {
    let suite = run.suite
    switch self {
    case .clippedIMPALA: (run.impala.values, run.impala.rewards) = (.shared, .clipped)
    case .impala: run.impala.values = .shared
    case .multiHeadIMPALA: run.impala.values = .perTask
    default: run.impala.values = .popArt
    }
    if suite.hasPrefix("atari") {
      // For millions of steps, not the papers' thousands of millions: more and smaller updates, statistics that move
      // sooner, and an RMSProp that does without epsilon 0.01 and a mean square that begins at one. With those two
      // breakout's policy stays uniform for its first 150,000 steps.
      run.impala.network = .shallow3
      run.impala.learningRate = 7e-4
      (run.impala.rmsProp.convention, run.impala.rmsProp.epsilon) = (.pytorch, 1e-5)
      run.impala.popArt.beta = 1e-3
      run.environmentsPerTask = suite == "atari57" ? 1 : 2
      run.steps = 2_000_000
      run.checkpointEvery = 250_000
    } else if ["control", "gymnasium:", "metaworld", "planar"].contains(where: suite.hasPrefix) {
      (run.impala.network, run.taskContext) = (.dense, .oneHot)
      run.impala.learningRate = 1e-3
      (run.impala.rmsProp.convention, run.impala.rmsProp.epsilon) = (.pytorch, 1e-5)
      // Rewards of a user's own task may have any size. Where RMSProp's mean square begins at 0, its first steps are ten times the
      // learning rate, and three of eight seeds never left the first action that they were pushed to.
      if suite.hasPrefix("gymnasium:") {
        run.impala.popArt.correctsStart = true
        (run.impala.rmsProp.convention, run.impala.learningRate) = (.tensorflow, 2e-3)
        (run.impala.popArt.lowerBound, run.impala.popArt.upperBound) = (1e-12, 1e30)
      }
      // Two groups, each with one worker that hosts half of the tasks; an environment takes 40 MB.
      if suite.hasPrefix("metaworld") { (run.environmentsPerTask, run.shards) = (2, 2) }
    } else {
      run.impala.network = .small
      run.impala.learningRate = 5e-3
    }
    if suite.hasPrefix("arcade") || suite == "minatar" {
      // Smaller updates, and more of them. popart-impala, seed 11, 1.2 million steps, IQM: 0.26, against 0.18 with 8
      // environments a task, unroll 20 and 5e-3; the rate of each arm: scripts/arcade-rates.
      (run.environmentsPerTask, run.unroll, run.impala.learningRate) = (4, 10, 1e-2)
    }
  }

  private func configureSAC(_ run: inout RunConfiguration) {
    (run.environmentsPerTask, run.unroll) = (1, 20)
    switch self {
    case .sac: run.sac.network = .separate
    case .multiTaskSAC: run.sac.network = .mlp
    case .multiHeadSAC: run.sac.network = .multiHead
    // As many parameters as the shallow soft modularization, on Meta-World's MT10.
    case .matchedSAC: (run.sac.network, run.sac.width) = (.multiHead, 556)
    case .mixtureOfExperts: run.sac.network = .mixtureOfExperts
    case .hardRouting: (run.sac.network, run.sac.routing) = (.hardRouting, .deep)
    default: (run.sac.network, run.sac.balance) = (.softModularization, .code)
    }
    run.trainingProtocol.apply(to: &run)
  }
}

/// Numbers of an experiment with SAC: how much experience, how many updates, how large.
public enum TrainingProtocol: String, CaseIterable, Sendable {
  /// Two million steps a task, as Meta-World's own baselines (McLean et al. 2025, 2505.11289).
  case modern
  /// The code that was released with soft modularization (Yang et al. 2020).
  case released
  /// For one core and hours: half the widths, a quarter of the batch, 120,000 steps a task and 30,000 updates. Chosen on
  /// mt-sac alone, planar10, seed 11: learning rate 1e-3 of 3e-4, 1e-3 and 3e-3; four environments a task of one and
  /// four.
  case small

  func apply(to run: inout RunConfiguration) {
    let tasks = run.tasks.isEmpty ? Self.tasks(of: run.suite) : run.tasks.count
    run.checkpointEvery = 200_000
    switch self {
    case .modern:
      run.steps = 2_000_000 * tasks
      run.metricsEvery = 10_000 * tasks
      run.sac.adam.epsilon = 1e-5
    case .released:
      // Its actors have the newest parameters.
      (run.unroll, run.lag) = (200, 0)
      run.steps = run.suite == "metaworld-mt50" ? 50_000_000 : 1_500_000 * tasks
      run.metricsEvery = 10_000 * tasks
      run.sac.replay = run.suite == "metaworld-mt50" ? 200_000 : 100_000
      (run.sac.warmUpPolicy, run.sac.sharesIndices, run.sac.correction) = (.policy, true, 1e-6)
    case .small:
      (run.steps, run.checkpointEvery, run.metricsEvery) = (120_000 * tasks, 400_000, 1_000 * tasks)
      (run.environmentsPerTask, run.unroll, run.sac.updates) = (4, 20, 20)
      (run.sac.batch, run.sac.warmUp, run.sac.replay, run.sac.learningRate) = (32, 500, 50_000, 1e-3)
      (run.sac.width, run.sac.routing.width) = (run.sac.width / 2, run.sac.routing.width / 2)
      (run.sac.routing.embedding, run.sac.routing.routingWidth) = (200, 128)
    }
  }

  /// How many tasks a suite has, without starting a worker to look.
  private static func tasks(of suite: String) -> Int {
    if let listed = suite.split(separator: ":", maxSplits: 1).dropFirst().first {
      return listed.split(separator: ",").count
    }
    if suite.hasPrefix("metaworld-mt") && Suites.names.contains(suite) {
      return Int(suite.trimmingPrefix("metaworld-mt")) ?? 1
    }
    return (try? Suites.make(suite).ids.count) ?? 1
  }
}
