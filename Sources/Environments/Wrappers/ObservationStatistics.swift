/// Count, mean and sum of squared deviations of each number of an observation.
///
/// - Source: Welford 1962 adds one observation; Chan, Golub and LeVeque 1983, eq. 2.1, adds two statistics.
public struct ObservationStatistics: Hashable, Sendable {
  /// Observations seen; a fraction where statistics were divided.
  public private(set) var count: Double
  /// `[numbers]`, of all leaves one after the other.
  public private(set) var mean: [Double]
  /// Sum of (x - mean)^2, `[numbers]`.
  public private(set) var squares: [Double]

  /// - Precondition: `mean` and `squares` are equally long.
  public init(count: Double, mean: [Double], squares: [Double]) {
    precondition(mean.count == squares.count, "\(mean.count) means and \(squares.count) sums of squares")
    (self.count, self.mean, self.squares) = (count, mean, squares)
  }

  /// Of no observation.
  init(numbers: Int) {
    self.init(count: 0, mean: Array(repeating: 0, count: numbers), squares: Array(repeating: 0, count: numbers))
  }

  /// Whether there can be observations of which these are the statistics.
  var isPossible: Bool {
    count.isFinite && count >= 0 && mean.allSatisfy(\.isFinite) && squares.allSatisfy { $0 >= 0 && $0.isFinite }
  }

  /// Adds one observation of number `index`; `count` must have been raised before.
  mutating func add(_ value: Double, at index: Int) {
    let difference = value - mean[index]
    mean[index] += difference / count
    squares[index] += difference * (value - mean[index])
  }

  mutating func countOne() { count += 1 }

  /// (x - mean) / sqrt(variance + 1e-8), limited to [-10, 10].
  func normalized(_ value: Double, at index: Int) -> Double {
    let variance = squares[index] / max(count, .leastNormalMagnitude)
    return min(max((value - mean[index]) / (variance + 1e-8).squareRoot(), -10), 10)
  }

  /// Both together.
  public static func + (first: ObservationStatistics, second: ObservationStatistics) -> ObservationStatistics {
    let count = first.count + second.count
    if count == 0 { return first }
    var sum = ObservationStatistics(numbers: first.mean.count)
    sum.count = count
    for index in first.mean.indices {
      let difference = second.mean[index] - first.mean[index]
      sum.mean[index] = first.mean[index] + difference * second.count / count
      sum.squares[index] =
        first.squares[index] + second.squares[index] + difference * difference * first.count * second.count / count
    }
    return sum
  }

  /// One of `parts` equal statistics whose sum is this one.
  public func divided(by parts: Int) -> ObservationStatistics {
    ObservationStatistics(count: count / Double(parts), mean: mean, squares: squares.map { $0 / Double(parts) })
  }
}
