/// Points in a space, one a row: `[count, dimensions]`, row-major.
public struct Points: Equatable, Sendable {
  public let values: [Double]
  public let dimensions: Int

  public init(_ values: [Double], dimensions: Int) {
    precondition(dimensions > 0, "points have at least one dimension, not \(dimensions)")
    precondition(
      values.count.isMultiple(of: dimensions), "\(values.count) numbers are no whole points of \(dimensions)")
    (self.values, self.dimensions) = (values, dimensions)
  }

  public var count: Int { values.count / dimensions }

  public subscript(point: Int, dimension: Int) -> Double { values[point * dimensions + dimension] }

  /// |x_a - x_b|^2, summed from the differences: codes that hardly differ must not cancel.
  public func squaredDistance(_ a: Int, _ b: Int) -> Double {
    values.withUnsafeBufferPointer { values in
      var sum = 0.0
      for k in 0..<dimensions {
        let difference = values[a * dimensions + k] - values[b * dimensions + k]
        sum += difference * difference
      }
      return sum
    }
  }
}
