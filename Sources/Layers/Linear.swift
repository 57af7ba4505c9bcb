import Tensors

/// y = x w + b, with w `[inputs, outputs]`.
public struct Linear: Sendable {
  public let weight, bias: Parameter

  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int,
    initializer: Initializer = .sonnet, bias start: Initializer = .zeros
  ) {
    weight = layout.add("\(name).weight", Shape(inputs, outputs), initializer)
    bias = layout.add("\(name).bias", Shape(outputs), start)
    layout.makes(outputs)
  }

  /// x `[rows, inputs]` to `[rows, outputs]`; with `relu`, y = max(x w + b, 0).
  public func callAsFunction(_ x: Tensor, relu: Bool = false, _ tape: Tape) -> Tensor {
    tape.linear(x, weight: weight, bias: bias, relu: relu)
  }
}

/// One linear output a task over shared features: y[r] = w[task[r]] . x[r] + b[task[r]], with w `[tasks, inputs]`.
public struct TaskHeads: Sendable {
  public let weight, bias: Parameter

  /// The heads start at zero, so that every value starts at its task's mean.
  public init(_ layout: inout ParameterLayout, _ name: String, inputs: Int, tasks: Int) {
    weight = layout.add("\(name).weight", Shape(tasks, inputs), .zeros)
    bias = layout.add("\(name).bias", Shape(tasks), .zeros)
    layout.makes(1)
  }

  /// x `[rows, inputs]`, task `[rows]`, to `[rows]`.
  public func callAsFunction(_ x: Tensor, task: UnsafePointer<Int32>, _ tape: Tape) -> Tensor {
    tape.taskHead(x, weight: weight, bias: bias, task: task)
  }
}
