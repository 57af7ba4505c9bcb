/// t-distributed stochastic neighbour embedding, exact (van der Maaten and Hinton 2008): a picture of points in which
/// neighbours stay neighbours. Distances between clusters, and their sizes, say nothing.
///
/// Gradient descent on KL(P || Q) from the first two principal components, in O(N^2) an iteration and one fixed order:
/// equal points give equal pictures. Defaults are scikit-learn's, and so is the learning rate,
/// max(N / (4 exaggeration), 50) (Belkina et al. 2019).
public struct TSNE: Hashable, Sendable {
  /// Effective neighbours of a point.
  public var perplexity = 30.0
  public var iterations = 1000
  /// Factor of P during the first iterations, in which clusters form.
  public var exaggeration = 12.0
  public var exaggeratedIterations = 250

  public init() {}

  /// The embedding `[N, 2]`. Preconditions: at least two dimensions, and those of `Affinities`.
  public func callAsFunction(_ points: Points) -> Points {
    descend(from: Self.start(points), Affinities(points, perplexity: perplexity))
  }

  /// The first two principal components, scaled to a standard deviation of 1e-4 along the first.
  static func start(_ points: Points) -> Points {
    let components = PrincipalComponents(points)
    let deviation = components.variances[0].squareRoot()
    let scale = deviation > 0 ? 1e-4 / deviation : 0
    return Points(components.projection(of: points, components: 2).values.map { scale * $0 }, dimensions: 2)
  }

  private func descend(from start: Points, _ affinities: Affinities) -> Points {
    var positions = start.values
    let zeros = Array(repeating: 0.0, count: positions.count)
    var (velocity, attraction, repulsion) = (zeros, zeros, zeros)
    var gains = zeros.map { _ in 1.0 }
    let rate = max(Double(affinities.count) / exaggeration / 4, 50)
    for iteration in 0..<iterations {
      let early = iteration < exaggeratedIterations
      let (factor, momentum) = early ? (exaggeration, 0.5) : (1, 0.8)
      let total = Self.forces(positions, affinities.lower, affinities.count, &attraction, &repulsion)
      for k in positions.indices {
        let gradient = 4 * (factor * attraction[k] - repulsion[k] / total)
        // A step that goes on in its direction is lengthened, one that turns is shortened (Jacobs 1988).
        gains[k] = gradient * velocity[k] < 0 ? gains[k] + 0.2 : max(0.8 * gains[k], 0.01)
        velocity[k] = momentum * velocity[k] - rate * gains[k] * gradient
        positions[k] += velocity[k]
      }
    }
    return Points(positions, dimensions: 2)
  }

  /// With w_ij = 1 / (1 + |y_i - y_j|^2): attraction_i = sum_j p_ij w_ij (y_i - y_j),
  /// repulsion_i = sum_j w_ij^2 (y_i - y_j), and the sum of w over all pairs, so that the gradient is
  /// 4 (attraction - repulsion / sum) (equation 5) in one pass.
  static func forces(
    _ positions: UnsafePointer<Double>, _ lower: UnsafePointer<Double>, _ count: Int,
    _ attraction: UnsafeMutablePointer<Double>, _ repulsion: UnsafeMutablePointer<Double>
  ) -> Double {
    var (total, index) = (0.0, 0)
    for i in 0..<count {
      let (x, y) = (positions[2 * i], positions[2 * i + 1])
      var (attractionX, attractionY, repulsionX, repulsionY) = (0.0, 0.0, 0.0, 0.0)
      for j in 0..<i {
        let (dx, dy) = (x - positions[2 * j], y - positions[2 * j + 1])
        let w = 1 / (1 + dx * dx + dy * dy)
        total += w
        let (pull, push) = (lower[index] * w, w * w)
        index += 1
        attractionX += pull * dx
        attractionY += pull * dy
        repulsionX += push * dx
        repulsionY += push * dy
        attraction[2 * j] -= pull * dx
        attraction[2 * j + 1] -= pull * dy
        repulsion[2 * j] -= push * dx
        repulsion[2 * j + 1] -= push * dy
      }
      // Point i has had nothing yet from the points after it.
      (attraction[2 * i], attraction[2 * i + 1]) = (attractionX, attractionY)
      (repulsion[2 * i], repulsion[2 * i + 1]) = (repulsionX, repulsionY)
    }
    return 2 * total
  }
}
