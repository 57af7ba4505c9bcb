import ArgumentParser
import Foundation
import Polymath

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs of one suite: IQM over seeds and tasks, with intervals, an algorithm a row.",
    discussion: "Every run is evaluated anew. Scores are normalised returns, or with --success the share of episodes "
      + "that succeed. Intervals are 95 % stratified bootstrap intervals; one seed gives none worth the name.")

  @Argument(help: "Folders of runs.")
  var runs: [String]
  @Option(help: "Episodes of each task and run.")
  var episodes = 100
  @Option(help: "Seed of the environments and of sampled actions.")
  var seed: UInt64 = 1001
  @Option(help: "Tasks to compare on, separated by commas; all by default.")
  var tasks = ""
  @Flag(help: "Score by the share of episodes that succeed.")
  var success = false

  func validate() throws {
    if runs.isEmpty { throw ValidationError("name the folders of the runs to compare") }
    if episodes < 1 { throw ValidationError("episodes is \(episodes), but must be at least 1") }
  }

  func run() throws {
    Command.prepare()
    var (arms, ids, agents): ([(name: String, scores: [[Double]])], [String], [Agent]) = ([], [], [])
    let wanted = tasks.split(separator: ",").map(String.init)
    for path in runs {
      let agent = try Run.load(path)
      try agents.forEach { try checkComparable($0, agent, path) }
      agents.append(agent)
      let taskSet = wanted.isEmpty ? agent.taskSet : try agent.taskSet.subset(wanted)
      if ids.isEmpty { ids = taskSet.ids }
      guard ids == taskSet.ids else {
        throw ValidationError(
          "\(path) has tasks \(taskSet.ids), the first run has \(ids): name common ones with --tasks")
      }
      let played = try Evaluation.play(taskSet, policy: agent.learner, episodes: episodes, seed: seed)
      let scores = try played.map { score in
        guard let value = success ? score.success : score.normalized else {
          throw ValidationError(
            success
              ? "task \(score.id) has no rule of success: leave --success out to compare normalised returns"
              : "task \(score.id) has no reference score: compare by --success, or leave it out with --tasks")
        }
        return value
      }
      if let arm = arms.firstIndex(where: { $0.name == agent.configuration.algorithm }) {
        arms[arm].scores.append(scores)
      } else {
        arms.append((agent.configuration.algorithm, [scores]))
      }
    }
    printTasks(arms, ids)
    printIntervals(arms)
  }

  /// Arms are algorithms on one suite: runs of an algorithm differ in their seed, and in nothing else that matters.
  private func checkComparable(_ first: Agent, _ agent: Agent, _ path: String) throws {
    let (one, other) = (first.configuration, agent.configuration)
    guard one.suite == other.suite else {
      throw ValidationError("\(path) is of suite \(other.suite), a run before it of \(one.suite): compare one suite")
    }
    guard one.algorithm == other.algorithm else { return }
    guard one.seed != other.seed else {
      throw ValidationError("\(path) has seed \(one.seed), like a run of \(one.algorithm) before it: leave one out")
    }
    let free = ["seed", "threads", "checkpoint-every"]
    for setting in one.settings where !free.contains(setting.name) && setting.read(one) != setting.read(other) {
      throw ValidationError(
        "\(path) has \(setting.name) \(setting.read(other)), a run of \(one.algorithm) before it "
          + "\(setting.read(one)): runs of one algorithm may differ in their seed only")
    }
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
    var rows = [["algorithm", "seeds", "IQM", "\(arms[0].name) minus it"]]
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
