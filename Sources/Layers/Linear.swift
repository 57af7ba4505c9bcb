import Tensors

/// A layer y = x w + b that a ReLU may follow in the same pass over memory.
///
/// `let y = layer(x)` is a tensor, and `relu(layer(x))` takes an `Affine` instead, which runs both at once. A layer has a
/// function for each: the compiler takes its own, which gives a tensor, unless what surrounds it asks for the other.
public protocol DenseLayer: Sendable {
  func affine(_ x: Tensor) -> Affine
}

extension DenseLayer {
  /// The layer for `relu`.
  public func callAsFunction(_ x: Tensor) -> Affine { affine(x) }
}

/// y = x w + b, with w `[inputs, outputs]`.
public struct Linear: DenseLayer {
  public let weight, bias: Parameter

  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int,
    initializer: Initializer = .sonnet, bias start: Initializer = .zeros
  ) {
    weight = layout.add("\(name).weight", Shape(inputs, outputs), initializer)
    bias = layout.add("\(name).bias", Shape(outputs), start)
    layout.makes(outputs)
  }

  public func affine(_ x: Tensor) -> Affine { Affine(x, weight: weight, bias: bias) }

  /// x `[rows, inputs]` to `[rows, outputs]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { Tensor(affine(x)) }
}

/// One linear output per task over shared features: y[r] = w[task[r]] . x[r] + b[task[r]], with w `[tasks, inputs]`.
public struct TaskHeads: Sendable {
  public let weight, bias: Parameter

  /// The heads start at zero, so that every value starts at its task's mean.
  public init(_ layout: inout ParameterLayout, _ name: String, inputs: Int, tasks: Int) {
    weight = layout.add("\(name).weight", Shape(tasks, inputs), .zeros)
    bias = layout.add("\(name).bias", Shape(tasks), .zeros)
    layout.makes(1)
  }

  /// x `[rows, inputs]`, task `[rows]`, to `[rows]`.
  public func callAsFunction(_ x: Tensor, task: UnsafePointer<Int32>) -> Tensor {
    taskHead(x, weight: weight, bias: bias, task: task)
  }
}
