import ArgumentParser
import Foundation
import Polymath

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs of one suite: IQM over seeds and tasks, with intervals, an arm a row.",
    discussion:
      "Runs that differ in nothing but their seed are an arm, named by its algorithm and by what it has changed "
      + "that others have not. Arms are numbered. Every run is evaluated anew, but for those that --scores has. Scores are "
      + "normalised returns, or with --success the share of episodes that succeed. Intervals are 95 % stratified "
      + "bootstrap intervals; one seed gives none.")

  @Argument(help: "Folders of runs; of those whose scores --scores has, only the names matter.")
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
  @Option(help: "File of scores, a line a run: runs that it has are not evaluated, others are added.")
  var scores: String?

  func validate() throws {
    if runs.isEmpty { throw ValidationError("name the folders of the runs to compare") }
    if episodes < 1 { throw ValidationError("episodes is \(episodes), but must be at least 1") }
    if scores != nil && Set(runs.map(Self.name)).count < runs.count {
      throw ValidationError("two folders of runs have one name, by which --scores tells runs apart: rename one")
    }
  }

  private static func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

  func run() throws {
    Command.prepare()
    let recorded = try scores.flatMap { FileManager.default.fileExists(atPath: $0) ? try ScoreTable(path: $0) : nil }
    if let recorded {
      guard recorded.conditions.hasSuffix(conditions), wanted.isEmpty || wanted == recorded.tasks else {
        throw ValidationError(
          "\(scores!) is of \(recorded.conditions), on \(recorded.tasks): ask for the same, or name another file")
      }
    }
    var table = recorded
    var rows: [ScoreTable.Row] = []
    for path in runs {
      if let row = recorded?.row(ofRun: Self.name(path)) {
        rows.append(row)
        continue
      }
      let evaluated = try evaluate(path)
      guard table == nil || table!.conditions == evaluated.conditions && table!.tasks == evaluated.tasks else {
        throw ValidationError(
          "\(path) is scored by \(evaluated.conditions), on \(evaluated.tasks); what comes before it by "
            + "\(table!.conditions), on \(table!.tasks): compare one suite, and name common tasks with --tasks")
      }
      rows += evaluated.rows
      if table == nil { table = evaluated } else { evaluated.rows.forEach { table!.add($0) } }
      if let scores { try table!.write(to: scores) }
    }
    let arms = try arms(rows)
    print("\(table!.conditions)\n")
    printArms(arms)
    printTasks(arms, table!.tasks)
  }

  private var wanted: [String] { tasks.split(separator: ",").map(String.init) }

  private var conditions: String {
    "\(success ? "success" : "normalized return") of \(episodes) \(greedy ? "greedy" : "sampled") episodes a task, seed \(seed)"
  }

  /// A table of one run.
  private func evaluate(_ path: String) throws -> ScoreTable {
    let agent = try Run.load(path)
    let played = try Evaluation.play(
      agent.taskSet, tasks: wanted, policy: agent.learner, episodes: episodes, seed: seed, greedy: greedy)
    let numbers = try played.map { score in
      guard let value = success ? score.success : score.normalized else {
        throw ValidationError(
          success
            ? "task \(score.id) has no rule of success: leave --success out to compare normalised returns"
            : "task \(score.id) has no reference score: compare by --success, or leave it out with --tasks")
      }
      return value
    }
    let configuration = agent.configuration
    var table = ScoreTable(
      conditions: "\(configuration.suite), \(conditions)", tasks: played.map(\.id))
    table.add(ScoreTable.Row(run: Self.name(path), arm: configuration.arm, seed: configuration.seed, scores: numbers))
    return table
  }

  private struct Arm {
    let name: String
    var seeds: [UInt64] = []
    /// A row a seed, a number a task.
    var scores: [[Double]] = []
  }

  /// Runs by their arms, whose names leave out what all have in common.
  private func arms(_ rows: [ScoreTable.Row]) throws -> [Arm] {
    var arms: [Arm] = []
    for (row, name) in zip(rows, RunConfiguration.armsApart(rows.map(\.arm))) {
      let place = arms.firstIndex { $0.name == name } ?? arms.count
      if place == arms.count { arms.append(Arm(name: name)) }
      guard !arms[place].seeds.contains(row.seed) else {
        throw ValidationError("\(row.run) has seed \(row.seed), like a run of \(name) before it: leave one out")
      }
      arms[place].seeds.append(row.seed)
      arms[place].scores.append(row.scores)
    }
    return arms
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
