import CKernels
import TestSupport
import Tensors
import Testing

@Suite("Losses as papers write them")
struct ArithmeticTests {
  /// Numbers in (-1, 1) without a pattern, of which none is 0.
  private func numbers(_ count: Int, seed: Int = 0) -> [Float] {
    (0..<count).map { Float(($0 &* 7919 &+ seed &* 104_729) % 1009) / 505 - 0.9985 }
  }

  private static let losses: [(name: String, loss: @Sendable (Tensor, Tensor) -> Tensor)] = [
    ("a + b", { sum(square($0 + $1)) }), ("a - b", { sum(square($0 - $1)) }), ("a b", { sum($0 * $1 * $0) }),
    ("numbers", { sum(square(0.5 * $0 - (1 - $1)) + square(($0 + 2) * 3) - square(-$1 - 0.25) + (0.5 + $0)) }),
    ("mean", { mean($0) + 0.5 * mean(square($1)) - mean($0 * $1) }), ("functions", { sum(tanh($0) * sigmoid($1)) }),
    ("minimum", { sum(square($0) * minimum($0, $1)) }),
  ]

  @Test("Gradients of arithmetic equal central differences", arguments: losses.indices)
  func gradients(index: Int) {
    var layout = ParameterLayout()
    let (a, b) = (layout.add("a", Shape(13), .sonnet), layout.add("b", Shape(13), .sonnet))
    let error = gradientError(layout, step: 2e-3, elementsPerParameter: 13) { tape in
      Self.losses[index].loss(tape.tensor(a), tape.tensor(b))
    }
    #expect(error <= 5e-3, "\(Self.losses[index].name)")
  }

  /// Gradients of `loss` with respect to two tensors of `count` numbers, with two constants of as many.
  private func gradients(
    count: Int, _ loss: (_ x: Tensor, _ y: Tensor, _ w: Tensor, _ c: Tensor) -> Tensor
  ) -> (x: [Float], y: [Float], value: Float) {
    var layout = ParameterLayout()
    let (x, y) = (layout.add("x", Shape(count), .zeros), layout.add("y", Shape(count), .zeros))
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    _ = values[x].update(from: numbers(count, seed: 1))
    _ = values[y].update(from: numbers(count, seed: 2))
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    let (w, c) = (numbers(count, seed: 3), numbers(count, seed: 4))
    let result = loss(tape.tensor(x), tape.tensor(y), tape.constant(w, Shape(count)), tape.constant(c, Shape(count)))
    tape.backward(from: result)
    return (Array(gradients[x]), Array(gradients[y]), result.values[0])
  }

  /// 1/640 is no Float, so the order of roundings shows.
  @Test("Weights of a mean are divided before anything is multiplied by them")
  func weightedMean() {
    let count = 640
    let (w, c) = (numbers(count, seed: 3), numbers(count, seed: 4))
    let weights = w.map { $0 / Float(count) }
    // The losses of a policy and of a critic.
    let policy = gradients(count: count) { x, y, w, c in mean(w * (c * x - y)) }
    #expect(policy.x == zip(weights, c).map { $0 * $1 })
    #expect(policy.y == weights.map { -$0 })
    let critic = gradients(count: count) { x, _, w, c in mean(w * square(x - c)) }
    let x = numbers(count, seed: 1)
    #expect(critic.x == x.indices.map { 2 * weights[$0] * (x[$0] - c[$0]) })
    let expected = x.indices.reduce(0.0) { $0 + Double(w[$1] * (x[$1] - c[$1]) * (x[$1] - c[$1])) } / Double(count)
    #expect(abs(Double(critic.value) - expected) <= 1e-6)
    let plain = gradients(count: count) { x, _, _, _ in mean(x) }
    #expect(plain.x.allSatisfy { $0 == 1 / Float(count) })
  }

  @Test("The factors' order doesn't matter, and a product may be read besides its sum")
  func products() {
    let count = 7
    let w = numbers(count, seed: 3)
    #expect(gradients(count: count) { x, _, w, _ in sum(w * x) }.x == w)
    #expect(gradients(count: count) { x, _, w, _ in sum(x * w) }.x == w)
    #expect(gradients(count: count) { x, _, w, _ in -sum(w * x) }.x == w.map { -$0 })
    let both = gradients(count: count) { x, _, w, _ in
      let product = w * x
      return sum(product) + sum(tanh(product) - tanh(product)) + sum(product.reshaped(Shape(7, 1)))
    }
    #expect(zip(both.x, w).allSatisfy { abs($0 - 2 * $1) <= 1e-6 })
  }
}
