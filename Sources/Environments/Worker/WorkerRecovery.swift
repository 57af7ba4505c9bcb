/// What becomes of a batch whose worker process fails again and again.
public enum LostTask: String, CaseIterable, Sendable {
  /// The run ends with the worker's error.
  case end
  /// The batch is given up; the others go on.
  case quarantine
}

/// How often a worker may be started again, how long it waits before, and what happens after.
public struct WorkerRecovery: Hashable, Sendable {
  /// Failures within `seconds` that are borne.
  public var most = 10
  public var seconds = 600.0
  public var afterwards = LostTask.end
  /// A process that fails by itself before it has made this many steps, within this many seconds, fails early: when the one
  /// after it does so too, the environments are broken, and no further start would help.
  var (earlySteps, earlySeconds) = (1_000, 10.0)

  public init(most: Int = 10, seconds: Double = 600, afterwards: LostTask = .end) {
    (self.most, self.seconds, self.afterwards) = (most, seconds, afterwards)
  }

  /// Seconds to wait before another start; nil where there were too many failures. The first one costs no wait, each further
  /// one twice as much as the one before.
  ///
  /// - Parameter failures: When the worker failed so far, the last one included; old ones are removed.
  func delay(after failures: inout [ContinuousClock.Instant]) -> Double? {
    let now = failures[failures.count - 1]
    failures.removeAll { now - $0 > .seconds(seconds) }
    if failures.count > most { return nil }
    return failures.count == 1 ? 0 : min(0.1 * Double(1 << min(failures.count - 2, 10)), 10)
  }
}
