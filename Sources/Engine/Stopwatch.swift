import Glibc

/// Monotonic clock.
func nanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Time spent in one kind of work, summed over its pieces. One thread at a time uses it.
public struct Stopwatch: Sendable {
  private var total: UInt64 = 0

  public init() {}

  public var seconds: Double { Double(total) * 1e-9 }

  /// Runs `body` and adds the time it takes.
  public mutating func time<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = nanoseconds()
    defer { total += nanoseconds() - start }
    return try body()
  }

  mutating func add(since start: UInt64) { total += nanoseconds() - start }
}

/// A kind of work and the seconds it took, summed over threads.
public typealias WorkTime = (work: String, seconds: Double)
