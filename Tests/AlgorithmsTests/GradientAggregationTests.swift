import Tensors
import TestSupport
import Testing

@testable import Algorithms

/// How tasks' gradients become one, against NumPy in float64 (`Tests/Golden/generate_sac.py`), and what must hold.
@Suite("Gradient aggregation")
struct GradientAggregationTests {
  private static func buffers(_ gradients: [[Float]]) -> [ParameterBuffer] {
    var layout = ParameterLayout()
    let parameter = layout.add("g", Shape(gradients[0].count), .constant(0))
    return gradients.map {
      let buffer = ParameterBuffer(layout)
      _ = buffer[parameter].update(from: $0)
      return buffer
    }
  }

  private static func gram(_ gradients: [[Float]]) -> GramMatrix {
    let buffers = buffers(gradients)
    return GramMatrix(buffers, ranges: [0..<buffers[0].count])
  }

  private static func rows(_ golden: Golden) -> [[Float]] {
    let (count, numbers) = (golden.int("count"), golden.floats("gradients"))
    return (0..<golden.int("tasks")).map { Array(numbers[$0 * count..<($0 + 1) * count]) }
  }

  private func combine(_ gradients: [[Float]], _ weights: [Double]) -> [Double] {
    gradients[0].indices.map { index in
      zip(weights, gradients).reduce(0) { $0 + $1.0 * Double($1.1[index]) }
    }
  }

  @Test("Surgery and cosines are NumPy's", arguments: Golden("sac_balance").list("surgery"))
  func golden(golden: Golden) {
    let gradients = Self.rows(golden)
    let gram = Self.gram(gradients)
    let result = combine(gradients, GradientAggregation.pcgrad.weights(gram, order: golden.ints("order")))
    for (value, average) in zip(result, golden.doubles("average")) {
      // The mean of losses has a K-th of their gradients.
      #expect(abs(value / Double(gram.count) - average) <= 1e-7)
    }
    let expected = golden.doubles("cosines")
    var (sum, least) = (0.0, 1.0)
    for i in 0..<gram.count {
      for j in 0..<gram.count {
        let cosine = gram[i, j] / (gram.norms[i] * gram.norms[j])
        #expect(abs(cosine - expected[i * gram.count + j]) <= 1e-7)
        if i != j { (sum, least) = (sum + cosine, min(least, cosine)) }
      }
    }
    let pairs = Double(gram.count * (gram.count - 1))
    #expect(abs(gram.cosines!.mean - sum / pairs) <= 1e-12 && gram.cosines!.least == least)
  }

  @Test("Orthogonal and equal gradients have no conflict")
  func noConflict() {
    let orthogonal: [[Float]] = [[2, 0, 0, 0], [0, -3, 0, 0], [0, 0, 0.5, 0.5]]
    let equal = [[Float]](repeating: [1, -2, 0.25, 3], count: 3)
    for gradients in [orthogonal, equal] {
      #expect(GradientAggregation.pcgrad.weights(Self.gram(gradients), order: [2, 0, 1]) == [1, 1, 1])
    }
    #expect(GradientAggregation.normalized.weights(Self.gram(equal), order: [0, 1, 2]) == [1, 1, 1])
  }

  @Test("Opposite gradients leave nothing")
  func opposite() {
    let gradients: [[Float]] = [[1, -2, 3], [-1, 2, -3]]
    let result = combine(gradients, GradientAggregation.pcgrad.weights(Self.gram(gradients), order: [0, 1]))
    #expect(result.allSatisfy { abs($0) <= 1e-8 })
  }

  @Test("Surgery's epsilon is small beside gradients of whole losses")
  func epsilon() {
    // |g|^2 of a whole loss is 1e-8: half of the conflict goes.
    let parts: [[Float]] = [[5e-5, 0], [-5e-5, 0]]
    let weights = GradientAggregation.pcgrad.weights(Self.gram(parts), order: [0, 1])
    #expect(weights.allSatisfy { abs($0 - 1.5) <= 1e-6 })
  }

  @Test("Normalized gradients are of one length, and one that is missing counts nothing")
  func normalized() {
    let gradients: [[Float]] = [[3, 4], [0, 0], [0, -15]]
    let gram = Self.gram(gradients)
    let weights = GradientAggregation.normalized.weights(gram, order: [0, 1, 2])
    let expected: [Double] = [2, 0, 10.0 / 15]
    #expect(zip(weights, expected).allSatisfy { abs($0 - $1) <= 1e-12 })
    // [6, 8] + [0, -10]
    #expect(abs(gram.squaredNorm(ofSum: weights) - 40) <= 1e-9)
    #expect(abs(gram.cosines!.least - -0.8) <= 1e-12 && gram.cosines!.mean == gram.cosines!.least)
    #expect(Self.gram([[1, 2]]).cosines == nil)
  }

  @Test("Products of pieces add up, whatever the tiles")
  func pieces() {
    func number(_ index: Int, _ task: Int) -> Float { Float((index + 3) * task * 37 % 101) / 50 - 1 }
    let gradients: [[Float]] = (1...3).map { task in (0..<5000).map { number($0, task) } }
    let buffers = Self.buffers(gradients)
    var sum = GramMatrix(buffers, ranges: [0..<16, 4000..<5000])
    sum += GramMatrix(buffers, ranges: [16..<4000])
    for i in 0..<3 {
      for j in 0..<3 {
        var expected = 0.0
        for (a, b) in zip(gradients[i], gradients[j]) { expected += Double(a) * Double(b) }
        #expect(abs(sum[i, j] - expected) <= 1e-9 * abs(sum[i, i]))
      }
    }
  }

  @Test("An order is a permutation of its own for every update")
  func orders() {
    let randomness = AddressedRandomness(seed: 3, tasks: ["a", "b", "c", "d", "e"], shared: false)
    let orders = (0..<50).map { randomness.order(tasks: 5, update: $0) }
    #expect(orders.allSatisfy { $0.sorted() == [0, 1, 2, 3, 4] } && Set(orders).count > 25)
    #expect((0..<5).allSatisfy { first in orders.contains { $0[0] == first } })
    #expect(randomness.order(tasks: 5, update: 7) == orders[7])
  }
}
