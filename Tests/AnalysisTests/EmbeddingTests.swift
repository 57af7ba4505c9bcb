import Foundation
import Testing

@testable import Analysis

@Suite("Principal components")
struct PrincipalComponentsTests {
  @Test("Points along known axes have these axes, variances and coordinates")
  func known() {
    // (3, 4) / 5 is one axis, with coordinates -2, 0, 2; (4, -3) / 5 the other, with 1, -2, 1; the mean is
    // (10, 20).
    let points = Points([9.6, 17.8, 8.4, 21.2, 12, 21], dimensions: 2)
    let components = PrincipalComponents(points)
    #expect(close(components.mean, [10, 20], 1e-12))
    #expect(close(components.variances, [4, 3], 1e-12))
    #expect(close(components.axes.values, [0.6, 0.8, 0.8, -0.6], 1e-12))
    #expect(close(components.projection(of: points, components: 2).values, [-2, 1, 0, -2, 2, 1], 1e-12))
    #expect(close(components.projection(of: points, components: 1).values, [-2, 0, 2], 1e-12))
  }

  @Test("Variances are those of the coordinates, and fall")
  func variances() {
    let points = Points(normals(40 * 7, stream: 3), dimensions: 7)
    let components = PrincipalComponents(points)
    let projected = components.projection(of: points, components: 7)
    for k in 0..<7 {
      let sum = (0..<40).reduce(0) { $0 + projected[$1, k] * projected[$1, k] }
      #expect(abs(sum / 39 - components.variances[k]) <= 1e-12)
      #expect(k == 0 || components.variances[k] <= components.variances[k - 1])
    }
  }
}

@Suite("t-SNE")
struct TSNETests {
  @Test("The bisection hits the perplexity", arguments: [1.5, 5, 30])
  func perplexity(target: Double) {
    for scale in [1e-6, 1, 1e6] {
      let distances = normals(90, stream: 8).map { scale * $0 * $0 }
      let row = Affinities.conditional(squaredDistances: distances, perplexity: target)
      #expect(abs(row.reduce(0, +) - 1) <= 1e-12)
      let entropy = row.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
      #expect(abs(exp(entropy) - target) <= 1e-5)
    }
  }

  @Test("A row equals scikit-learn's")
  func row() {
    // sklearn 1.9.1, manifold._utils._binary_search_perplexity, row 0 of squared distances of 0, 1, ..., 5 on a line,
    // perplexity 2. It works in Float32 and stops at an entropy within 1e-5.
    let expected = [7.338860290939e-01, 2.303960226101e-01, 3.341069986040e-02, 2.238001672262e-03, 6.924676330097e-05]
    let row = Affinities.conditional(squaredDistances: [1, 4, 9, 16, 25], perplexity: 2)
    #expect(close(row, expected, 2e-5))
  }

  @Test("Affinities of all pairs sum to one, and equal neighbours share equally")
  func affinities() {
    let (points, _) = blobs(of: 10, apart: 3)
    #expect(abs(2 * Affinities(points, perplexity: 7).lower.reduce(0, +) - 1) <= 1e-12)
    let row = Affinities.conditional(squaredDistances: [0, 0, 0, 0, 9], perplexity: 2)
    #expect(close(row, [0.25, 0.25, 0.25, 0.25, 0], 1e-12))
  }

  @Test("The divergence equals its definition")
  func divergence() {
    // Three points of equal distances: p = 1/6 each. Embedded at 0, 1 and 3 on a line: w = 1/2, 1/10, 1/5, q = w / 1.6.
    let affinities = Affinities(Points([1, 0, 0, 0, 1, 0, 0, 0, 1], dimensions: 3), perplexity: 2)
    let expected = [0.5, 0.1, 0.2].reduce(0) { $0 + log(1.0 / 6 / ($1 / 1.6)) / 3 }
    #expect(abs(affinities.divergence(of: Points([0, 0, 1, 0, 3, 0], dimensions: 2)) - expected) <= 1e-12)
  }

  @Test("Three blobs stay three blobs, the divergence falls, and the picture is the same again")
  func threeBlobs() {
    let (points, labels) = blobs(of: 20, apart: 12)
    var embed = TSNE()
    embed.perplexity = 10
    let embedding = embed(points)
    #expect(NearestNeighbours.accuracy(embedding, labels: labels) == 1)
    let affinities = Affinities(points, perplexity: 10)
    let (before, after) = (affinities.divergence(of: TSNE.start(points)), affinities.divergence(of: embedding))
    #expect(after <= before / 3)
    #expect(embed(points) == embedding)
  }

  @Test("The gradient is that of the divergence, by central differences")
  func gradient() {
    let affinities = Affinities(blobs(of: 5, apart: 2).points, perplexity: 4)
    let positions = normals(30, stream: 6)
    var (attraction, repulsion) = (Array(repeating: 0.0, count: 30), Array(repeating: 0.0, count: 30))
    let total = TSNE.forces(positions, affinities.lower, 15, &attraction, &repulsion)
    func divergence(_ k: Int, moved distance: Double) -> Double {
      var moved = positions
      moved[k] += distance
      return affinities.divergence(of: Points(moved, dimensions: 2))
    }
    for k in positions.indices {
      let slope = (divergence(k, moved: 1e-5) - divergence(k, moved: -1e-5)) / 2e-5
      #expect(abs(4 * (attraction[k] - repulsion[k] / total) - slope) <= 1e-8)
    }
  }

  @Test("Equal points stay together and finite")
  func equal() {
    var embed = TSNE()
    (embed.perplexity, embed.iterations) = (3, 50)
    let embedding = embed(Points(Array(repeating: 0.5, count: 40), dimensions: 4))
    #expect((0..<10).allSatisfy { embedding.squaredDistance($0, 0) == 0 })
  }
}

@Suite("Nearest neighbours")
struct NearestNeighboursTests {
  @Test("A line worked by hand, with ties")
  func line() {
    let points = Points([0, 1, 2, 3, 10, 11, 12], dimensions: 1)
    let labels = [0, 0, 1, 0, 1, 1, 1]
    // One neighbour: 0 -> 1, 1 -> 0 (tied with 2, lower index), 2 -> 1 (tied with 3), 3 -> 2, and
    // 10 -> 11, 11 -> 10, 12 -> 11.
    #expect(abs(NearestNeighbours.accuracy(points, labels: labels, k: 1) - 5.0 / 7) <= 1e-15)
    // Two: 3 sees labels 1 and 0 equally often and goes with the nearer, 1. 0 sees 0, 1 and goes with 0; 2 sees 0, 0.
    #expect(abs(NearestNeighbours.accuracy(points, labels: labels, k: 2) - 5.0 / 7) <= 1e-15)
    // Three: 0 sees 0, 1, 0; 1 sees 0, 1, 0; 2 sees 0, 0, 0; 3 sees 1, 0, 0; 10, 11 and 12 see two of their own.
    #expect(abs(NearestNeighbours.accuracy(points, labels: labels, k: 3) - 6.0 / 7) <= 1e-15)
  }

  @Test("Points of one group are no evidence for each other")
  func groups() {
    // Pairs of equal points, each pair between pairs of the other label: alone a point's twin tells its label.
    let points = Points([0, 0, 1, 1, 2, 2, 3, 3], dimensions: 1)
    let labels = [0, 0, 1, 1, 0, 0, 1, 1]
    #expect(NearestNeighbours.accuracy(points, labels: labels, k: 1) == 1)
    #expect(NearestNeighbours.accuracy(points, labels: labels, groups: [0, 0, 1, 1, 2, 2, 3, 3], k: 1) == 0)
  }

  @Test("Blobs tell their labels, shuffled labels are guessed")
  func chance() {
    let (points, labels) = blobs(of: 100, apart: 12)
    #expect(NearestNeighbours.accuracy(points, labels: labels) == 1)
    let accuracy = NearestNeighbours.accuracy(points, labels: permutation(300).map { labels[$0] })
    // A third is chance; four standard errors are 0.11.
    #expect(abs(accuracy - 1.0 / 3) <= 0.11)
  }
}

/// Whether all |a - b| are within the tolerance; never where the lengths differ or a number is NaN.
private func close(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}
