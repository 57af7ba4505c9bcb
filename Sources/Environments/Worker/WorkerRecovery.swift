/// How often a worker may be started again, and how long it waits before.
struct WorkerRecovery: Sendable {
  /// Failures within `seconds` that are borne; the next one ends the run.
  var most = 10
  var seconds = 600.0
  private var failures: [ContinuousClock.Instant] = []

  init(most: Int = 10, seconds: Double = 600) { (self.most, self.seconds) = (most, seconds) }

  /// Notes a failure. The first one costs no wait, each further one twice as much as the one before.
  /// - Returns: Seconds to wait; nil when there were too many.
  mutating func delayBeforeRestart(now: ContinuousClock.Instant = .now) -> Double? {
    failures.removeAll { now - $0 > .seconds(seconds) }
    failures.append(now)
    if failures.count > most { return nil }
    return failures.count == 1 ? 0 : min(0.1 * Double(1 << min(failures.count - 2, 10)), 10)
  }
}
