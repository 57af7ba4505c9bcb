import Environments
import Foundation

/// Scores of runs that were scored alike, a row a run, in a file of tab-separated values: a study that takes days, or
/// several machines, keeps there what is finished.
///
/// The first line says on what and how the runs were evaluated, the second names the columns: `run`, `arm`, `seed`,
/// then the tasks.
public struct ScoreTable: Equatable, Sendable {
  public struct Row: Equatable, Sendable {
    /// The name of the run's folder.
    public let run: String
    /// What runs that differ in nothing but their seed have in common (`RunConfiguration.arm`).
    public let arm: String
    public let seed: UInt64
    /// A number a task.
    public let scores: [Double]

    public init(run: String, arm: String, seed: UInt64, scores: [Double]) {
      (self.run, self.arm, self.seed, self.scores) = (run, arm, seed, scores)
    }
  }

  public let suite: String
  /// How the runs were evaluated, such as "success of 50 greedy episodes per task, seed 1001".
  public let conditions: String
  public let tasks: [String]
  public private(set) var rows: [Row] = []

  public init(suite: String, conditions: String, tasks: [String]) {
    (self.suite, self.conditions, self.tasks) = (suite, conditions, tasks)
  }

  public func row(ofRun name: String) -> Row? { rows.first { $0.run == name } }

  /// Adds a row, or replaces the one of the same run.
  public mutating func add(_ row: Row) {
    precondition(
      row.scores.count == tasks.count && row.scores.allSatisfy(\.isFinite),
      "\(tasks.count) tasks don't have the scores \(row.scores)")
    rows.removeAll { $0.run == row.run }
    rows.append(row)
  }

  /// Reads a table.
  /// - Throws: `RunError.cannotRead`; `.badTable` with the line that is wrong.
  public init(path: String) throws(RunError) {
    let text = try AtomicFile.text(path)
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    let conditions = (lines.first ?? "").split(separator: ", ", maxSplits: 1).map(String.init)
    let columns = lines.count < 2 ? [] : Self.fields(lines[1])
    guard conditions.count == 2, conditions[0].hasPrefix("# "), columns.starts(with: ["run", "arm", "seed"]) else {
      throw .badTable(path: path, reason: "it does not begin with the two lines of a table of scores")
    }
    // The words of older files.
    let words = conditions[1].replacing("episodes a task", with: "episodes per task")
    self.init(suite: String(conditions[0].dropFirst(2)), conditions: words, tasks: Array(columns.dropFirst(3)))
    for line in lines.dropFirst(2) {
      let fields = Self.fields(line)
      let scores = fields.dropFirst(3).compactMap(Double.init).filter(\.isFinite)
      guard fields.count == columns.count, scores.count == tasks.count, let seed = UInt64(fields[2]) else {
        throw .badTable(
          path: path,
          reason: "the line \"\(line.printable(longest: 200))\" is not a run, an arm, a seed and \(tasks.count) scores")
      }
      guard row(ofRun: fields[0]) == nil else {
        throw .badTable(path: path, reason: "it has two lines of the run \(fields[0].printable(longest: 200))")
      }
      rows.append(Row(run: fields[0], arm: fields[1], seed: seed, scores: scores))
    }
  }

  /// Writes the table.
  /// - Throws: `RunError.badTable` where that can't be done.
  public func write(to path: String) throws(RunError) {
    let lines =
      ["# \(suite), \(conditions)", (["run", "arm", "seed"] + tasks).joined(separator: "\t")]
      + rows.map { ([$0.run, $0.arm, "\($0.seed)"] + $0.scores.map { "\($0)" }).joined(separator: "\t") }
    do throws(RunError) { try AtomicFile.write((lines.joined(separator: "\n") + "\n").utf8, to: path) } catch {
      guard case .cannotWrite(_, let reason) = error else { throw error }
      throw .badTable(path: path, reason: "it can't be written: \(reason)")
    }
  }

  private static func fields(_ line: String) -> [String] {
    line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
  }
}
