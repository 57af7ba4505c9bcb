import Engine

extension Run {
  /// The last 100 episodes of one task, newest last.
  public struct RecentEpisodes: Codable, Hashable, Sendable {
    /// How many episodes there were in all.
    public private(set) var count = 0
    public private(set) var scores: [Double] = []
    /// Whether the task's success rule held; nil for an episode that said nothing of it.
    public private(set) var successes: [Bool?] = []
    /// Share of episodes in which it held; nil where none said anything of it.
    public var success: Double? { Estimate.successRate(successes) }

    mutating func add(_ episode: EpisodeRecord) {
      count += 1
      if scores.count == 100 {
        scores.removeFirst()
        successes.removeFirst()
      }
      scores.append(episode.score)
      successes.append(episode.success)
    }

    /// Whether `add` can have made this in a run of so many steps: an episode has at least one.
    func isPossible(steps: Int) -> Bool {
      count <= steps && scores.count == min(count, 100) && successes.count == scores.count
        && scores.allSatisfy(\.isFinite)
    }
  }
}
