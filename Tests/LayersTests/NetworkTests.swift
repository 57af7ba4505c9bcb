import CKernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite("Networks")
struct NetworkTests {
  private static let bytes: [UInt8] = (0..<84 * 84 * 4 * 2).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }

  private func parameters(_ kind: TrunkKind, height: Int, width: Int, channels: Int, actions: Int, values: Int) -> Int {
    var layout = ParameterLayout()
    let trunk = kind.make(&layout, "trunk", height: height, width: width, channels: channels)
    _ = Linear(&layout, "policy", inputs: trunk.outputs, outputs: actions)
    _ = TaskHeads(&layout, "value", inputs: trunk.outputs, tasks: values)
    return layout.parameterCount
  }

  @Test("Parameter counts are the published ones")
  func counts() {
    #expect(parameters(.deep, height: 84, width: 84, channels: 4, actions: 18, values: 1) == 1_094_115)
    #expect(parameters(.deep, height: 84, width: 84, channels: 4, actions: 18, values: 57) == 1_108_507)
    #expect(parameters(.shallow3, height: 84, width: 84, channels: 4, actions: 18, values: 1) == 1_693_875)
    #expect(parameters(.shallow3, height: 84, width: 84, channels: 4, actions: 18, values: 57) == 1_722_603)
    #expect(parameters(.shallow2, height: 84, width: 84, channels: 4, actions: 18, values: 1) == 681_027)
    #expect(
      parameters(.small, height: 10, width: 10, channels: 10, actions: 6, values: 6)
        == 9 * 10 * 16 + 16 + 1024 * 128 + 128 + 129 * 12)
  }

  @Test(
    "Gradients of every trunk equal central differences",
    arguments: [(TrunkKind.small, 9), (.shallow2, 21), (.shallow3, 37), (.deep, 11)])
  func gradients(kind: TrunkKind, side: Int) {
    var layout = ParameterLayout()
    let trunk = kind.make(&layout, "trunk", height: side, width: side, channels: 3)
    let heads = TaskHeads(&layout, "value", inputs: trunk.outputs, tasks: 2)
    let policy = Linear(&layout, "policy", inputs: trunk.outputs, outputs: 4)
    let weights: [Float] = [0.7, -0.4, 1.1, 0.3]
    let (task, action): ([Int32], [Int32]) = ([0, 1, 1, 0], [3, 0, 2, 1])
    let error = gradientError(layout, step: 5e-4) { tape in
      let image = Self.bytes.withUnsafeBufferPointer {
        Images(
          bytes: $0.baseAddress!, images: 4, height: side, width: side, channels: 3, scale: 1 / 255, on: tape)
      }
      let features = trunk(image)
      let logPi = logSoftmax(policy(features), mask: nil)
      return weightedSum(heads(features, task: task), weights) + weightedSum(select(logPi, action: action), weights)
        + weightedSum(entropy(logPi), weights)
    }
    // ReLUs and max-pools have kinks that a larger step than 5e-4 would often cross.
    #expect(error <= 0.05)
  }

  @Test("A batch that passes in slices has the sum of its images' gradients")
  func slices() {
    var layout = ParameterLayout()
    let trunk = TrunkKind.deep.make(&layout, "trunk", height: 84, width: 84, channels: 2)
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    values.initialize(seed: 3)
    let tape = Tape()
    let weights: [Float] = (0..<4 * trunk.outputs).map { Float($0 * 7919 % 1009) / 505 - 1 }
    func gradient(_ images: Range<Int>) -> [Float] {
      gradients.zero()
      tape.begin(values: values, gradients: gradients)
      Self.bytes.withUnsafeBufferPointer { bytes in
        let batch = Images(
          bytes: bytes.baseAddress! + images.lowerBound * 84 * 84 * 2, images: images.count, height: 84, width: 84,
          channels: 2, scale: 1 / 255, on: tape)
        tape.backward(from: weightedSum(trunk(batch), Array(weights.dropFirst(images.lowerBound * trunk.outputs))))
      }
      return Array(UnsafeBufferPointer(start: gradients.values, count: gradients.count))
    }
    // Slices of two images, and one that is left.
    let single = (0..<3).map { gradient($0..<$0 + 1) }
    let sum = single[0].indices.map { single[0][$0] + single[1][$0] + single[2][$0] }
    #expect(relativeError(gradient(0..<3), sum) <= 1e-5)
  }

  @Test("Gradients of an LSTM with resets equal central differences")
  func lstm() {
    var layout = ParameterLayout()
    let input = Linear(&layout, "input", inputs: 3, outputs: 5)
    let core = LSTM(&layout, "core", inputs: 5, size: 4)
    let x: [Float] = (0..<4 * 2 * 3).map { Float($0 % 7) / 5 - 0.6 }
    let (state, reset): ([Float], [UInt8]) = (Array(repeating: 0.2, count: 8), [0, 1, 0, 0, 1, 0, 0, 0])
    let weights: [Float] = (0..<32).map { Float($0 % 5) - 1.7 }
    let error = gradientError(layout) { tape in
      let rows = tape.constant(Shape(8, 3))
      rows.values.update(from: x, count: 24)
      let out = core(input(rows), steps: 4, hidden: state, cell: state, reset: reset)
      return weightedSum(out.outputs, weights)
    }
    #expect(error <= 5e-3)
  }

  @Test("A residual network with two value heads equals haiku and jax, forward and backward")
  func golden() {
    let golden = Golden("network")
    var layout = ParameterLayout()
    let (filters, features) = (golden.int("filters"), golden.int("features"))
    let first = Convolution(&layout, "conv", inputs: 3, outputs: filters, kernel: 3)
    let block = ResidualBlock(&layout, "residual", channels: filters)
    let dense = Linear(&layout, "fc", inputs: 64, outputs: features)
    let policy = Linear(&layout, "policy", inputs: features, outputs: golden.int("actions"))
    let heads = TaskHeads(&layout, "value", inputs: features, tasks: golden.int("tasks"))
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    func key(_ name: String) -> String {
      name.replacing(".conv", with: "_conv_").replacing(".weight", with: ".w").replacing(".bias", with: ".b")
    }
    for entry in layout.entries {
      let numbers = golden.object("parameters").floats(key(entry.name))
      (values.values + entry.parameter.offset).update(from: numbers, count: numbers.count)
    }
    let image = golden.ints("image").map { UInt8($0) }
    let task = golden.ints("task").map { Int32($0) }
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    image.withUnsafeBufferPointer { image in
      let view = Images(
        bytes: image.baseAddress!, images: 3, height: 8, width: 8, channels: 3, scale: golden.float("scale"),
        on: tape)
      let x = relu(block(first.pooled(view, window: 3, stride: 2)))
      let h = relu(dense(x.reshaped(Shape(3, 64))))
      let (logits, value): (Tensor, Tensor) = (policy(h), heads(h, task: task))
      #expect(relativeError(logits.values, golden.floats("logits")) <= 1e-5)
      #expect(relativeError(value.values, golden.floats("value")) <= 1e-5)
      tape.backward(
        from: weightedSum(logits, golden.floats("d_logits")) + weightedSum(value, golden.floats("d_value")))
    }
    for entry in layout.entries {
      let expected = golden.object("gradients").floats(key(entry.name))
      #expect(relativeError(gradients.values + entry.parameter.offset, expected) <= 2e-5, "\(entry.name)")
    }
  }

  @Test("Orthogonal weights are orthogonal, and equal seeds give equal weights")
  func initializers() {
    var layout = ParameterLayout()
    let wide = Linear(&layout, "wide", inputs: 5, outputs: 9, initializer: .orthogonal(gain: 2))
    let tall = Linear(&layout, "tall", inputs: 9, outputs: 5, initializer: .orthogonal(gain: 1))
    let usual = Linear(&layout, "usual", inputs: 400, outputs: 50)
    let (a, b) = (ParameterBuffer(layout), ParameterBuffer(layout))
    a.initialize(seed: 11)
    b.initialize(seed: 11)
    #expect((0..<a.count).allSatisfy { a.values[$0] == b.values[$0] })
    let (w, t) = (a[wide.weight], a[tall.weight])
    for i in 0..<5 {
      for j in 0..<5 {
        let rows = (0..<9).reduce(Float(0)) { $0 + w[9 * i + $1] * w[9 * j + $1] }
        let columns = (0..<9).reduce(Float(0)) { $0 + t[5 * $1 + i] * t[5 * $1 + j] }
        #expect(abs(rows - (i == j ? 4 : 0)) <= 1e-5)
        #expect(abs(columns - (i == j ? 1 : 0)) <= 1e-5)
      }
    }
    // A normal distribution cut at two deviations has 0.8796 of the deviation.
    let numbers = a[usual.weight]
    let deviation = (numbers.reduce(0) { $0 + $1 * $1 } / Float(numbers.count)).squareRoot()
    #expect(abs(deviation * 20 - 0.8796) <= 0.02)
    #expect(numbers.allSatisfy { abs($0) <= 0.1 })
  }
}
