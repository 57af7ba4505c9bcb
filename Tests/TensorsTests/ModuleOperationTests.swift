import TestSupport
import Tensors
import Testing

@Suite("Operations of networks made of modules")
struct ModuleOperationTests {
  private static let weights: [Float] = (0..<256).map { Float($0 * 7 % 13) / 6 - 0.9 }

  @Test(
    "Gradients of a mixture equal central differences",
    arguments: [false, true], [(2, 2, 5), (1, 4, 3), (4, 3, 17), (5, 5, 1)])
  func mixture(relu: Bool, sizes: (targets: Int, sources: Int, width: Int)) {
    var layout = ParameterLayout()
    let p = layout.add("p", Shape(3, sizes.targets, sizes.sources), .uniform(bound: 1))
    let y = layout.add("y", Shape(3, sizes.sources, sizes.width), .uniform(bound: 1))
    // A mixture has kinks with relu, which a larger step would cross more often.
    let error = gradientError(layout, step: 1e-3, elementsPerParameter: 20) { tape in
      weightedSum(mix(tape.tensor(p), tape.tensor(y), relu: relu), Self.weights)
    }
    #expect(error <= 1e-2)
  }

  @Test("Gradients of a grouped layer equal central differences", arguments: [1, 3, 4, 6])
  func groupedLayer(rows: Int) {
    var layout = ParameterLayout()
    let x = layout.add("x", Shape(rows, 3, 5), .uniform(bound: 1))
    let weight = layout.add("weight", Shape(3, 5, 7), .uniform(bound: 1))
    let bias = layout.add("bias", Shape(3, 7), .uniform(bound: 1))
    for flat in [false, true] {
      let error = gradientError(layout) { tape in
        let input = flat ? tape.tensor(x).reshaped(Shape(rows, 15)) : tape.tensor(x)
        return weightedSum(softmax(groupedLinear(input, weight: weight, bias: bias)), Self.weights)
      }
      #expect(error <= 1e-2)
    }
  }

  @Test("Gradients of a softmax over the last axis equal central differences", arguments: [1, 2, 3, 4, 7, 9])
  func softmaxes(actions: Int) {
    var layout = ParameterLayout()
    let x = layout.add("x", Shape(5, 4, actions), .uniform(bound: 1))
    let error = gradientError(layout, elementsPerParameter: 20) { tape in
      weightedSum(softmax(tape.tensor(x)), Self.weights)
    }
    #expect(error <= 5e-3)
  }

  @Test("Gradients of a product equal central differences, also of a number with itself")
  func product() {
    var layout = ParameterLayout()
    let (a, b) = (layout.add("a", Shape(5, 7), .uniform(bound: 1)), layout.add("b", Shape(5, 7), .uniform(bound: 1)))
    let error = gradientError(layout) { tape in
      let product = tape.tensor(a) * tape.tensor(b)
      return weightedSum(product * product, Self.weights)
    }
    #expect(error <= 5e-3)
  }

  @Test("Gradients of a rectified product equal central differences", arguments: [false, true])
  func productByTask(relu: Bool) {
    var layout = ParameterLayout()
    let x = layout.add("x", Shape(5, 7), .uniform(bound: 1))
    let table = layout.add("table", Shape(3, 7), .uniform(bound: 1))
    let task: [Int32] = [0, 0, 2, 2, 2]
    task.withUnsafeBufferPointer { task in
      let error = gradientError(layout, step: 1e-3, elementsPerParameter: 20) { tape in
        let (x, table) = (tape.tensor(x), tape.tensor(table))
        let product = multiply(x, byTask: table, task: task.baseAddress!, relu: relu)
        return weightedSum(multiply(product, x, relu: relu), Self.weights)
      }
      #expect(error <= 1e-2)
    }
  }

  @Test("A layer of a constant on frozen parameters carries no gradient")
  func constant() {
    var layout = ParameterLayout()
    let weight = layout.add("weight", Shape(3, 5), .uniform(bound: 1))
    let bias = layout.add("bias", Shape(5), .uniform(bound: 1))
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    let x = tape.constant(Array(repeating: 1, count: 6), Shape(2, 3))
    func layer() -> Tensor { Tensor(Affine(x, weight: weight, bias: bias)) }
    #expect(layer().gradients != nil)
    tape.with(values: values) { #expect(layer().gradients == nil) }
  }

  @Test("On frozen parameters a grouped layer still passes gradients on")
  func frozen() {
    var layout = ParameterLayout()
    let x = layout.add("x", Shape(4, 2, 3), .uniform(bound: 1))
    var frozen = ParameterLayout()
    let weight = frozen.add("weight", Shape(2, 3, 5), .uniform(bound: 1))
    let bias = frozen.add("bias", Shape(2, 5), .uniform(bound: 1))
    let p = frozen.add("p", Shape(4, 3, 2), .uniform(bound: 1))
    let values = ParameterBuffer(frozen)
    values.initialize(seed: 1)
    let error = gradientError(layout) { tape in
      let x = tape.tensor(x)
      let m = tape.with(values: values) {
        mix(tape.tensor(p), groupedLinear(x, weight: weight, bias: bias), relu: false)
      }
      return weightedSum(m, Self.weights)
    }
    #expect(error <= 5e-3)
  }
}
