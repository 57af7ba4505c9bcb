import Algorithms
import Environments
import Layers
import Returns

/// One named setting of a run: a flag of the tool, a field of run.yaml, and a line of `--print-config`.
public struct Setting: Sendable {
  public let name: String
  public let help: String
  public let read: @Sendable (RunConfiguration) -> String
  /// Sets the value from text; false where the text is not of the setting's kind, an error where more can be said.
  let write: @Sendable (inout RunConfiguration, String) throws -> Bool
  /// What kind of text is taken.
  public let kind: String
  /// Whether that is true or false.
  public var isFlag: Bool { kind == Self.flagKind }
  /// Whether that is several words.
  var isList: Bool { kind.hasPrefix("list") }
  private static let flagKind = "true or false"

  private init<Value>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), kind: String, _ help: String,
    format: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) throws -> Value?
  ) {
    (self.name, self.help, self.kind) = (name, help, kind)
    read = { format($0[keyPath: path]) }
    write = { configuration, text in
      guard let value = try parse(text) else { return false }
      configuration[keyPath: path] = value
      return true
    }
  }

  private static func integer<Value: FixedWidthInteger & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, kind: Value.isSigned ? "a whole number" : "a whole number from 0 on", help) {
      String($0)
    } parse: {
      Value($0.replacing("_", with: ""))
    }
  }

  private static func real<Value: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, kind: "number", help) {
      $0.description
    } parse: { text in
      Value(text).flatMap { $0.isNaN ? nil : $0 }
    }
  }

  private static func flag(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Bool> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, kind: flagKind, help) {
      String($0)
    } parse: {
      Bool($0)
    }
  }

  private static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting where Value.RawValue == String {
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    return Setting(name, path, kind: "one of \(names)", help) {
      $0.rawValue
    } parse: {
      Value(rawValue: $0)
    }
  }

  /// All settings, in the order in which they are printed.
  public static let all: [Setting] = [
    Setting("suite", \.suite, kind: "name", "which environments (`polymath list suites`)") {
      $0
    } parse: {
      $0
    },
    Setting("tasks", \.tasks, kind: "list", "tasks of the suite, separated by commas; all by default") {
      $0.joined(separator: ",")
    } parse: {
      $0.split(separator: ",").map { $0.trimmingPrefix(" ").description }
    },
    Setting(
      "wrap", \.wrappers, kind: "list of wrappers",
      "around each task, the innermost first: \(Wrapper.texts.joined(separator: ", "))"
    ) {
      $0.map(\.description).joined(separator: ",")
    } parse: {
      try Wrapper.list($0)
    },
    choice("task-context", \.taskContext, "one-hot: vectors end with the task's number, one-hot"),
    Setting(
      "env-arg", \.gymnasium.arguments, kind: "list of name=value",
      "arguments of a Gymnasium environment, or of an Atari suite"
    ) {
      $0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    } parse: { text in
      let pairs = text.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
      guard pairs.allSatisfy({ $0.count == 2 }) else { return nil }
      return Dictionary(pairs.map { ($0[0].trimmingPrefix(" ").description, $0[1]) }) { $1 }
    },
    Setting("env-module", \.gymnasium.modules, kind: "list", "Python modules that register environments") {
      $0.joined(separator: ",")
    } parse: {
      $0.split(separator: ",").map { $0.trimmingPrefix(" ").description }
    },
    flag(
      "exact", \.isExact, "Atari through the emulator's own interface, whose state can be saved; slower"),
    choicePreset,
    integer("steps", \.steps, "agent steps in all, over all tasks"),
    integer("seed", \.seed, "seed of every random number"),
    integer("threads", \.threads, "threads of the pool; results don't depend on it"),
    integer("unroll", \.unroll, "T, agent steps of an unroll"),
    integer("environments-per-task", \.environmentsPerTask, "environments of each task"),
    integer("groups", \.groups, "acting batches, a multiple of the shards; 0 for one per shard"),
    integer("shards", \.shards, "learning batches; 0 for one per task (4 for one task)"),
    integer("lag", \.lag, "updates between the parameters that act and those that learn"),
    integer("checkpoint-every", \.checkpointEvery, "agent steps between checkpoints"),
    integer("worker-restarts", \.recovery.most, "failures of a worker process within ten minutes that are borne"),
    choice(
      "lost-task", \.recovery.afterwards, "after more failures: end the run, or quarantine the worker's environments"),
    choice("network", \.learning.network, "trunk that all tasks share"),
    integer("lstm", \.learning.lstm, "units of an LSTM after the trunk; 0 for none"),
    flag("extras", \.learning.extras, "the network also sees the last reward and action"),
    choice("rewards", \.learning.rewards, "how rewards enter learning"),
    choice("values", \.learning.values, "how values are represented"),
    real("discount", \.learning.discount, "gamma per agent step"),
    real("baseline-cost", \.learning.baselineCost, "weight of the value loss"),
    real("entropy-cost", \.learning.entropyCost, "weight of the entropy bonus"),
    real("learning-rate", \.learning.learningRate, "step size at the start"),
    flag("annealing", \.learning.annealing, "the step size falls linearly to 0 over the run"),
    real("gradient-norm", \.learning.gradientNorm, "largest norm of the gradient"),
    real("rmsprop-decay", \.learning.rmsProp.decay, "decay of RMSProp's mean square"),
    real("rmsprop-momentum", \.learning.rmsProp.momentum, "decay of RMSProp's momentum; 0 for none"),
    real("rmsprop-epsilon", \.learning.rmsProp.epsilon, "RMSProp's epsilon"),
    choice(
      "rmsprop-convention", \.learning.rmsProp.convention,
      "tensorflow: sqrt(ms + epsilon), ms begins at 1; pytorch: sqrt(ms) + epsilon, ms at 0"),
    real("rho-bar", \.learning.vTrace.rhoBar, "V-trace: limit of the ratio in the temporal difference"),
    real("c-bar", \.learning.vTrace.cBar, "V-trace: limit of the ratio in the trace"),
    real(
      "policy-gradient-rho-bar", \.learning.vTrace.policyGradientRhoBar, "V-trace: limit of the ratio in the advantage"),
    real("lambda", \.learning.vTrace.lambda, "V-trace: factor of the trace"),
    choice(
      "lambda-convention", \.learning.vTrace.lambdaConvention,
      "V-trace: targets uses vs in the advantage, mixed lambda vs + (1 - lambda) V"),
    real("popart-beta", \.learning.popArt.beta, "PopArt: step of the statistics"),
    real("popart-lower-bound", \.learning.popArt.lowerBound, "PopArt: smallest sigma"),
    real("popart-upper-bound", \.learning.popArt.upperBound, "PopArt: largest sigma"),
    choice(
      "popart-second-moment", \.learning.popArt.secondMoment,
      "PopArt: nu averages the mean of vs^2, or the square of the mean of vs"),
    flag("popart-preserve", \.learning.popArt.preservesOutputs, "PopArt: rescale the heads when statistics move"),
    flag("statistics-first", \.learning.statisticsFirst, "PopArt: move the statistics before the losses"),
  ]

  private static let choicePreset = Setting(
    "algorithm", \.algorithm, kind: "one of \(Preset.allCases.map(\.rawValue).joined(separator: ", "))",
    "preset: defaults of the settings below"
  ) {
    $0
  } parse: {
    Preset(rawValue: $0)?.rawValue
  }

  /// The setting of this name.
  /// - Throws: `ConfigurationError.unknownSetting` with the nearest name.
  static func named(_ name: String) throws(ConfigurationError) -> Setting {
    guard let setting = all.first(where: { $0.name == name }) else {
      throw .unknownSetting(name, all.map(\.name))
    }
    return setting
  }
}
