import CKernels
import TestSupport
import Tensors
import Testing

@Suite("Dense operations on a tape")
struct DenseOperationTests {
  /// Numbers in (-1, 1) without a pattern.
  private func numbers(_ count: Int, seed: Int = 0) -> [Float] {
    (0..<count).map { Float(($0 &* 7919 &+ seed &* 104_729) % 1009) / 505 - 0.998 }
  }

  @Test("A layer with its ReLU equals the two operations, and central differences", arguments: [1, 3, 11])
  func linearRelu(rows: Int) {
    var layout = ParameterLayout()
    let input = layout.add("x", Shape(rows, 7), .sonnet)
    let (w0, b0) = (layout.add("w0", Shape(7, 9), .sonnet), layout.add("b0", Shape(9), .zeros))
    let (w1, b1) = (layout.add("w1", Shape(9, 16), .sonnet), layout.add("b1", Shape(16), .zeros))
    let weights = numbers(rows * 16)
    func network(_ tape: Tape, fused: Bool) -> Tensor {
      func layer(_ x: Tensor, _ w: Parameter, _ b: Parameter) -> Tensor {
        let layer = Affine(x, weight: w, bias: b)
        return fused ? relu(layer) : relu(Tensor(layer))
      }
      return weightedSum(layer(layer(tape.tensor(input), w0, b0), w1, b1), weights)
    }
    #expect(gradientError(layout, step: 5e-4) { network($0, fused: true) } <= 5e-3)

    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    values.initialize(seed: 5)
    let tape = Tape()
    func result(fused: Bool) -> (loss: Float, gradients: [Float]) {
      gradients.zero()
      tape.begin(values: values, gradients: gradients)
      let loss = network(tape, fused: fused)
      tape.backward(from: loss)
      return (loss.values[0], Array(UnsafeBufferPointer(start: gradients.values, count: gradients.count)))
    }
    let (expected, fused) = (result(fused: false), result(fused: true))
    #expect(abs(fused.loss - expected.loss) <= 1e-6)
    #expect(relativeError(fused.gradients, expected.gradients) <= 1e-6)
  }

  @Test("Gradients of a chain take turns in the same memory, and the input's is left")
  func gradientMemory() {
    let layout = ParameterLayout()
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    let (count, length) = (1 << 14, 199)
    let weights = numbers(count)
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    let input = tape.tensor(Shape(count))
    input.values.update(repeating: 1, count: count)
    let chain = (0..<length).reduce(input) { x, _ in -x }
    tape.backward(from: weightedSum(chain, weights))
    let expected = weights.map { -$0 }
    #expect(Array(UnsafeBufferPointer(start: input.gradients, count: count)) == expected)
    // 200 tensors need 12.5 MiB, of an arena that doubles; a gradient for each would need as much again.
    #expect(tape.capacity <= 17 << 20)
  }

  @Test("A frozen layer with a ReLU passes gradients on, and keeps none")
  func frozen() {
    var layout = ParameterLayout()
    let input = layout.add("x", Shape(5, 4), .sonnet)
    let (w, b) = (layout.add("w", Shape(4, 6), .sonnet), layout.add("b", Shape(6), .zeros))
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    values.initialize(seed: 2)
    let weights = numbers(30)
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    let x = tape.tensor(input)
    tape.backward(
      from: tape.with(values: values) { weightedSum(relu(Affine(x, weight: w, bias: b)), weights) })
    #expect(ck_max_abs(gradients[input].baseAddress, 20) > 0)
    #expect(ck_max_abs(gradients[w].baseAddress, 24) == 0)
    #expect(ck_max_abs(gradients[b].baseAddress, 6) == 0)
  }

  private static let tasks: [[Int32]] = [
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [0, 1, 0, 1, 1, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
  ]

  @Test("Gradients of layers of a task's own equal central differences", arguments: tasks)
  func taskLayer(task: [Int32]) {
    var layout = ParameterLayout()
    let input = layout.add("x", Shape(10, 7), .sonnet)
    let (w, b) = (layout.add("w", Shape(2, 7, 5), .sonnet), layout.add("b", Shape(2, 5), .zeros))
    let weights = numbers(50)
    task.withUnsafeBufferPointer { task in
      let error = gradientError(layout, step: 5e-4, elementsPerParameter: 40) { tape in
        weightedSum(Tensor(Affine(tape.tensor(input), weight: w, bias: b, task: task.baseAddress!)), weights)
      }
      #expect(error <= 5e-3)
    }
  }

  /// Differences would cross a kink in some of the fifty outputs, so this compares with the two operations.
  @Test("A task's layer with its ReLU equals the two operations", arguments: tasks)
  func taskLayerRelu(task: [Int32]) {
    var layout = ParameterLayout()
    let input = layout.add("x", Shape(10, 7), .sonnet)
    let (w, b) = (layout.add("w", Shape(2, 7, 5), .sonnet), layout.add("b", Shape(2, 5), .sonnet))
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    values.initialize(seed: 3)
    let weights = numbers(50)
    let tape = Tape()
    func result(fused: Bool) -> [Float] {
      gradients.zero()
      tape.begin(values: values, gradients: gradients)
      task.withUnsafeBufferPointer {
        let layer = Affine(tape.tensor(input), weight: w, bias: b, task: $0.baseAddress!)
        tape.backward(from: weightedSum(fused ? relu(layer) : relu(Tensor(layer)), weights))
      }
      return Array(UnsafeBufferPointer(start: gradients.values, count: gradients.count))
    }
    #expect(relativeError(result(fused: true), result(fused: false)) <= 1e-6)
  }
}
