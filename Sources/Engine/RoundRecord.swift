import Environments

/// One finished episode.
public struct EpisodeRecord: BitwiseCopyable, Hashable, Sendable {
  public let task, column: Int
  /// Sum of rewards in the task's own units.
  public let score: Double
  /// Agent steps.
  public let length: Int
  /// Whether the task's success rule held at any step; nil where no step said anything of it.
  public let success: Bool?
  /// Whether it went on when it was recorded, as it had reached `Group.longestEpisode`.
  public var isCut = false
}

/// What a round of a group brought besides experience. A box, so that one round's is read while the next one's grows on
/// another thread.
final class RoundRecord {
  var episodes: [EpisodeRecord] = []
  /// Of each batch, from the start of the run to the end of the round.
  var losses: [EnvironmentLosses] = []

  func save(into archive: inout StateArchive, name: String) {
    archive.add(
      "\(name).episodes",
      episodes.flatMap {
        [Double($0.column), $0.score, Double($0.length), Double(SuccessFlag.flag(of: $0.success))]
      })
    Self.save(losses, into: &archive, name: name)
  }

  /// - Parameter tasks: Task of each of the group's columns, by the column's number in the run.
  /// - Throws: `EngineError.badState` where what was saved can't be of such a group.
  func restore(from archive: StateArchive, name: String, tasks: [Int: Int], batches: Int) throws(EngineError) {
    let count = archive.entry("\(name).episodes")?.shape.first ?? 0
    let numbers = try archive.doubles("\(name).episodes", count: count)
    guard count.isMultiple(of: 4) else { throw .badState("\(name).episodes has \(count) numbers, four are an episode") }
    episodes.removeAll(keepingCapacity: true)
    for start in stride(from: 0, to: count, by: 4) {
      guard let column = Int(exactly: numbers[start]), let task = tasks[column],
        let length = Int(exactly: numbers[start + 2]), length >= 1,
        let success = UInt8(exactly: numbers[start + 3]), success <= SuccessFlag.silent
      else {
        throw .badState("\(name).episodes says \(numbers[start..<start + 4]), which is no episode of this run")
      }
      episodes.append(
        EpisodeRecord(
          task: task, column: column, score: numbers[start + 1], length: length,
          success: SuccessFlag.meaning(of: success)))
    }
    losses = try Self.losses(from: archive, name: name, batches: batches)
  }

  static func save(_ losses: [EnvironmentLosses], into archive: inout StateArchive, name: String) {
    archive.add(
      "\(name).losses",
      losses.flatMap { [Double($0.received), Double($0.lost), Double($0.restarts), $0.quarantined ? 1 : 0] })
  }

  /// - Throws: `EngineError.badState` where they are not counts of so many batches.
  static func losses(from archive: StateArchive, name: String, batches: Int) throws(EngineError) -> [EnvironmentLosses]
  {
    let numbers = try archive.doubles("\(name).losses", count: 4 * batches)
    let counts = numbers.compactMap { (0...0x1p53).contains($0) ? Int(exactly: $0) : nil }
    guard counts.count == numbers.count else { throw .badState("\(name).losses says \(numbers), which are no counts") }
    return (0..<batches).map { batch in
      var losses = EnvironmentLosses()
      (losses.received, losses.lost) = (counts[4 * batch], counts[4 * batch + 1])
      (losses.restarts, losses.quarantined) = (counts[4 * batch + 2], counts[4 * batch + 3] != 0)
      return losses
    }
  }
}
