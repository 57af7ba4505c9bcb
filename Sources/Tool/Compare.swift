import ArgumentParser
import Foundation
import Polymath

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs of one suite: IQM over seeds and tasks, with intervals, an arm a row.",
    discussion:
      "Runs that differ in nothing but their seed are an arm, named by its algorithm and by what it has changed "
      + "that others have not. Every run is evaluated anew. Scores are normalised returns, or with --success the share of "
      + "episodes that succeed. Intervals are 95 % stratified bootstrap intervals; one seed gives none worth the name.")

  @Argument(help: "Folders of runs.")
  var runs: [String]
  @Option(help: "Episodes of each task and run.")
  var episodes = 100
  @Option(help: "Seed of the environments and of sampled actions.")
  var seed: UInt64 = 1001
  @Option(help: "Tasks to compare on, separated by commas; all by default.")
  var tasks = ""
  @Flag(help: "Take the most probable action instead of sampling from the policy.")
  var greedy = false
  @Flag(help: "Score by the share of episodes that succeed.")
  var success = false

  func validate() throws {
    if runs.isEmpty { throw ValidationError("name the folders of the runs to compare") }
    if episodes < 1 { throw ValidationError("episodes is \(episodes), but must be at least 1") }
  }

  func run() throws {
    Command.prepare()
    let wanted = tasks.split(separator: ",").map(String.init)
    let agents = try runs.map(Run.load)
    let names = try armNames(agents)
    var (arms, ids): ([(name: String, scores: [[Double]])], [String]) = ([], [])
    for ((path, agent), name) in zip(zip(runs, agents), names) {
      let taskIDs = wanted.isEmpty ? agent.taskSet.ids : try agent.taskSet.subset(wanted).ids
      if ids.isEmpty { ids = taskIDs }
      guard ids == taskIDs else {
        throw ValidationError("\(path) has tasks \(taskIDs), the first run has \(ids): name common ones with --tasks")
      }
      let played = try Evaluation.play(
        agent.taskSet, tasks: wanted, policy: agent.learner, episodes: episodes, seed: seed, greedy: greedy)
      let scores = try played.map { score in
        guard let value = success ? score.success : score.normalized else {
          throw ValidationError(
            success
              ? "task \(score.id) has no rule of success: leave --success out to compare normalised returns"
              : "task \(score.id) has no reference score: compare by --success, or leave it out with --tasks")
        }
        return value
      }
      if let arm = arms.firstIndex(where: { $0.name == name }) {
        arms[arm].scores.append(scores)
      } else {
        arms.append((name, [scores]))
      }
    }
    printTasks(arms, ids)
    printIntervals(arms)
  }

  /// The arm of each run: its algorithm, and the settings that differ from the algorithm's own, where not all runs have
  /// them so.
  private func armNames(_ agents: [Agent]) throws -> [String] {
    let changes = agents.map { agent in
      let run = agent.configuration
      let own = Preset(rawValue: run.algorithm)!.configuration(suite: run.suite, protocol: run.trainingProtocol)
      // What groups and shards are by default depends on the tasks.
      let free = ["seed", "threads", "checkpoint-every", "tasks", "groups", "shards"]
      let itsOwn = Preset(rawValue: run.algorithm)!.configuration(suite: run.suite).trainingProtocol
      let chosen = run.trainingProtocol == itsOwn ? [] : ["protocol \(run.trainingProtocol.rawValue)"]
      return chosen
        + run.settings.filter { !free.contains($0.name) && $0.read(run) != $0.read(own) }
        .map { "\($0.name) \($0.read(run))" }
    }
    let common = changes.dropFirst().reduce(Set(changes[0])) { $0.intersection($1) }
    var arms: [(arm: String, seed: UInt64)] = []
    for ((agent, changes), path) in zip(zip(agents, changes), runs) {
      let run = agent.configuration
      guard run.suite == agents[0].configuration.suite else {
        throw ValidationError(
          "\(path) is of suite \(run.suite), a run before it of \(agents[0].configuration.suite): compare one suite")
      }
      let arm = ([run.algorithm] + changes.filter { !common.contains($0) }).joined(separator: ", ")
      guard !arms.contains(where: { $0 == (arm, run.seed) }) else {
        throw ValidationError("\(path) has seed \(run.seed), like a run of \(arm) before it: leave one out")
      }
      arms.append((arm, run.seed))
    }
    return arms.map(\.arm)
  }

  /// IQM over seeds of each task, and every seed's number.
  private func printTasks(_ arms: [(name: String, scores: [[Double]])], _ ids: [String]) {
    var rows = [["task"] + arms.map(\.name)]
    for (task, id) in ids.enumerated() {
      rows.append(
        [id]
          + arms.map { arm in
            let values = arm.scores.map { $0[task] }
            let seeds = values.map { String(format: "%.2f", $0) }.joined(separator: " ")
            return String(format: "%.2f", Statistics.interquartileMean(values)) + " (\(seeds))"
          })
    }
    table(rows).forEach { print($0) }
  }

  /// IQM over seeds and tasks, and the difference to the first arm.
  private func printIntervals(_ arms: [(name: String, scores: [[Double]])]) {
    // One seed says nothing about the next.
    func text(_ interval: Statistics.Interval, seeds: Int) -> String {
      let estimate = String(format: "%.3f", interval.estimate)
      return seeds < 2 ? estimate + " [n/a]" : estimate + String(format: " [%.3f, %.3f]", interval.low, interval.high)
    }
    print("")
    var rows = [["arm", "seeds", "IQM", "\(arms[0].name) minus it"]]
    for (index, arm) in arms.enumerated() {
      rows.append([
        arm.name, "\(arm.scores.count)", text(Statistics.aggregate(scores: arm.scores), seeds: arm.scores.count),
        index == 0
          ? ""
          : text(
            Statistics.difference(arms[0].scores, arm.scores), seeds: min(arms[0].scores.count, arm.scores.count)),
      ])
    }
    table(rows).forEach { print($0) }
  }
}
