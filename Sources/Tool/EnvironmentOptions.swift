import ArgumentParser

/// How the environments of a suite are made, as flags of a run say it.
struct EnvironmentOptions: ParsableArguments {
  @Option(help: "Arguments of a Gymnasium environment or of an Atari suite: name=value,...")
  var envArg = ""
  @Option(help: "Python modules that register environments, separated by commas.")
  var envModule = ""
  @Option(help: "Wrappers around each task, the innermost first, separated by commas.")
  var wrap = ""

  var flags: [(name: String, value: String)] {
    [("wrap", wrap), ("env-arg", envArg), ("env-module", envModule)]
  }
}
