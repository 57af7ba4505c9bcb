import Algorithms
import Environments
import Layers
import Returns

extension Setting {
  /// Of every run.
  public static let run: [Setting] = [
    Setting("suite", \.suite, .text, kind: "a name", "which environments (`polymath list suites`)") {
      $0
    } parse: {
      $0.isEmpty ? nil : $0
    },
    list("tasks", \.tasks, kind: "a list of tasks", "those of the suite to train on; all where empty") {
      $0
    } parse: {
      $0
    },
    list(
      "wrap", \.wrappers, kind: "a list of wrappers",
      "around each task, the innermost first: \(Wrapper.texts.joined(separator: ", "))"
    ) {
      $0.map(\.description)
    } parse: {
      try $0.map { try Wrapper($0) }
    },
    choice("task-context", \.taskContext, "one-hot: vectors end with the task's number, one-hot"),
    list(
      "env-arg", \.gymnasium.arguments, kind: "a list of name=value",
      "arguments of a Gymnasium environment, or of an Atari suite"
    ) {
      $0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    } parse: { words in
      let pairs = words.compactMap { word in
        word.firstMatch(of: #/[ ]*=[ ]*/#).map {
          (String(word[..<$0.range.lowerBound]), String(word[$0.range.upperBound...]))
        }
      }
      guard pairs.count == words.count, pairs.allSatisfy({ !$0.0.isEmpty }) else { return nil }
      return Dictionary(pairs) { $1 }
    },
    list(
      "env-module", \.gymnasium.modules, kind: "a list of modules", "Python modules that register environments"
    ) {
      $0
    } parse: {
      $0
    },
    flag(
      "exact", \.isExact, "Atari through the emulator's own interface, whose state can be saved; slower"),
    list(
      "reference", \.references, kind: "a list of task=return, or a YAML file of task: return",
      "returns that count as 100 %, for normalised scores of tasks without"
    ) {
      $0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    } parse: {
      try References.parse($0)
    },
    algorithm,
    integer("steps", \.steps, 1...1 << 53, "agent steps in all, over all tasks"),
    integer("seed", \.seed, 0...UInt64.max, "seed of every random number"),
    integer("threads", \.threads, 1...1024, "threads of the pool; results don't depend on it"),
    integer("unroll", \.unroll, 1...10_000, "T, agent steps per unroll"),
    integer("environments-per-task", \.environmentsPerTask, 1...4096, "environments of each task"),
    integer("groups", \.groups, 0...4096, "acting batches, a multiple of the shards; 0 for one per shard"),
    integer(
      "shards", \.shards, 0...4096,
      "learning batches; 0 for one per task with IMPALA (4 for one task), the least divisor of the tasks from 2 on with SAC"
    ),
    integer("lag", \.lag, 0...64, "rounds between the parameters that act and those that learn"),
    integer("checkpoint-every", \.checkpointEvery, 1...1 << 53, "agent steps between checkpoints"),
    integer(
      "checkpoint-seconds", \.checkpointSeconds, 0...1 << 31,
      "seconds between checkpoints, more where they would cost over 2 % of the time; 0 for none by the clock"),
    integer("metrics-every", \.metricsEvery, 1...1 << 53, "agent steps between lines of metrics.jsonl"),
    integer(
      "worker-restarts", \.recovery.most, 0...1_000_000,
      "failures per worker within ten minutes that are borne"),
    real(
      "worker-timeout", \.gymnasium.timeout, .above(0, to: 86_400),
      "seconds that one Gymnasium environment may take to be made, reset or stepped"),
    choice(
      "lost-task", \.recovery.afterwards, "after more failures: end the run, or quarantine the worker's environments"),
  ]

  /// Of IMPALA and its presets.
  public static let impala: [Setting] = [
    choice("network", \.impala.network, "trunk that all tasks share"),
    integer("lstm", \.impala.lstm, 0...65_536, "units of an LSTM after the trunk; 0 for none"),
    flag("extras", \.impala.extras, "the network also sees the last reward and action"),
    choice("rewards", \.impala.rewards, "how rewards enter learning"),
    choice("values", \.impala.values, "how values are represented"),
    real("discount", \.impala.discount, .from(0, below: 1), "gamma per agent step"),
    real("baseline-cost", \.impala.baselineCost, .finite(from: 0), "weight of the value loss"),
    real("entropy-cost", \.impala.entropyCost, .finite(from: 0), "weight of the entropy bonus"),
    real("learning-rate", \.impala.learningRate, .finite(from: 0), "step size at the start"),
    flag("annealing", \.impala.annealing, "the step size falls linearly to 0 over the run"),
    real("gradient-norm", \.impala.gradientNorm, .above(0), "largest norm of the gradient"),
    real("rmsprop-decay", \.impala.rmsProp.decay, .from(0, below: 1), "decay of RMSProp's mean square"),
    real("rmsprop-momentum", \.impala.rmsProp.momentum, .from(0, below: 1), "decay of RMSProp's momentum; 0 for none"),
    real("rmsprop-epsilon", \.impala.rmsProp.epsilon, .finite(above: 0), "RMSProp's epsilon"),
    choice(
      "rmsprop-convention", \.impala.rmsProp.convention,
      "tensorflow: sqrt(ms + epsilon), ms begins at 1; pytorch: sqrt(ms) + epsilon, ms at 0"),
    real("rho-bar", \.impala.vTrace.rhoBar, .above(0), "V-trace: limit of the ratio in the temporal difference"),
    real("c-bar", \.impala.vTrace.cBar, .above(0), "V-trace: limit of the ratio in the trace"),
    real(
      "policy-gradient-rho-bar", \.impala.vTrace.policyGradientRhoBar, .above(0),
      "V-trace: limit of the ratio in the advantage"),
    real("lambda", \.impala.vTrace.lambda, .from(0, to: 1), "V-trace: factor of the trace"),
    choice(
      "lambda-convention", \.impala.vTrace.lambdaConvention,
      "V-trace: targets uses vs in the advantage, mixed lambda vs + (1 - lambda) V"),
    real("popart-beta", \.impala.popArt.beta, .from(0, below: 1), "PopArt: step of the statistics"),
    real("popart-lower-bound", \.impala.popArt.lowerBound, .from(1e-100, to: 1e100), "PopArt: smallest sigma"),
    real("popart-upper-bound", \.impala.popArt.upperBound, .from(1e-100, to: 1e100), "PopArt: largest sigma"),
    choice(
      "popart-second-moment", \.impala.popArt.secondMoment,
      "PopArt: nu averages the mean of vs^2, or the square of the mean of vs"),
    flag("popart-preserve", \.impala.popArt.preservesOutputs, "PopArt: rescale the heads when statistics move"),
    flag(
      "popart-corrected-start", \.impala.popArt.correctsStart,
      "PopArt: statistics begin with the first returns, so that rewards of any size are learned from at once"),
    flag("statistics-first", \.impala.statisticsFirst, "PopArt: move the statistics before the losses"),
  ]

  /// Of SAC and its presets.
  public static let sac: [Setting] = [
    choice("protocol", \.trainingProtocol, "which experiment's numbers are the defaults of the settings below"),
    choice("network", \.sac.network, "what policy and critics are made of"),
    integer("width", \.sac.width, 1...65_536, "units of a hidden layer"),
    integer("layers", \.sac.layers, 1...64, "hidden layers of a plain network")
      .read(by: .mlp, .multiHead, .separate, .mixtureOfExperts),
    choice(
      "routing", \.sac.routing.definition, "soft modularization: as the released code, or as the paper's equations"
    ).read(by: .softModularization),
    integer("module-layers", \.sac.routing.layers, 2...64, "L, layers of modules").read(
      by: .softModularization, .hardRouting),
    integer("modules", \.sac.routing.modules, 1...1024, "n, modules of a layer").read(
      by: .softModularization, .hardRouting),
    integer("module-width", \.sac.routing.width, 1...65_536, "d, units of a module").read(
      by: .softModularization, .hardRouting),
    integer("embedding", \.sac.routing.embedding, 1...65_536, "D, size of the embeddings of state and task")
      .read(by: .softModularization, .hardRouting),
    integer("routing-width", \.sac.routing.routingWidth, 1...65_536, "units of the routing network's layers")
      .read(by: .softModularization),
    flag("routing-by-state", \.sac.routing.routesByState, "routing sees the state; otherwise the task alone decides")
      .read(by: .softModularization),
    integer("batch", \.sac.batch, 1...65_536, "transitions of each task in a batch"),
    integer("replay", \.sac.replay, 1...(1 << 32) - 1, "transitions that each task's replay holds"),
    integer("warm-up", \.sac.warmUp, 0...(1 << 32) - 1, "transitions of each task before the first update"),
    choice("warm-up-policy", \.sac.warmUpPolicy, "who acts until then"),
    integer("updates", \.sac.updates, 0...100_000, "updates per round; 0 for one per step of a task"),
    flag("shared-indices", \.sac.sharesIndices, "all tasks draw the same places of their replays"),
    real("discount", \.sac.discount, .from(0, below: 1), "gamma per agent step"),
    real("learning-rate", \.sac.learningRate, .finite(from: 0), "step size of Adam"),
    real("adam-epsilon", \.sac.adam.epsilon, .finite(above: 0), "Adam's epsilon"),
    real("target-rate", \.sac.targetRate, .above(0, to: 1), "how far target critics move per update"),
    real("gradient-norm", \.sac.gradientNorm, .above(0), "largest norm of the gradient of policy and of each critic"),
    choice("aggregation", \.sac.aggregation, "how tasks' gradients become one; other than sum with one shard per task"),
    choice("balance", \.sac.balance, "how tasks are weighted by their temperatures"),
    real(
      "log-probability-correction", \.sac.correction, .from(0, below: 1),
      "added to 1 - tanh(u)^2; 0 for the form that needs none"),
  ]

  /// Settings of which the first must not be above the second, where a run has both.
  static let ordered = [
    ("c-bar", "rho-bar"), ("popart-lower-bound", "popart-upper-bound"), ("batch", "replay"), ("warm-up", "replay"),
  ]

  static let algorithm = choice(
    "algorithm", \.algorithm, among: Preset.allCases.map(\.rawValue), "preset: defaults of the settings below"
  ) {
    $0
  } parse: {
    Preset(rawValue: $0)?.rawValue
  }
}
