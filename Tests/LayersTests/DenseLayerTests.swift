import CKernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite("Dense layers")
struct DenseLayerTests {
  private let layout: ParameterLayout
  private let input: Parameter
  private let layer: Linear
  private let values: ParameterBuffer
  private let weights: [Float] = (0..<128).map { Float($0 * 7919 % 1009) / 505 - 1 }

  init() {
    var layout = ParameterLayout()
    input = layout.add("x", Shape(5, 7), .sonnet)
    layer = Linear(&layout, "fc", inputs: 7, outputs: 9, bias: .uniform(bound: 0.5))
    self.layout = layout
    values = ParameterBuffer(layout)
    values.initialize(seed: 5)
  }

  /// All gradients of a loss of the input.
  private func gradients(_ loss: (Tensor) -> Tensor) -> (loss: Float, gradients: [Float]) {
    let (tape, gradients) = (Tape(), ParameterBuffer(layout))
    tape.begin(values: values, gradients: gradients)
    let loss = loss(tape.tensor(input))
    tape.backward(from: loss)
    return (loss.values[0], Array(UnsafeBufferPointer(start: gradients.values, count: gradients.count)))
  }

  @Test("A ReLU of a layer equals the ReLU of the layer's result, and central differences")
  func fused() {
    let fused = gradients { x in weightedSum(relu(layer(x)), weights) }
    let separate = gradients { x in
      let y = layer(x)
      return weightedSum(relu(y), weights)
    }
    #expect(abs(fused.loss - separate.loss) <= 1e-6)
    #expect(relativeError(fused.gradients, separate.gradients) <= 1e-6)
    #expect(gradientError(layout, step: 5e-4) { weightedSum(relu(layer($0.tensor(input))), weights) } <= 5e-3)
  }

  @Test("A layer's result may be read beside its ReLU")
  func readTwice() {
    let error = gradientError(layout, step: 5e-4) { tape in
      let y = layer(tape.tensor(input))
      return weightedSum(relu(y) + 0.5 * y, weights)
    }
    #expect(error <= 5e-3)
  }

  @Test("A layer keeps the parameters of the place where it was called")
  func scope() {
    let others = ParameterBuffer(layout)
    others.initialize(seed: 6)
    let inside = gradients { x in x.tape.with(values: others) { weightedSum(relu(layer(x)), weights) } }
    let outside = gradients { x in
      let affine: Affine = x.tape.with(values: others) { layer(x) }
      return weightedSum(relu(affine), weights)
    }
    #expect(inside.loss == outside.loss)
    #expect(inside.gradients == outside.gradients)
    #expect(outside.gradients[layer.weight.range].allSatisfy { $0 == 0 })
    #expect(outside.gradients[input.range].contains { $0 != 0 })
  }

  @Test("Without a gradient a layer is a constant to the loss, whatever follows it")
  func withoutGradient() {
    let result = gradients { x in
      let affine: Affine = layer(x)
      let constant = x.tape.withoutGradient { relu(layer(x)) + relu(affine) }
      return weightedSum(layer(x).reshaped(Shape(45)), weights) + sum(constant)
    }
    let expected = gradients { x in weightedSum(layer(x), weights) }
    #expect(result.gradients == expected.gradients)
  }
}
