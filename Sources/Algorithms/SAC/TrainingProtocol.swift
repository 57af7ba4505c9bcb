import Environments
import Layers

/// Numbers of an experiment with SAC: how much experience, how many updates, how large.
public enum TrainingProtocol: String, CaseIterable, Sendable {
  /// Two million steps a task, as Meta-World's own baselines (McLean et al. 2025, 2505.11289).
  case modern
  /// The code that was released with soft modularization (Yang et al. 2020).
  case released
  /// For one core and hours: half the widths, a quarter of the batch, 120,000 steps a task and 30,000 updates. Chosen
  /// on mt-sac alone, planar10, seed 11: learning rate 1e-3 of 3e-4, 1e-3 and 3e-3; four environments a task of one and
  /// four.
  case small

  func apply(to configuration: inout SAC.Configuration, _ run: inout RunConfiguration, _ suite: Suite.Traits) {
    let tasks = run.tasks.isEmpty ? suite.tasks : run.tasks.count
    run.checkpointEvery = 200_000
    switch self {
    case .modern:
      run.steps = 2_000_000 * tasks
      run.metricsEvery = 10_000 * tasks
      configuration.replay.adam.epsilon = 1e-5
    case .released:
      // Its actors have the newest parameters.
      (run.unroll, run.lag) = (200, 0)
      let isLarge = suite.publishedSteps != nil && suite.tasks >= 50
      run.steps = isLarge ? 50_000_000 : 1_500_000 * tasks
      run.metricsEvery = 10_000 * tasks
      configuration.replay.capacity = isLarge ? 200_000 : 100_000
      (configuration.replay.warmUpPolicy, configuration.replay.sharesIndices, configuration.correction) = (
        .policy, true, 1e-6
      )
    case .small:
      (run.steps, run.checkpointEvery, run.metricsEvery) = (120_000 * tasks, 400_000, 1_000 * tasks)
      (run.environmentsPerTask, run.unroll, configuration.replay.updates) = (4, 20, 20)
      (
        configuration.replay.batch, configuration.replay.warmUp, configuration.replay.capacity,
        configuration.replay.learningRate
      ) = (32, 500, 50_000, 1e-3)
      (configuration.width, configuration.routing.width) = (configuration.width / 2, configuration.routing.width / 2)
      (configuration.routing.embedding, configuration.routing.routingWidth) = (200, 128)
    }
  }
}
