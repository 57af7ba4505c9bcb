/// Means of scores, and 95 % bootstrap intervals of what they estimate. Resampling is seeded, so equal data give equal
/// intervals.
public enum Estimate {
  public struct Interval: Equatable, Sendable {
    public let estimate, low, high: Double
    /// nil where there is no interval.
    public var bounds: (low: Double, high: Double)? { low.isFinite && high.isFinite ? (low, high) : nil }
  }

  public static func mean(_ values: some Collection<Double>) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// Share of episodes that were solved, of those that said nothing none; nil where no episode said anything.
  public static func successRate(_ episodes: [Bool?]) -> Double? {
    episodes.contains { $0 != nil } ? mean(episodes.map { $0 == true ? 1 : 0 }) : nil
  }

  /// Interquartile mean: the mean after dropping floor(n / 4) values at each end (scipy's `trim_mean(0.25)`;
  /// Agarwal et al. 2021).
  public static func interquartileMean(_ values: [Double]) -> Double {
    let drop = values.count / 4
    return mean(values.sorted()[drop..<values.count - drop])
  }

  /// Mean with its 95 % percentile bootstrap interval. One episode says nothing of the next, and has none: NaN.
  public static func mean(ofEpisodes values: [Double], resamples: Int = 2000) -> Interval {
    if values.count < 2 { return Interval(estimate: mean(values), low: .nan, high: .nan) }
    var random = SplitMix64(state: 1)
    return interval(
      estimate: mean(values),
      (0..<resamples).map { _ in
        var sum = 0.0
        for _ in values.indices { sum += values[random.index(below: values.count)] }
        return sum / Double(values.count)
      })
  }

  /// An aggregate over all runs and tasks of a score matrix `[run][task]`, the IQM by default, with its stratified
  /// bootstrap interval: runs are resampled with replacement independently within each task.
  public static func aggregate(
    scores: [[Double]], resamples: Int = 50_000, by aggregate: ([Double]) -> Double = interquartileMean
  ) -> Interval {
    var random = SplitMix64(state: 2)
    return interval(
      estimate: aggregate(scores.flatMap { $0 }),
      (0..<resamples).map { _ in aggregate(resample(scores, &random)) })
  }

  /// The probability that a run of `a` scores higher than one of `b`, ties half, averaged over tasks, with its
  /// stratified bootstrap interval. Ranks only, so it also serves times to a threshold that are cut off at the budget.
  public static func probabilityOfImprovement(
    of a: [[Double]], over b: [[Double]], resamples: Int = 2000
  ) -> Interval {
    var random = SplitMix64(state: 4)
    func share(_ a: [Double], _ b: [Double], tasks: Int) -> Double {
      // Both are task-major.
      let (rows, others) = (a.count / tasks, b.count / tasks)
      var wins = 0.0
      for task in 0..<tasks {
        for x in a[task * rows..<(task + 1) * rows] {
          for y in b[task * others..<(task + 1) * others] { wins += x > y ? 1 : x == y ? 0.5 : 0 }
        }
      }
      return wins / Double(tasks * rows * others)
    }
    func taskMajor(_ scores: [[Double]]) -> [Double] { scores[0].indices.flatMap { task in scores.map { $0[task] } } }
    let tasks = a[0].count
    return interval(
      estimate: share(taskMajor(a), taskMajor(b), tasks: tasks),
      (0..<resamples).map { _ in share(resample(a, &random), resample(b, &random), tasks: tasks) })
  }

  /// The aggregate of `a` minus that of `b`, arms resampled independently.
  public static func difference(
    _ a: [[Double]], _ b: [[Double]], resamples: Int = 50_000, by aggregate: ([Double]) -> Double = interquartileMean
  ) -> Interval {
    var random = SplitMix64(state: 3)
    return interval(
      estimate: aggregate(a.flatMap { $0 }) - aggregate(b.flatMap { $0 }),
      (0..<resamples).map { _ in aggregate(resample(a, &random)) - aggregate(resample(b, &random)) })
  }

  private static func resample(_ scores: [[Double]], _ random: inout SplitMix64) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(scores.count * (scores.first?.count ?? 0))
    for task in scores[0].indices {
      for _ in scores.indices { values.append(scores[random.index(below: scores.count)][task]) }
    }
    return values
  }

  private static func interval(estimate: Double, _ samples: [Double]) -> Interval {
    let sorted = samples.sorted()
    func percentile(_ p: Double) -> Double {
      let position = p * Double(sorted.count - 1)
      let below = Int(position)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
    return Interval(estimate: estimate, low: percentile(0.025), high: percentile(0.975))
  }
}

/// Steele et al. 2014; for resampling only, where nothing is addressed.
private struct SplitMix64 {
  var state: UInt64

  mutating func index(below count: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return Int(z.multipliedFullWidth(by: UInt64(count)).high)
  }
}
