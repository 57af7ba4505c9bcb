import Environments
import Engine
import Layers
import Returns

extension IMPALA {
  public static let title = "IMPALA"
  public static let accepts = AcceptedSpaces([.boards, .pictures, .vectors], [.discrete, .box])
  public static let defaultSuite = "arcade"

  public static let presets = [
    Preset<Configuration>(
      "popart-impala", "IMPALA with one PopArt-normalised value head per task (Hessel et al. 2018); raw rewards"
    ) { $0.values = .popArt },
    Preset("impala", "IMPALA with one value for all tasks (Espeholt et al. 2018); raw rewards") { $0.values = .shared },
    Preset("impala-clipped", "IMPALA with rewards clipped to [-1, 1]") {
      ($0.values, $0.rewards) = (.shared, .clipped)
    },
    Preset("impala-multihead", "IMPALA with one value head per task, not normalised; raw rewards") {
      $0.values = .perTask
    },
  ]

  /// One per task; four where there is one task and its environments can be cut so.
  public static func shards(tasks: Int, environmentsPerTask: Int, _ configuration: Configuration) -> Int {
    if tasks > 1 || configuration.aggregation != .sum { return tasks }
    return environmentsPerTask.isMultiple(of: 4) ? 4 : 1
  }

  public static func isScaleFree(_ configuration: Configuration) -> Bool { configuration.values == .popArt }

  public static func adapt(_ configuration: inout Configuration, _ run: inout RunConfiguration, to suite: Suite.Traits)
  {
    switch (suite.observation, suite.subject) {
    case (.pictures, .games):
      // For millions of steps, not the papers' thousands of millions: more and smaller updates, statistics that move
      // sooner, and an RMSProp that does without epsilon 0.01 and a mean square that begins at one. With those two
      // breakout's policy stays uniform for its first 150,000 steps.
      configuration.network = .shallow3
      configuration.learningRate = 7e-4
      (configuration.rmsProp.convention, configuration.rmsProp.epsilon) = (.pytorch, 1e-5)
      configuration.popArt.beta = 1e-3
      run.environmentsPerTask = suite.tasks > 50 ? 1 : 2
      run.steps = 2_000_000
      run.checkpointEvery = 250_000
    case (.boards, .games):
      configuration.network = .small
      // Smaller updates, and more of them. popart-impala, seed 11, 1.2 million steps, IQM: 0.26, against 0.18 with 8
      // environments a task, unroll 20 and 5e-3; the rate of each arm: scripts/arcade-rates.
      (run.environmentsPerTask, run.unroll, configuration.learningRate) = (4, 10, 1e-2)
    case (.boards, _), (.pictures, _):
      configuration.network = .small
      configuration.learningRate = 5e-3
    case (.vectors, _), (nil, _):
      (configuration.network, run.taskContext) = (.dense, .oneHot)
      configuration.learningRate = 1e-3
      (configuration.rmsProp.convention, configuration.rmsProp.epsilon) = (.pytorch, 1e-5)
      // Two groups, each with one worker that hosts half of the tasks; an environment takes 40 MB.
      if suite.isHeavy { (run.environmentsPerTask, run.shards) = (2, 2) }
      // Rewards of a user's own task may have any size. Where RMSProp's mean square begins at 0, its first steps are
      // ten times the learning rate, and three of eight seeds never left the first action that they were pushed to.
      if !suite.hasKnownRewards {
        configuration.popArt.correctsStart = true
        (configuration.rmsProp.convention, configuration.learningRate) = (.tensorflow, 2e-3)
        (configuration.popArt.lowerBound, configuration.popArt.upperBound) = (1e-12, 1e30)
      }
    }
  }

  public static let settings: [Setting<Configuration>] =
    [
      .choice("network", \.network, "trunk that all tasks share"),
      .integer("lstm", \.lstm, 0...65_536, "units of an LSTM after the trunk; 0 for none"),
      .flag("extras", \.extras, "the network also sees the last reward and action"),
      .choice("rewards", \.rewards, "how rewards enter learning"),
      .choice("values", \.values, "how values are represented"),
      .real("discount", \.discount, .from(0, below: 1), "gamma per agent step"),
      .real("baseline-cost", \.baselineCost, .finite(from: 0), "weight of the value loss"),
      .real("entropy-cost", \.entropyCost, .finite(from: 0), "weight of the entropy bonus"),
      .real("learning-rate", \.learningRate, .finite(from: 0), "step size at the start"),
      .flag("annealing", \.annealing, "the step size falls linearly to 0 over the run"),
      .real("gradient-norm", \.gradientNorm, .above(0), "largest norm of the gradient"),
      .choice("aggregation", \.aggregation, "how tasks' gradients become one; other than sum with one shard per task"),
      .real("rmsprop-decay", \.rmsProp.decay, .from(0, below: 1), "decay of RMSProp's mean square"),
      .real("rmsprop-momentum", \.rmsProp.momentum, .from(0, below: 1), "decay of RMSProp's momentum; 0 for none"),
      .real("rmsprop-epsilon", \.rmsProp.epsilon, .finite(above: 0), "RMSProp's epsilon"),
      .choice(
        "rmsprop-convention", \.rmsProp.convention,
        "tensorflow: sqrt(ms + epsilon), ms begins at 1; pytorch: sqrt(ms) + epsilon, ms at 0"),
      .real("rho-bar", \.vTrace.rhoBar, .above(0), "V-trace: limit of the ratio in the temporal difference"),
      .real("c-bar", \.vTrace.cBar, .above(0), "V-trace: limit of the ratio in the trace").atMost("rho-bar"),
      .real(
        "policy-gradient-rho-bar", \.vTrace.policyGradientRhoBar, .above(0),
        "V-trace: limit of the ratio in the advantage"),
      .real("lambda", \.vTrace.lambda, .from(0, to: 1), "V-trace: factor of the trace"),
      .choice(
        "lambda-convention", \.vTrace.lambdaConvention,
        "V-trace: targets uses vs in the advantage, mixed lambda vs + (1 - lambda) V"),
    ] + ofPopArt.map { $0.read(with: "values", \.values, [.popArt]) }

  private static let ofPopArt: [Setting<Configuration>] = [
    .real("popart-beta", \.popArt.beta, .from(0, below: 1), "PopArt: step of the statistics"),
    .real("popart-lower-bound", \.popArt.lowerBound, .from(1e-100, to: 1e100), "PopArt: smallest sigma")
      .atMost("popart-upper-bound"),
    .real("popart-upper-bound", \.popArt.upperBound, .from(1e-100, to: 1e100), "PopArt: largest sigma"),
    .choice(
      "popart-second-moment", \.popArt.secondMoment,
      "PopArt: nu averages the mean of vs^2, or the square of the mean of vs"),
    .flag("popart-preserve", \.popArt.preservesOutputs, "PopArt: rescale the heads when statistics move"),
    .flag(
      "popart-corrected-start", \.popArt.correctsStart,
      "PopArt: statistics begin with the first returns, so that rewards of any size are learned from at once"),
    .flag("statistics-first", \.statisticsFirst, "PopArt: move the statistics before the losses"),
  ]
}
