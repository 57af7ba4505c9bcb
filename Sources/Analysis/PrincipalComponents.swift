import CKernels

/// The directions in which points vary most (Pearson 1901): eigenvectors of their covariance.
public struct PrincipalComponents: Sendable {
  public let mean: [Double]
  /// Unit vectors `[dimensions, dimensions]`, one a row, by falling variance. The entry of largest magnitude is
  /// positive, so that equal points give equal pictures.
  public let axes: Points
  /// Variance of the points along each axis, divisor N - 1.
  public let variances: [Double]

  /// Precondition: at least two points, all finite.
  public init(_ points: Points) {
    let (count, dimensions) = (points.count, points.dimensions)
    precondition(count > 1, "\(count) points have no variance")
    var mean = Array(repeating: 0.0, count: dimensions)
    for point in 0..<count {
      for k in 0..<dimensions { mean[k] += points[point, k] / Double(count) }
    }
    var matrix = Array(repeating: 0.0, count: dimensions * dimensions)
    var centred = mean
    for point in 0..<count {
      for k in 0..<dimensions { centred[k] = points[point, k] - mean[k] }
      for a in 0..<dimensions {
        for b in 0...a { matrix[a * dimensions + b] += centred[a] * centred[b] / Double(count - 1) }
      }
    }
    var variances = Array(repeating: 0.0, count: dimensions)
    var workspace = Array(repeating: 0.0, count: ck_symmetric_eigen_workspace(dimensions))
    let status = ck_symmetric_eigen(&variances, &matrix, &workspace, dimensions)
    precondition(status == 0, "LAPACK finds no eigenvectors (status \(status)): a point is not finite")
    (self.mean, self.variances) = (mean, variances)
    axes = Points(matrix, dimensions: dimensions)
  }

  /// Coordinates along the first `components` axes, from the mean: `[count, components]`.
  public func projection(of points: Points, components: Int) -> Points {
    precondition(points.dimensions == mean.count, "points of \(points.dimensions) dimensions, axes of \(mean.count)")
    precondition((1...mean.count).contains(components), "\(components) axes of \(mean.count)")
    var projected: [Double] = []
    projected.reserveCapacity(points.count * components)
    for point in 0..<points.count {
      for axis in 0..<components {
        var sum = 0.0
        for k in mean.indices { sum += (points[point, k] - mean[k]) * axes[axis, k] }
        projected.append(sum)
      }
    }
    return Points(projected, dimensions: components)
  }
}
