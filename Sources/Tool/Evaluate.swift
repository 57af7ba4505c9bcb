import ArgumentParser
import Foundation
import Polymath

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a trained agent, or random play, on each task.",
    usage: """
      polymath evaluate RUN [OPTIONS]
      polymath evaluate --random --suite NAME [OPTIONS]
      """)

  private enum Numbers {
    static let episodes = NumberOption.episodes(100)
    static let seed = NumberOption.seed(1001)
  }

  @Argument(help: "Folder of a run; left out with --random.", transform: path)
  var runFolder: String?
  @Flag(help: "Score uniformly random play instead of an agent.")
  var random = false
  @Option(help: "Suite for --random.")
  var suite = "arcade"
  @Option(help: "Tasks, separated by commas; all by default.", transform: Words.init)
  var tasks: [Words] = []
  @Option(help: Numbers.episodes.help, transform: Numbers.episodes.read)
  var episodes = Numbers.episodes.value
  @Option(help: Numbers.seed.help, transform: Numbers.seed.read)
  var seed = Numbers.seed.value
  @Flag(help: "Take the most probable action instead of sampling from the policy.")
  var greedy = false
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var trust: TrustOptions
  @OptionGroup(title: "With --random") var environments: EnvironmentOptions

  private struct Report: Encodable {
    let run: String?
    let seed: UInt64
    let greedy: Bool
    let tasks: [Evaluation.TaskScore]
  }

  func validate() throws {
    try environments.validate(random: random, run: runFolder)
  }

  func run() throws {
    Command.prepare()
    let scores: [Evaluation.TaskScore]
    if let runFolder {
      let agent = try Run.load(runFolder, trust: trust.trust(naming: environments.envModule))
      note(agent.taskSet)
      scores = try Evaluation.play(
        agent.taskSet, tasks: tasks.list, policy: agent.learner, episodes: episodes, seed: seed, greedy: greedy)
    } else {
      let taskSet = try environments.taskSet(suite: suite, tasks: tasks.text)
      note(taskSet)
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
