import ArgumentParser
import Foundation
import Polymath

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Score a trained agent, or random play, on each task.")

  @Argument(help: "Folder of a run; left out with --random.")
  var runFolder: String?
  @Flag(help: "Score uniformly random play instead of an agent.")
  var random = false
  @Option(help: "Suite for --random.")
  var suite = "arcade"
  @Option(help: "Tasks, separated by commas; all by default.")
  var tasks = ""
  @Option(help: "Episodes of each task.")
  var episodes = 100
  @Option(help: "Seed of the environments and of sampled actions.")
  var seed: UInt64 = 1001
  @Flag(help: "Take the most probable action instead of sampling from the policy.")
  var greedy = false
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup(title: "With --random") var environments: EnvironmentOptions

  private struct Report: Encodable {
    let run: String?
    let seed: UInt64
    let greedy: Bool
    let tasks: [Evaluation.TaskScore]
  }

  func validate() throws {
    try environments.validate(random: random, run: runFolder)
    if episodes < 1 { throw ValidationError("episodes is \(episodes), but must be at least 1") }
  }

  func run() throws {
    Command.prepare()
    let ids = tasks.split(separator: ",").map(String.init)
    let scores: [Evaluation.TaskScore]
    if let runFolder {
      let agent = try Run.load(runFolder)
      scores = try Evaluation.play(
        agent.taskSet, tasks: ids, policy: agent.learner, episodes: episodes, seed: seed, greedy: greedy)
    } else {
      let taskSet = try environments.taskSet(suite: suite, tasks: tasks)
      scores = try Evaluation.play(
        taskSet, policy: Evaluation.randomPolicy(taskSet), episodes: episodes, seed: seed)
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      print(
        String(
          decoding: try encoder.encode(Report(run: runFolder, seed: seed, greedy: greedy, tasks: scores)), as: UTF8.self
        ))
    } else {
      printTable(scores)
    }
  }

  private func printTable(_ scores: [Evaluation.TaskScore]) {
    var rows = [["task", "episodes", "return", "normalized", "95 % interval", "success"]]
    for score in scores {
      let interval = score.low.flatMap { low in score.high.map { "\(percent(low)) to \(percent($0))" } }
      rows.append([
        score.id, grouped(score.episodes), short(score.return), score.normalized.map(percent) ?? "n/a",
        interval ?? "n/a", score.success.map(percent) ?? "n/a",
      ])
    }
    table(rows).forEach { print($0) }
  }
}
