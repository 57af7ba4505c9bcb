import Engine

extension LearnerMetrics {
  /// Mean and least cosine of the angle between two tasks' gradients, see `GramMatrix.cosines`.
  mutating func add(cosines: (mean: Double, least: Double)) {
    overall += [("gradient/cosine_mean", cosines.mean), ("gradient/cosine_min", cosines.least)]
  }
}
