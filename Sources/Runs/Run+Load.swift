import Algorithms
import Environments
import Foundation

/// What is read of a run without training it.
extension Run {
  /// The resolved configuration in a run's folder.
  public static func configuration(of path: String, in catalogue: Catalogue = .all) throws -> RunConfiguration {
    let file = RunDirectory(path: path).configuration
    guard FileManager.default.fileExists(atPath: file) else { throw RunError.notARun(path: path) }
    let text = try AtomicFile.text(file, limit: AtomicFile.mostSettings)
    return try RunConfiguration.resolve(file: (text, file), flags: [], in: catalogue)
  }

  /// A trained agent for acting: the newest checkpoint's parameters, without its experience. Its tasks have the run's
  /// reference scores, random play as it was measured among them.
  ///
  /// - Parameters:
  ///   - references: Returns by task, which win over the run's own.
  ///   - trust: Which Python modules may be imported, of a run that this user has not made.
  public static func load(
    _ path: String, references: [String: Double] = [:], trust: Trust = Trust(), in catalogue: Catalogue = .all
  ) throws -> Agent {
    let directory = RunDirectory(path: path)
    let (configuration, checkpoint) = try (configuration(of: path, in: catalogue), directory.latestCheckpoint())
    try trust.check(configuration, in: directory)
    try Checkpoint.State(in: checkpoint).check(configuration, in: directory.configuration)
    var agent = try Agent(configuration, for: .acting)
    try checkLockfile(directory, agent.taskSet)
    try Checkpoint.readModel(checkpoint, into: &agent)
    let baselines = try RandomBaseline.read(directory.baselines)
    agent.taskSet = try agent.taskSet.scored(with: baselines)
      .scored(against: configuration.references.merging(references) { $1 })
    return agent
  }

  /// What is known of tasks' scores without making their suite: random play as it was measured, and the user's
  /// references.
  ///
  /// - Parameter references: Win over the run's own.
  /// - Throws: `RunError`, `ConfigurationError`.
  public static func measuredScores(
    of ids: [String], in path: String, references: [String: Double] = [:], catalogue: Catalogue = .all
  ) throws -> [Task.ReferenceScores] {
    let baselines = try RandomBaseline.read(RunDirectory(path: path).baselines)
    let given = try configuration(of: path, in: catalogue).references.merging(references) { $1 }
    return ids.map { id in
      Task.ReferenceScores(
        random: baselines.first { $0.task == id }?.return, reference: given[id], label: "reference")
    }
  }

  static func checkLockfile(_ directory: RunDirectory, _ taskSet: TaskSet) throws {
    let saved = try AtomicFile.text(directory.lockfile)
    guard saved != taskSet.lockfile else { return }
    // By bytes: to characters, a carriage return before it makes a line's end another one.
    func lines(_ text: String) -> [Substring.UTF8View] { text.utf8.split(separator: UInt8(ascii: "\n")) }
    let (old, new) = (lines(saved), lines(taskSet.lockfile))
    let index = zip(old, new).enumerated().first { !$1.0.elementsEqual($1.1) }?.offset ?? min(old.count, new.count)
    func line(_ lines: [Substring.UTF8View]) -> String {
      guard index < lines.count else { return "nothing" }
      return Substring(lines[index]).trimmingPrefix(" ").description.printable(longest: 200)
    }
    throw RunError.lockfileMismatch(
      path: directory.lockfile, difference: "it says \"\(line(old))\", this is \"\(line(new))\"")
  }
}
