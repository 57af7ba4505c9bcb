import Foundation

/// How near points are to each other, as one distribution over pairs: p_ij = (p_j|i + p_i|j) / 2N, where p_j|i is a
/// normal distribution around point i with as many effective neighbours as the perplexity says (van der Maaten and
/// Hinton 2008, section 2).
public struct Affinities: Sendable {
  public let count: Int
  /// p_ij for j < i: row i starts at i (i - 1) / 2. Half of the sum over all pairs, 1/2.
  let lower: [Double]

  /// Precondition: 1 <= perplexity <= N - 1, the neighbours that a point can have.
  public init(_ points: Points, perplexity: Double) {
    let count = points.count
    precondition(
      perplexity >= 1 && perplexity <= Double(count - 1), "a perplexity of \(perplexity) among \(count) points")
    var lower = Array(repeating: 0.0, count: count * (count - 1) / 2)
    for i in 0..<count {
      let others = (0..<count).filter { $0 != i }
      let row = Self.conditional(squaredDistances: others.map { points.squaredDistance(i, $0) }, perplexity: perplexity)
      for (j, p) in zip(others, row) {
        let (high, low) = (max(i, j), min(i, j))
        lower[high * (high - 1) / 2 + low] += p / Double(2 * count)
      }
    }
    (self.count, self.lower) = (count, lower)
  }

  /// p_j|i = exp(-b d_j) / sum_k exp(-b d_k) of squared distances d from i to the others, with b found by bisection so
  /// that the entropy is ln(perplexity) within 1e-8. More equally near neighbours than that stay equal, whatever b.
  static func conditional(squaredDistances: [Double], perplexity: Double) -> [Double] {
    let target = log(perplexity)
    // Distances from the nearest: the largest weight is 1, so the sum can't underflow.
    let nearest = squaredDistances.min()!
    let excess = squaredDistances.map { $0 - nearest }
    var weights = excess
    var (precision, low, high) = (1.0, 0.0, Double.infinity)
    var sum = 0.0
    for _ in 0..<100 {
      var moment = 0.0
      sum = 0
      for k in excess.indices {
        let weight = exp(-precision * excess[k])
        weights[k] = weight
        sum += weight
        moment += weight * excess[k]
      }
      let entropy = log(sum) + precision * moment / sum
      if abs(entropy - target) <= 1e-8 { break }
      if entropy > target { low = precision } else { high = precision }
      precision = high.isFinite ? (low + high) / 2 : 2 * precision
    }
    return weights.map { $0 / sum }
  }

  /// KL(P || Q) of an embedding `[N, 2]`: sum p_ij ln(p_ij / q_ij) over all pairs, where q_ij is in proportion to
  /// 1 / (1 + |y_i - y_j|^2) (section 3, equation 4).
  public func divergence(of embedding: Points) -> Double {
    precondition(embedding.count == count, "\(embedding.count) points for \(count)")
    var (sum, total, index) = (0.0, 0.0, 0)
    for i in 0..<count {
      for j in 0..<i {
        let (p, w) = (lower[index], 1 / (1 + embedding.squaredDistance(i, j)))
        if p > 0 { sum += 2 * p * log(p / w) }
        total += 2 * w
        index += 1
      }
    }
    return sum + log(total)
  }
}
