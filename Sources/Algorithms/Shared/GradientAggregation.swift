import Engine

/// How tasks' gradients g_1, ..., g_K of the parts of a mean loss become the one that is followed.
///
/// What all rules make is of the scale of the sum, the gradient of the mean loss. And all are sums with weights that
/// follow from the inner products of the gradients alone, however often gradients are projected: a pass over the
/// gradients for their products and one for the weighted sum is all that they cost.
public enum GradientAggregation: String, CaseIterable, Sendable {
  /// g = sum_i g_i.
  case sum
  /// Gradient surgery: each g_i loses, for the other tasks j in a random order, what opposes g_j as it was,
  ///
  ///     g_i <- g_i - min(0, g_i . g_j / (|g_j|^2 + 1e-8)) g_j,
  ///
  /// of which the gradients are those of whole losses, each K times its part, and g is their mean: the sum of the parts
  /// that the same projections leave.
  ///
  /// - Source: Yu et al. 2020, "Gradient surgery for multi-task learning" (2001.06782), algorithm 1. One order serves
  ///   all tasks and networks of an update.
  case pcgrad
  /// Every task counts the same: g = (mean_j |g_j|) sum_i g_i / |g_i|, over gradients that are not zero.
  case normalized

  /// - Throws: `EngineError.mixedTasks` where it needs each task's gradient, and shards hold several tasks.
  func check(shards: Int, tasks: Int) throws(EngineError) {
    if self != .sum && shards != tasks { throw .mixedTasks(tasks: tasks, shards: shards) }
  }

  /// w, of which sum_i w_i g_i is g.
  ///
  /// - Parameter order: Of the tasks that are projected against, a permutation.
  func weights(_ gram: GramMatrix, order: [Int]) -> [Double] {
    switch self {
    case .sum: return Array(repeating: 1, count: gram.count)
    case .pcgrad: return surgery(gram, order)
    case .normalized:
      let norms = gram.norms
      let present = norms.filter { $0 > 0 }
      let mean = present.reduce(0, +) / Double(max(present.count, 1))
      return norms.map { $0 > 0 ? mean / $0 : 0 }
    }
  }

  /// Projections only add multiples of the original gradients: with g_i = sum_k c_k g_k, which starts at c_i = 1, its
  /// product with g_j is sum_k c_k G[k, j], and projecting it changes c_j.
  private func surgery(_ gram: GramMatrix, _ order: [Int]) -> [Double] {
    let tasks = 0..<gram.count
    // That of gradients of whole losses, which are K times as long.
    let epsilon = 1e-8 / Double(gram.count * gram.count)
    var weights = [Double](repeating: 0, count: gram.count)
    var coefficients = weights
    for i in tasks {
      for k in tasks { coefficients[k] = k == i ? 1 : 0 }
      for j in order where j != i {
        var product = 0.0
        for k in tasks { product += coefficients[k] * gram[k, j] }
        coefficients[j] -= min(0, product / (gram[j, j] + epsilon))
      }
      for k in tasks { weights[k] += coefficients[k] }
    }
    return weights
  }
}
