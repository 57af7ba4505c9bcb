import Tensors

/// Which task each row of a matrix belongs to. In training rows of a task stand together.
public struct TaskRows {
  /// M: tasks that there are.
  public let tasks: Int
  /// `[rows]`; lives as long as the step.
  public let task: UnsafePointer<Int32>
  /// Which module of each layer a task's rows pass, `[tasks, layers]`, where networks are routed from outside.
  public let routes: UnsafePointer<Int32>?

  public init(tasks: Int, task: UnsafePointer<Int32>, routes: UnsafePointer<Int32>? = nil) {
    (self.tasks, self.task, self.routes) = (tasks, task, routes)
  }

  /// The rows' tasks, one-hot: `[count, M]`.
  func oneHot(_ count: Int, on tape: Tape) -> Tensor {
    let z = tape.constant(Shape(count, tasks))
    z.values.update(repeating: 0, count: z.count)
    for row in 0..<count { z.values[row * tasks + Int(task[row])] = 1 }
    return z
  }

  /// Every task once, one-hot: `[M, M]`.
  func eachTask(on tape: Tape) -> Tensor {
    let z = tape.constant(Shape(tasks, tasks))
    z.values.update(repeating: 0, count: z.count)
    for task in 0..<tasks { z.values[task * tasks + task] = 1 }
    return z
  }
}

/// A network that reads rows of several tasks: a policy's, or a critic's of observation and action.
public protocol TaskNetwork: Sendable {
  /// x `[rows, inputs]`, observation first, to `[rows, outputs]`.
  func callAsFunction(_ x: Tensor, _ rows: TaskRows) -> Tensor
}

/// How the released code of soft modularization starts the layers of every network it compares (Yang et al. 2020).
enum LayerInitialization {
  /// Weights uniform in +-1 / sqrt(outputs), where others take the inputs; biases 0.1.
  case hidden
  /// Weights and biases uniform in +-0.003, so that actions start near 0 and routing near uniform.
  case last

  func weight(outputs: Int) -> Initializer {
    self == .last ? .uniform(bound: 3e-3) : .uniform(bound: 1 / Float(outputs).squareRoot())
  }

  var bias: Initializer { self == .last ? .uniform(bound: 3e-3) : .constant(0.1) }
}

extension Linear {
  init(_ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, start: LayerInitialization) {
    self.init(
      &layout, name, inputs: inputs, outputs: outputs, initializer: start.weight(outputs: outputs), bias: start.bias)
  }
}

/// One linear layer per module: y[g] = x[g] w[g] + b[g], with w `[modules, inputs, outputs]`.
struct GroupedLinear: Sendable {
  let weight, bias: Parameter

  init(
    _ layout: inout ParameterLayout, _ name: String, modules: Int, inputs: Int, outputs: Int, start: LayerInitialization
  ) {
    weight = layout.add("\(name).weight", Shape(modules, inputs, outputs), start.weight(outputs: outputs))
    bias = layout.add("\(name).bias", Shape(modules, outputs), start.bias)
    layout.makes(modules * outputs)
  }

  /// x `[rows, modules, inputs]` to `[rows, modules, outputs]`.
  func callAsFunction(_ x: Tensor) -> Tensor { groupedLinear(x, weight: weight, bias: bias) }
}

/// One linear layer per task: y[r] = x[r] w[task of r] + b[task of r], with w `[tasks, inputs, outputs]`.
struct TaskLinear: Sendable {
  let weight, bias: Parameter

  init(
    _ layout: inout ParameterLayout, _ name: String, tasks: Int, inputs: Int, outputs: Int, start: LayerInitialization
  ) {
    weight = layout.add("\(name).weight", Shape(tasks, inputs, outputs), start.weight(outputs: outputs))
    bias = layout.add("\(name).bias", Shape(tasks, outputs), start.bias)
    layout.makes(outputs)
  }

  /// x `[rows, inputs]`, task `[rows]`, to `[rows, outputs]`.
  func callAsFunction(_ x: Tensor, task: UnsafePointer<Int32>) -> Affine {
    Affine(x, weight: weight, bias: bias, task: task)
  }
}
