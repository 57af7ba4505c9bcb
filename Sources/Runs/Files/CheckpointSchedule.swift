/// When a running training writes checkpoints: each time that it has made so many rounds, and by the clock.
struct CheckpointSchedule {
  /// A checkpoint by the clock waits for so many times what the last one took: together they cost less than 2 % of the
  /// time.
  static let rarity = 50.0

  private let rounds: Int
  private let seconds: Double
  private var newest: ContinuousClock.Instant
  private var cost = 0.0

  /// - Parameters:
  ///   - rounds: Between checkpoints.
  ///   - seconds: From one checkpoint to the next by the clock; 0 for none.
  init(rounds: Int, seconds: Int, start: ContinuousClock.Instant) {
    (self.rounds, self.seconds, newest) = (max(rounds, 1), Double(seconds), start)
  }

  /// The next round, counted from the start of the run, after which a checkpoint is written whatever the time.
  func limit(after round: Int) -> Int { (round / rounds + 1) * rounds }

  /// Whether the clock asks for a checkpoint.
  func isDue(_ now: ContinuousClock.Instant) -> Bool {
    seconds > 0 && (now - newest) / .seconds(1) >= max(seconds, Self.rarity * cost)
  }

  mutating func wrote(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) {
    (newest, cost) = (end, (end - start) / .seconds(1))
  }
}
