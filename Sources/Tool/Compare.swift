import ArgumentParser
import Foundation
import Polymath

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs of one suite: IQM and mean over seeds and tasks, with intervals, one row per arm.",
    usage: "polymath compare RUN RUN ... [OPTIONS]",
    discussion:
      "Runs that differ in nothing but their seed are an arm, named by its algorithm and by what it has changed "
      + "that others have not. Arms are numbered. Every run is evaluated anew, but for those that --scores has, or with "
      + "--training scored by its log. Scores are normalised returns; where tasks have no reference (see --reference), raw returns, task by task; with --success "
      + "the share of episodes that succeed. "
      + "Intervals are 95 % stratified bootstrap intervals; one seed gives none.")

  private enum Numbers {
    static let episodes = NumberOption.episodes(nil)
    static let seed = NumberOption.seed(nil)
  }

  @Argument(help: "Folders of runs; of those whose scores --scores has, only the names matter.", transform: path)
  var runs: [String]
  @Option(help: Numbers.episodes.help, transform: Numbers.episodes.read)
  var episodes: Int?
  @Option(help: Numbers.seed.help, transform: Numbers.seed.read)
  var seed: UInt64?
  @Option(help: "Tasks to compare on, separated by commas; all by default.", transform: Words.init)
  var tasks: [Words] = []
  @Flag(help: "Take the most probable action instead of sampling from the policy.")
  var greedy = false
  @Flag(help: "Take the last 100 training episodes of each task, or all where there are fewer, from each run's log.")
  var training = false
  @Flag(help: "Score by the share of episodes that succeed.")
  var success = false
  @OptionGroup var references: ReferenceOption
  @Option(
    help: "Python modules that the runs' files name and that may be imported, separated by commas.",
    transform: Words.init)
  var envModule: [Words] = []
  @OptionGroup var trust: TrustOptions
  @Option(
    help: "File of scores, one line per run: runs that it has are not scored again, others are added.", transform: path)
  var scores: String?

  func validate() throws {
    if runs.isEmpty { throw ValidationError("name the folders of the runs to compare") }
    if training && (greedy || episodes != nil || seed != nil) {
      throw ValidationError("--training plays nothing: leave --episodes, --seed and --greedy out")
    }
    if scores != nil, let run = runs.first(where: { Self.name($0).contains { $0 == "\t" || $0.isNewline } }) {
      throw ValidationError(
        "\(run.debugDescription) has a tab or a line break, by which --scores parts its fields: rename it")
    }
    if scores != nil && Set(runs.map(Self.name)).count < runs.count {
      throw ValidationError("two folders of runs have one name, by which --scores tells runs apart: rename one")
    }
  }

  fileprivate static func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

  func run() throws {
    Command.prepare()
    let recorded = try scores.flatMap { FileManager.default.fileExists(atPath: $0) ? try ScoreTable(path: $0) : nil }
    let entries = try runs.map { try Entry($0, recorded, keeps: scores != nil) }
    let arms = try Arm.group(entries.map { ($0.path, $0.arm, $0.seed) })
    let (suite, ids) = try common(entries, recorded)
    let known = entries.count { recorded?.row(ofRun: $0.name) != nil }
    if known > 0 { note("\(known) of \(entries.count) runs are in \(scores!) and not scored again") }
    let missing = entries.filter { recorded?.row(ofRun: $0.name) == nil }
    var (measure, table) = (try measure(recorded), recorded)
    var random: [String: Double] = [:]
    var unreferenced: [String] = []
    // What one run is measured against, all are.
    let own = try references.values
    if let stranger = own.keys.sorted().first(where: { !ids.contains($0) }) {
      throw ValidationError("--reference names \(stranger), which is none of the tasks \(ids): leave it out")
    }
    let given = entries.compactMap(\.configuration?.references).reduce(own) { $0.merging($1) { one, _ in one } }
      .filter { ids.contains($0.key) }
    for entry in missing {
      let run = try score(entry, tasks: ids, given)
      // Where the first run has no reference for a task, none is normalised.
      if measure == nil { unreferenced = zip(ids, run).filter { $1.normalized == nil }.map(\.0) }
      let chosen = measure ?? (unreferenced.isEmpty ? .normalized : .return)
      measure = chosen
      for (id, scores) in zip(ids, run) { random[id] = random[id] ?? scores.random }
      var scored = table ?? ScoreTable(suite: suite, conditions: conditions(chosen), tasks: ids)
      let numbers = try zip(ids, run).map { try number($1, of: $0, by: chosen, in: entry.path) }
      scored.add(ScoreTable.Row(run: entry.name, arm: entry.arm, seed: entry.seed, scores: numbers))
      if let scores { try scored.write(to: scores) }
      table = scored
    }
    guard let table, let measure else { preconditionFailure("there is at least one run, scored or recorded") }
    let groups = arms.map { arm in
      Group(name: arm.name, scores: arm.runs.map { table.row(ofRun: entries[$0].name)!.scores })
    }
    print("\(table.suite), \(table.conditions)\n")
    if measure == .return && ids.count > 1 {
      for (index, arm) in groups.enumerated() { print("arm \(index + 1): \(arm.name), seeds: \(arm.scores.count)") }
    } else {
      printArms(groups, measure)
    }
    printTasks(groups, table.tasks, measure, random: random)
    if measure == .return && ids.count > 1 {
      print(
        "\nReturns of different tasks have no common unit, so no mean over tasks is taken: give --reference "
          + (unreferenced.isEmpty ? "task=return,..." : unreferenced.map { "\($0)=RETURN" }.joined(separator: ",")))
    }
  }

  /// What runs are scored by.
  private enum Measure: String {
    case success
    case normalized = "normalized return"
    case `return`

    /// After the point, over all tasks and of one; nil for about three in all.
    var digits: (all: Int, one: Int)? { self == .return ? nil : (3, 2) }
  }

  /// What is asked for, or what a table of scores holds; nil where the first run decides.
  private func measure(_ recorded: ScoreTable?) throws -> Measure? {
    guard let recorded else { return success ? .success : nil }
    let kept = [Measure.success, .normalized, .return].first { recorded.conditions.hasPrefix("\($0.rawValue) of ") }
    guard let kept, success == (kept == .success), recorded.conditions == conditions(kept) else {
      throw ValidationError(
        "\(scores!) has \(recorded.conditions), of \(recorded.tasks): ask for the same, or name another file")
    }
    return kept
  }

  /// A run to compare.
  private struct Entry {
    let path: String
    /// By which its scores are known: the folder's name, and the whole path where they aren't kept.
    let name: String
    let arm: String
    let seed: UInt64
    /// nil where the run is no longer there, but its scores are.
    let configuration: RunConfiguration?

    init(_ path: String, _ recorded: ScoreTable?, keeps: Bool) throws {
      (self.path, name) = (path, keeps ? Compare.name(path) : path)
      let row = recorded?.row(ofRun: name)
      if let row, !FileManager.default.fileExists(atPath: path) {
        (arm, seed, configuration) = (row.arm, row.seed, nil)
        return
      }
      let run = try Run.configuration(of: path)
      (arm, seed, configuration) = (run.arm, run.seed, run)
      if let row, row.arm != arm || row.seed != seed {
        throw ValidationError(
          "\(path) is \(arm) with seed \(seed), its scores are of \(row.arm) with seed \(row.seed): rename the folder, or take "
            + "the line of \(name) out of the scores")
      }
      let steps = RunDirectory(path: path).checkpointSteps.last ?? 0
      if keeps && row == nil && steps < run.steps {
        throw ValidationError(
          "\(path) has trained \(grouped(steps)) of \(grouped(run.steps)) steps, and --scores keeps finished runs: go on with "
            + Shell.command("train", "--resume", "--out", Shell.folder(path)))
      }
    }
  }

  /// The suite and the tasks that all runs have.
  private func common(_ entries: [Entry], _ recorded: ScoreTable?) throws -> (suite: String, tasks: [String]) {
    let wanted = tasks.list
    if let recorded, !wanted.isEmpty && Set(wanted) != Set(recorded.tasks) {
      throw ValidationError(
        "\(scores!) has \(recorded.conditions), of \(recorded.tasks): ask for the same, or name another file")
    }
    let present = entries.compactMap { entry in entry.configuration.map { (entry.path, $0) } }
    // Without a run all that is asked for is in the table.
    guard let first = present.first?.1 else { return (recorded!.suite, recorded!.tasks) }
    let suite = recorded?.suite ?? first.suite
    let ids = recorded?.tasks ?? first.tasks.filter { wanted.isEmpty || wanted.contains($0) }
    for (path, run) in present {
      guard run.suite == suite else {
        throw ValidationError(
          "\(path) is of suite \(run.suite), what it is compared with of \(suite): compare one suite")
      }
      let missing = wanted.isEmpty ? Set(ids).symmetricDifference(run.tasks) : Set(wanted).subtracting(run.tasks)
      guard missing.isEmpty || recorded != nil && Set(ids).isSubset(of: run.tasks) else {
        throw ValidationError(
          "\(path) has the tasks \(run.tasks), not \(wanted.isEmpty ? ids : wanted): name common ones with --tasks")
      }
    }
    return (suite, ids)
  }

  /// What is played without --training.
  private var played: (episodes: Int, seed: UInt64) { (episodes ?? 100, seed ?? 1001) }

  private func conditions(_ measure: Measure) -> String {
    if training { return "\(measure.rawValue) of the last 100 training episodes a task" }
    return
      "\(measure.rawValue) of \(played.episodes) \(greedy ? "greedy" : "sampled") episodes a task, seed \(played.seed)"
  }

  /// What is known of a run's task.
  private struct TaskNumbers {
    var success, normalized, `return`, random: Double?
  }

  /// One per task.
  private func score(_ entry: Entry, tasks ids: [String], _ given: [String: Double]) throws -> [TaskNumbers] {
    if training { return try trained(entry.path, ids, given) }
    let agent = try Run.load(entry.path, references: given, trust: trust.trust(naming: envModule))
    return try Evaluation.play(
      agent.taskSet, tasks: ids, policy: agent.learner, episodes: played.episodes, seed: played.seed, greedy: greedy
    ).map { TaskNumbers(success: $0.success, normalized: $0.normalized, return: $0.return, random: $0.random) }
  }

  /// From the run's log, which knows the suite's own references; and from the user's, where random play was measured.
  private func trained(_ path: String, _ ids: [String], _ given: [String: Double]) throws -> [TaskNumbers] {
    let newest = { (metric: LearningCurves.Metric) in try LearningCurves.newest(metric, of: ids, in: path) }
    let (success, normalized, returns) = try (newest(.success), newest(.normalized), newest(.return))
    let scores = try Run.measuredScores(of: ids, in: path, references: given)
    return ids.indices.map { task in
      TaskNumbers(
        success: success[task],
        normalized: returns[task].flatMap { scores[task].normalized($0) } ?? normalized[task],
        return: returns[task], random: scores[task].random)
    }
  }

  private func number(_ numbers: TaskNumbers, of id: String, by measure: Measure, in path: String) throws -> Double {
    let known =
      switch measure {
      case .success: numbers.success
      case .normalized: numbers.normalized
      case .return: numbers.return
      }
    if let known { return known }
    throw ValidationError(
      (training ? "\(path) logged no \(measure.rawValue) of \(id): no episode of it had ended, or " : "")
        + (measure == .success
          ? "task \(id) has no rule of success: leave --success out to compare returns"
          : "task \(id) of \(path) has no reference score: give one with --reference \(id)=RETURN, or compare by --success")
    )
  }

  /// The scores of an arm: a row a seed, a number a task.
  private struct Group {
    let name: String
    let scores: [[Double]]
  }

  /// IQM and mean over seeds and tasks, each with the difference to the first arm.
  ///
  /// The IQM is the steadier of the two, but leaves out tasks that an arm always or never solves.
  private func printArms(_ arms: [Group], _ measure: Measure) {
    let difference = arms.count > 1 ? ["arm 1 minus it"] : []
    var rows = [["arm", "seeds", "IQM"] + difference + ["mean"] + difference]
    let aggregates: [([Double]) -> Double] = [Statistics.interquartileMean, { Statistics.mean($0) }]
    for (index, arm) in arms.enumerated() {
      let (first, seeds) = (arms[0].scores, arm.scores.count)
      rows.append(
        ["\(index + 1) \(arm.name)", "\(seeds)"]
          + aggregates.flatMap { aggregate in
            let own = text(Statistics.aggregate(scores: arm.scores, by: aggregate), measure.digits?.all, seeds: seeds)
            return [own]
              + difference.map { _ in
                index == 0
                  ? ""
                  : text(
                    Statistics.difference(first, arm.scores, by: aggregate), measure.digits?.all,
                    seeds: min(first.count, seeds))
              }
          })
    }
    table(rows).forEach { print($0) }
  }

  /// IQM over seeds of each task, as many arms side by side as the terminal is wide; beside raw returns those of random play.
  private func printTasks(_ arms: [Group], _ ids: [String], _ measure: Measure, random: [String: Double]) {
    var columns = arms.enumerated().map { index, arm in
      ["arm \(index + 1)"]
        + ids.indices.map { task in
          text(
            Statistics.aggregate(scores: arm.scores.map { [$0[task]] }, resamples: 5000), measure.digits?.one,
            seeds: arm.scores.count)
        }
    }
    if measure == .return && !random.isEmpty {
      columns.append(["random"] + ids.map { random[$0].map(short) ?? "n/a" })
    }
    let name = ids.reduce(4) { max($0, $1.count) }
    let column = columns.joined().reduce(1) { max($0, $1.count) } + 2
    let together = max(1, (terminalSize().columns - name) / column)
    for start in stride(from: 0, to: columns.count, by: together) {
      print("")
      let shown = columns[start..<min(start + together, columns.count)]
      table((["task"] + ids).enumerated().map { row, id in [id] + shown.map { $0[row] } }).forEach { print($0) }
    }
  }

  /// One seed says nothing about the next.
  private func text(_ interval: Statistics.Interval, _ digits: Int?, seeds: Int) -> String {
    let numbers = [interval.estimate, interval.low, interval.high].map { number in
      digits.map { decimal(number, digits: $0) } ?? short(number)
    }
    return seeds < 2 ? numbers[0] : "\(numbers[0]) [\(numbers[1]), \(numbers[2])]"
  }
}
