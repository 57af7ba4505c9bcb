import CKernels
import Tensors

/// Inner products of tasks' gradients, G[i, j] = g_i . g_j: norms, angles, and the norm of any weighted sum follow
/// without another look at the gradients. In Float64.
struct GramMatrix {
  /// K: gradients.
  let count: Int
  /// `[K, K]`.
  private var products: [Double]

  init(count: Int) {
    self.count = count
    products = Array(repeating: 0, count: count * count)
  }

  /// Products of the gradients' elements in `ranges` of their layout.
  init(_ gradients: [ParameterBuffer], ranges: [Range<Int>]) {
    self.init(count: gradients.count)
    for range in ranges { add(gradients, range) }
  }

  subscript(_ i: Int, _ j: Int) -> Double { products[i * count + j] }

  static func += (total: inout GramMatrix, other: GramMatrix) {
    for index in total.products.indices { total.products[index] += other.products[index] }
  }

  private mutating func add(_ gradients: [ParameterBuffer], _ range: Range<Int>) {
    // A tile of all gradients stays in the cache while they meet each other.
    let tile = 2048
    for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
      let size = min(tile, range.upperBound - start)
      for i in 0..<count {
        for j in 0...i {
          products[i * count + j] += ck_dot(gradients[i].values + start, gradients[j].values + start, size)
          products[j * count + i] = products[i * count + j]
        }
      }
    }
  }

  /// |g_i|, one a gradient.
  var norms: [Double] { (0..<count).map { self[$0, $0].squareRoot() } }

  /// Mean and least cosine of the angle between two gradients, over pairs of which neither is zero; nil without a pair.
  var cosines: (mean: Double, least: Double)? {
    let norms = norms
    var (sum, least, pairs) = (0.0, Double.infinity, 0)
    for i in 0..<count where norms[i] > 0 {
      for j in 0..<i where norms[j] > 0 {
        let cosine = self[i, j] / (norms[i] * norms[j])
        (sum, least, pairs) = (sum + cosine, min(least, cosine), pairs + 1)
      }
    }
    return pairs == 0 ? nil : (sum / Double(pairs), least)
  }

  /// |sum_i w_i g_i|^2.
  func squaredNorm(ofSum weights: [Double]) -> Double {
    var sum = 0.0
    for i in 0..<count { for j in 0..<count { sum += weights[i] * weights[j] * self[i, j] } }
    // Rounding may leave less than nothing where gradients cancel.
    return max(sum, 0)
  }
}
