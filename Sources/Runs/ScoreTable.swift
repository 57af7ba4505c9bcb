import Foundation

/// Scores of runs that were evaluated alike, a row a run, in a file of tab-separated values: a study that takes days, or
/// several machines, keeps there what is finished.
///
/// The first line says how the runs were evaluated, the second names the columns: `run`, `arm`, `seed`, then the tasks.
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

  /// How the runs were evaluated, such as "planar10, success of 50 greedy episodes, seed 1001".
  public let conditions: String
  public let tasks: [String]
  public private(set) var rows: [Row] = []

  public init(conditions: String, tasks: [String]) { (self.conditions, self.tasks) = (conditions, tasks) }

  public func row(ofRun name: String) -> Row? { rows.first { $0.run == name } }

  /// Adds a row, or replaces the one of the same run.
  public mutating func add(_ row: Row) {
    precondition(row.scores.count == tasks.count, "\(row.scores.count) scores for \(tasks.count) tasks")
    rows.removeAll { $0.run == row.run }
    rows.append(row)
  }

  /// Reads a table.
  /// - Throws: `RunError.cannotRead`, with the line that is wrong.
  public init(path: String) throws(RunError) {
    let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    let columns = lines.count < 2 ? [] : Self.fields(lines[1])
    guard let first = lines.first, first.hasPrefix("# "), columns.starts(with: ["run", "arm", "seed"]) else {
      throw .cannotRead(path: path, reason: "it does not begin with the two lines of a table of scores")
    }
    self.init(conditions: String(first.dropFirst(2)), tasks: Array(columns.dropFirst(3)))
    for line in lines.dropFirst(2) {
      let fields = Self.fields(line)
      let scores = fields.dropFirst(3).compactMap(Double.init).filter(\.isFinite)
      guard fields.count == columns.count, scores.count == tasks.count, let seed = UInt64(fields[2]) else {
        throw .cannotRead(
          path: path, reason: "the line \"\(line)\" is not a run, an arm, a seed and \(tasks.count) scores")
      }
      guard row(ofRun: fields[0]) == nil else {
        throw .cannotRead(path: path, reason: "it has two lines of the run \(fields[0])")
      }
      rows.append(Row(run: fields[0], arm: fields[1], seed: seed, scores: scores))
    }
  }

  /// Writes the table.
  /// - Throws: `RunError.cannotWrite`.
  public func write(to path: String) throws(RunError) {
    let lines =
      ["# \(conditions)", (["run", "arm", "seed"] + tasks).joined(separator: "\t")]
      + rows.map { ([$0.run, $0.arm, "\($0.seed)"] + $0.scores.map { "\($0)" }).joined(separator: "\t") }
    try AtomicFile.write((lines.joined(separator: "\n") + "\n").utf8, to: path)
  }

  private static func fields(_ line: String) -> [String] {
    line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
  }
}

extension RunConfiguration {
  /// The algorithm, then each setting that differs from the algorithm's own, as `name=value`, separated by spaces. The seed
  /// is left out, and so is what changes no number: threads and checkpoints.
  public var arm: String {
    let preset = Preset(rawValue: algorithm)!
    let own = preset.configuration(suite: suite, protocol: trainingProtocol)
    // What groups and shards are by default depends on the tasks.
    let free = ["seed", "threads", "checkpoint-every", "tasks", "groups", "shards"]
    let usual = trainingProtocol == preset.configuration(suite: suite).trainingProtocol
    let changes = settings.filter { !free.contains($0.name) && $0.read(self) != $0.read(own) }
    return
      ([algorithm] + (usual ? [] : ["protocol=\(trainingProtocol.rawValue)"])
      + changes.map { "\($0.name)=\($0.read(self))" }).joined(separator: " ")
  }

  /// Arms without what all of them have changed alike.
  public static func armsApart(_ arms: [String]) -> [String] {
    let settings = arms.map { $0.split(separator: " ") }
    let common = settings.dropFirst().reduce(Set(settings[0].dropFirst())) { $0.intersection($1) }
    return settings.map { $0.filter { !common.contains($0) }.joined(separator: " ") }
  }
}
