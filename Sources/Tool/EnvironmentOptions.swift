import ArgumentParser
import Polymath

/// What commands that take the folder of a run may import.
struct TrustOptions: ParsableArguments {
  @Flag(help: "Import the Python modules that the run's files name, also where they are not yours: their code runs.")
  var trustRun = false

  /// - Parameter modules: Those that the user names.
  func trust(naming modules: [Words] = []) -> Trust { Trust(modules: Set(modules.list), everything: trustRun) }
}

/// How the environments of a suite are made, as flags of a run say it.
struct EnvironmentOptions: ParsableArguments {
  @Option(
    help: "Arguments of a Gymnasium environment or of an Atari suite: name=value,...", transform: Words.init)
  var envArg: [Words] = []
  @Option(
    help: "Python modules that register environments, separated by commas; of a run, those that may be imported.",
    transform: Words.init)
  var envModule: [Words] = []
  @Option(help: "Seconds that one Gymnasium environment may take to be made, reset or stepped; 30 by default.")
  var workerTimeout: String?
  @Option(help: "Wrappers around each task, the innermost first, separated by commas.", transform: Words.init)
  var wrap: [Words] = []

  /// Those that a run has of its own.
  private var flags: [(name: String, value: String)] {
    [("wrap", wrap.text), ("env-arg", envArg.text)].filter { !$0.1.isEmpty }
      + (workerTimeout.map { [("worker-timeout", $0)] } ?? [])
  }

  /// Makes sure that a command is given a run, or random play of a suite.
  func validate(random: Bool, run: String?) throws {
    if random == (run != nil) { throw ValidationError("name the folder of a run, or --random --suite NAME") }
    for flag in flags where run != nil { throw ValidationError("a run has its own: leave --\(flag.name) out") }
  }

  /// The tasks of a suite, all where `tasks` is empty.
  ///
  /// - Parameter inspectedSteps: As in `Gymnasium.Options`.
  func taskSet(suite: String, tasks: String = "", inspectedSteps: Int? = nil) throws -> TaskSet {
    let configuration = try RunConfiguration.resolve(
      flags: [("suite", suite), ("tasks", tasks), ("env-module", envModule.text)] + flags, in: Command.catalogue)
    var options = configuration.suiteOptions
    options.inspectedSteps = inspectedSteps
    return try Suites.make(
      configuration.suite, tasks: configuration.tasks, wrappers: configuration.wrappers, options: options,
      from: Command.catalogue.suites)
  }
}
