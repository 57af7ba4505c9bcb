import ArgumentParser
import Polymath

/// Who acts: the agent of a run, or random play of a suite.
struct ActorOptions: ParsableArguments {
  @Argument(help: "Folder of a run; left out with --random.", transform: path)
  var runFolder: String?
  @Flag(help: "Uniformly random play instead of an agent.")
  var random = false
  @Option(help: "Suite for --random.")
  var suite = "arcade"
  @Flag(help: "Take the most probable action instead of sampling from the policy.")
  var greedy = false
  @OptionGroup var trust: TrustOptions
  @OptionGroup(title: "With --random") var environments: EnvironmentOptions

  func validate() throws {
    try environments.validate(random: random, run: runFolder)
    if random && greedy { throw ValidationError("random play has no most probable action: leave --greedy out") }
  }

  /// The tasks and who acts in them.
  ///
  /// - Parameters:
  ///   - tasks: Those of random play; all where empty. An agent has all of its run's.
  ///   - references: Returns that count as 100 %, by task.
  func load(tasks: String = "", references: [String: Double] = [:]) throws -> (taskSet: TaskSet, policy: any Policy) {
    if let runFolder {
      let agent = try Run.load(
        runFolder, references: references, trust: trust.trust(naming: environments.envModule),
        in: Command.catalogue)
      return (agent.taskSet, agent.learner)
    }
    let taskSet = try environments.taskSet(suite: suite, tasks: tasks).scored(against: references)
    return (taskSet, Evaluation.randomPolicy(taskSet.action))
  }
}
