import Engine

extension Run {
  /// The last 100 episodes of one task, newest last.
  public struct RecentEpisodes: Codable, Hashable, Sendable {
    /// How many episodes there were in all.
    public private(set) var count = 0
    public private(set) var scores: [Double] = []
    /// Whether the task's success rule held: 1 or 0 per episode.
    public private(set) var successes: [Double] = []

    mutating func add(_ episode: EpisodeRecord) {
      count += 1
      if scores.count == 100 {
        scores.removeFirst()
        successes.removeFirst()
      }
      scores.append(episode.score)
      successes.append(episode.success ? 1 : 0)
    }

    /// Whether `add` can have made this.
    var isPossible: Bool {
      scores.count == min(count, 100) && successes.count == scores.count && scores.allSatisfy(\.isFinite)
        && successes.allSatisfy { $0 == 0 || $0 == 1 }
    }
  }
}
