import ArgumentParser
import Foundation
import Polymath

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs of one suite: IQM over seeds and tasks, with intervals, an arm a row.",
    discussion:
      "Runs that differ in nothing but their seed are an arm, named by its algorithm and by what it has changed "
      + "that others have not. Arms are numbered. Every run is evaluated anew. Scores are normalised returns, or with "
      + "--success the share of episodes that succeed; --json shows every seed's. Intervals are 95 % stratified bootstrap "
      + "intervals; one seed gives none.")

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
  @Flag(help: "Print one JSON object: the scores of every run, by arm, seed and task.")
  var json = false

  func validate() throws {
    if runs.isEmpty { throw ValidationError("name the folders of the runs to compare") }
    if episodes < 1 { throw ValidationError("episodes is \(episodes), but must be at least 1") }
  }

  func run() throws {
    Command.prepare()
    let wanted = tasks.split(separator: ",").map(String.init)
    let agents = try runs.map(Run.load)
    let names = try armNames(agents)
    var (arms, ids): ([Arm], [String]) = ([], [])
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
        arms[arm].add(scores, seed: agent.configuration.seed)
      } else {
        arms.append(Arm(name: name))
        arms[arms.count - 1].add(scores, seed: agent.configuration.seed)
      }
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
      let report = Report(
        score: success ? "success" : "normalized", episodes: episodes, greedy: greedy, seed: seed, tasks: ids,
        arms: arms)
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      printArms(arms)
      printTasks(arms, ids)
    }
  }

  private struct Arm: Encodable {
    let name: String
    var seeds: [UInt64] = []
    /// A row a seed, a number a task.
    var scores: [[Double]] = []

    mutating func add(_ row: [Double], seed: UInt64) {
      seeds.append(seed)
      scores.append(row)
    }
  }

  private struct Report: Encodable {
    let score: String
    let episodes: Int
    let greedy: Bool
    let seed: UInt64
    let tasks: [String]
    let arms: [Arm]
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

  /// IQM over seeds and tasks, and the difference to the first arm.
  private func printArms(_ arms: [Arm]) {
    var rows = [["arm", "seeds", "IQM", "arm 1 minus it"]]
    for (index, arm) in arms.enumerated() {
      let (first, seeds) = (arms[0].scores, arm.scores.count)
      rows.append([
        "\(index + 1) \(arm.name)", "\(seeds)", text(Statistics.aggregate(scores: arm.scores), "%.3f", seeds: seeds),
        index == 0 ? "" : text(Statistics.difference(first, arm.scores), "%.3f", seeds: min(first.count, seeds)),
      ])
    }
    table(rows).forEach { print($0) }
  }

  /// IQM over seeds of each task, as many arms side by side as the terminal is wide.
  private func printTasks(_ arms: [Arm], _ ids: [String]) {
    let columns = arms.enumerated().map { index, arm in
      ["arm \(index + 1)"]
        + ids.indices.map { task in
          text(
            Statistics.aggregate(scores: arm.scores.map { [$0[task]] }, resamples: 5000), "%.2f",
            seeds: arm.scores.count)
        }
    }
    let name = ids.reduce(4) { max($0, $1.count) }
    let column = columns.joined().reduce(1) { max($0, $1.count) } + 2
    let together = max(1, (terminalSize().columns - name) / column)
    for start in stride(from: 0, to: arms.count, by: together) {
      print("")
      let shown = columns[start..<min(start + together, arms.count)]
      table((["task"] + ids).enumerated().map { row, id in [id] + shown.map { $0[row] } }).forEach { print($0) }
    }
  }

  /// One seed says nothing about the next.
  private func text(_ interval: Statistics.Interval, _ format: String, seeds: Int) -> String {
    let numbers = [interval.estimate, interval.low, interval.high].map { String(format: format, $0) }
    return seeds < 2 ? numbers[0] : "\(numbers[0]) [\(numbers[1]), \(numbers[2])]"
  }
}
