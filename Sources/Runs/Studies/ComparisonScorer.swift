import Algorithms
import Environments
import Foundation

/// Brings the scores of runs together, run by run.
struct ComparisonScorer {
  private typealias Measure = Comparison.Measure

  private let options: Comparison.Options
  let runs: [ComparedRun]
  let arms: [Arm]
  private let suite: String
  private let tasks: [String]
  /// What one run is measured against, all are.
  private let references: [String: Double]
  /// Runs whose scores were in the file.
  let recorded: Int
  /// nil until a run is scored.
  private(set) var table: ScoreTable?
  /// nil until the first run decides it.
  private(set) var measure: Comparison.Measure?
  private(set) var random: [String: Double] = [:]
  private(set) var unreferenced: [String] = []

  init(_ paths: [String], _ options: Comparison.Options) throws {
    try Self.checkNames(paths, options)
    let file = options.scores.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
    let table = try file.map { try ScoreTable(path: $0) }
    let runs = try paths.map { try ComparedRun($0, table, options) }
    arms = try Arm.group(runs.map { ($0.path, $0.arm, $0.seed) })
    let (suite, tasks) = try Self.common(runs, table, options)
    if let stranger = options.references.keys.sorted().first(where: { !tasks.contains($0) }) {
      throw RunError.notComparable(
        reason: "--reference names \(stranger), which is none of the tasks \(tasks): leave it out")
    }
    references = runs.compactMap(\.configuration?.references)
      .reduce(options.references) { $0.merging($1) { one, _ in one } }
      .filter { tasks.contains($0.key) }
    recorded = runs.count { table?.row(ofRun: $0.name) != nil }
    measure = try table.map { try Self.measure(of: $0, options) } ?? (options.bySuccess ? .success : nil)
    (self.options, self.runs, self.table, self.suite, self.tasks) = (options, runs, table, suite, tasks)
  }

  /// Scores the next run that has no scores yet, and keeps them.
  /// - Returns: whether there was one.
  mutating func scoreNext() throws -> Bool {
    guard let run = runs.first(where: { table?.row(ofRun: $0.name) == nil }) else { return false }
    let known = try numbers(of: run)
    // Where the first run has no reference for a task, none is normalised.
    if measure == nil { unreferenced = zip(tasks, known).filter { $1.normalized == nil }.map(\.0) }
    let chosen = measure ?? (unreferenced.isEmpty ? .normalized : .return)
    for (task, numbers) in zip(tasks, known) { random[task] = random[task] ?? numbers.random }
    var grown = table ?? ScoreTable(suite: suite, conditions: options.scoring.conditions(chosen), tasks: tasks)
    let scores = try zip(tasks, known).map { try score($1, of: $0, by: chosen, in: run.path) }
    grown.add(ScoreTable.Row(run: run.name, arm: run.arm, seed: run.seed, scores: scores))
    if let path = options.scores { try grown.write(to: path) }
    (measure, table) = (chosen, grown)
    return true
  }

  /// A file tells runs apart by their folders' names, and fields by tabs.
  private static func checkNames(_ paths: [String], _ options: Comparison.Options) throws(RunError) {
    guard options.scores != nil else { return }
    if let run = paths.first(where: { ComparedRun.name($0).contains { $0 == "\t" || $0.isNewline } }) {
      throw .notComparable(
        reason:
          "\(run.debugDescription) has a tab or a line break, by which --scores parts its fields: rename it")
    }
    if Set(paths.map(ComparedRun.name)).count < paths.count {
      throw .notComparable(
        reason: "two folders of runs have one name, by which --scores tells runs apart: rename one")
    }
  }

  /// The suite and the tasks that all runs have.
  private static func common(
    _ runs: [ComparedRun], _ table: ScoreTable?, _ options: Comparison.Options
  ) throws(RunError) -> (suite: String, tasks: [String]) {
    let wanted = options.tasks
    if let table, !wanted.isEmpty && Set(wanted) != Set(table.tasks) { throw otherScores(table, options) }
    let present = runs.compactMap { run in run.configuration.map { (run.path, $0) } }
    // Without a run all that is asked for is in the table.
    guard let first = present.first?.1 else { return (table!.suite, table!.tasks) }
    let suite = table?.suite ?? first.suite
    let tasks = table?.tasks ?? first.tasks.filter { wanted.isEmpty || wanted.contains($0) }
    for (path, run) in present {
      guard run.suite == suite else {
        throw .notComparable(
          reason: "\(path) is of suite \(run.suite), what it is compared with of \(suite): compare one suite")
      }
      let missing = wanted.isEmpty ? Set(tasks).symmetricDifference(run.tasks) : Set(wanted).subtracting(run.tasks)
      guard missing.isEmpty || table != nil && Set(tasks).isSubset(of: run.tasks) else {
        throw .notComparable(
          reason:
            "\(path) has the tasks \(run.tasks), not \(wanted.isEmpty ? tasks : wanted): name common ones with --tasks"
        )
      }
    }
    return (suite, tasks)
  }

  /// What a table's scores are, which must be what is asked for.
  private static func measure(of table: ScoreTable, _ options: Comparison.Options) throws(RunError) -> Measure {
    let kept = Measure.allCases.first { table.conditions.hasPrefix("\($0.rawValue) of ") }
    guard let kept, options.bySuccess == (kept == .success), table.conditions == options.scoring.conditions(kept)
    else { throw otherScores(table, options) }
    return kept
  }

  private static func otherScores(_ table: ScoreTable, _ options: Comparison.Options) -> RunError {
    .notComparable(
      reason:
        "\(options.scores!) has \(table.conditions), of \(table.tasks): ask for the same, or name another file")
  }

  /// What is known of a run's task.
  private struct TaskNumbers {
    var success, normalized, `return`, random: Double?
  }

  /// One per task.
  private func numbers(of run: ComparedRun) throws -> [TaskNumbers] {
    guard case .played(let episodes, let seed, let greedy) = options.scoring else { return try logged(run.path) }
    let agent = try Run.load(run.path, references: references, trust: options.trust, in: options.catalogue)
    return try Evaluation.play(
      agent.taskSet, tasks: tasks, policy: agent.learner, episodes: episodes, seed: seed, greedy: greedy
    ).map { TaskNumbers(success: $0.success, normalized: $0.normalized, return: $0.return, random: $0.random) }
  }

  /// From the run's log, which knows the suite's own references; and from the user's, where random play was measured.
  private func logged(_ path: String) throws -> [TaskNumbers] {
    let newest = { (metric: LearningCurves.Metric) in try LearningCurves.newest(metric, of: tasks, in: path) }
    let (success, normalized, returns) = try (newest(.success), newest(.normalized), newest(.return))
    let scores = try Run.measuredScores(
      of: tasks, in: path, references: references, catalogue: options.catalogue)
    return tasks.indices.map { task in
      TaskNumbers(
        success: success[task],
        normalized: returns[task].flatMap { scores[task].normalized($0) } ?? normalized[task],
        return: returns[task], random: scores[task].random)
    }
  }

  private func score(
    _ numbers: TaskNumbers, of task: String, by measure: Measure, in path: String
  ) throws(RunError) -> Double {
    let known =
      switch measure {
      case .success: numbers.success
      case .normalized: numbers.normalized
      case .return: numbers.return
      }
    if let known { return known }
    var reason = ""
    if options.scoring == .logged {
      reason = "\(path) logged no \(measure.rawValue) of \(task): no episode of it had ended, or "
    }
    reason +=
      measure == .success
      ? "task \(task) has no rule of success: leave --success out to compare returns"
      : "task \(task) of \(path) has no reference score: give one with --reference \(task)=RETURN, or compare by "
        + "--success"
    throw .notComparable(reason: reason)
  }
}

/// A run to compare.
struct ComparedRun {
  let path: String
  /// By which its scores are known: the folder's name, and the whole path where they aren't kept.
  let name: String
  let arm: String
  let seed: UInt64
  /// nil where the run is no longer there, but its scores are.
  let configuration: RunConfiguration?

  init(_ path: String, _ table: ScoreTable?, _ options: Comparison.Options) throws {
    let keeps = options.scores != nil
    (self.path, name) = (path, keeps ? Self.name(path) : path)
    let row = table?.row(ofRun: name)
    if let row, !FileManager.default.fileExists(atPath: path) {
      (arm, seed, configuration) = (row.arm, row.seed, nil)
      return
    }
    let run = try Run.configuration(of: path, in: options.catalogue)
    (arm, seed, configuration) = (run.arm, run.seed, run)
    if let row, row.arm != arm || row.seed != seed {
      throw RunError.notComparable(
        reason:
          "\(path) is \(arm) with seed \(seed), its scores are of \(row.arm) with seed \(row.seed): rename the folder, "
          + "or take the line of \(name) out of the scores")
    }
    let steps = RunDirectory(path: path).checkpointSteps.last ?? 0
    if keeps && row == nil && steps < run.steps {
      throw RunError.unfinished(path: path, steps: steps, of: run.steps)
    }
  }

  static func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }
}
