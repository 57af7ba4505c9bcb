import ArgumentParser
import Polymath

/// How the environments of a suite are made, as flags of a run say it.
struct EnvironmentOptions: ParsableArguments {
  @Option(
    help: "Arguments of a Gymnasium environment or of an Atari suite: name=value,...", transform: Words.init)
  var envArg: [Words] = []
  @Option(help: "Python modules that register environments, separated by commas.", transform: Words.init)
  var envModule: [Words] = []
  @Option(help: "Wrappers around each task, the innermost first, separated by commas.", transform: Words.init)
  var wrap: [Words] = []

  private var flags: [(name: String, value: String)] {
    [("wrap", wrap.text), ("env-arg", envArg.text), ("env-module", envModule.text)]
  }

  /// Makes sure that a command is given a run, or random play of a suite.
  func validate(random: Bool, run: String?) throws {
    if random == (run != nil) { throw ValidationError("name the folder of a run, or --random --suite NAME") }
    for flag in flags where run != nil && !flag.value.isEmpty {
      throw ValidationError("a run has its own: leave --\(flag.name) out")
    }
  }

  /// The tasks of a suite, all where `tasks` is empty.
  ///
  /// - Parameter inspectedSteps: As in `Gymnasium.Options`.
  func taskSet(suite: String, tasks: String = "", inspectedSteps: Int? = nil) throws -> TaskSet {
    let configuration = try RunConfiguration.resolve(flags: [("suite", suite), ("tasks", tasks)] + flags)
    var options = configuration.suiteOptions
    options.inspectedSteps = inspectedSteps
    return try Suites.make(
      configuration.suite, tasks: configuration.tasks, wrappers: configuration.wrappers, options: options)
  }
}
