import CKernels

/// A dense layer's y = x w + b that has not run yet, because a ReLU may follow it.
///
/// `relu(fc(x))` is one pass over memory: `relu` takes this and runs both. `Tensor` of it runs the layer alone.
/// Parameters, and whether they have gradients, are those of the place where it was made.
public struct Affine: BitwiseCopyable {
  fileprivate let x: Tensor
  fileprivate let weight, bias: UnsafeMutablePointer<Float>
  fileprivate let weightGradient, biasGradient: UnsafeMutablePointer<Float>?
  /// The layer of each row, where there are several.
  fileprivate let task: UnsafePointer<Int32>?
  private let shape: Shape

  /// x `[rows, inputs]`, weight `[inputs, outputs]`, bias `[outputs]`: y `[rows, outputs]`.
  public init(_ x: Tensor, weight: Parameter, bias: Parameter) {
    precondition(
      weight.shape == Shape(x.shape[1], bias.shape.count),
      "dense layer: input \(x.shape) and bias \(bias.shape) do not fit weight \(weight.shape)")
    self.init(x, weight, bias, task: nil, outputs: weight.shape[1])
  }

  /// y[r] = x[r] w[task[r]] + b[task[r]]: a layer of its own for every task.
  ///
  /// x `[rows, inputs]`, weight `[tasks, inputs, outputs]`, bias `[tasks, outputs]`, task `[rows]`: y `[rows, outputs]`.
  /// `task` lives as long as the step; rows of a task that stand together are one product.
  public init(_ x: Tensor, weight: Parameter, bias: Parameter, task: UnsafePointer<Int32>) {
    precondition(
      weight.shape[1] == x.shape[1] && bias.shape == Shape(weight.shape[0], weight.shape[2]),
      "task layer: input \(x.shape) and bias \(bias.shape) do not fit weight \(weight.shape)")
    self.init(x, weight, bias, task: task, outputs: weight.shape[2])
  }

  private init(_ x: Tensor, _ weight: Parameter, _ bias: Parameter, task: UnsafePointer<Int32>?, outputs: Int) {
    let tape = x.tape
    (self.x, self.task, shape) = (x, task, Shape(x.shape[0], outputs))
    (self.weight, self.bias) = (tape.value(weight), tape.value(bias))
    (weightGradient, biasGradient) = (tape.gradient(weight), tape.gradient(bias))
  }

  fileprivate func run(relu: Bool) -> Tensor {
    let (rows, inputs, outputs) = (shape[0], x.shape[1], shape[1])
    // Of a constant on frozen parameters.
    let isConstant = x.gradient == nil && weightGradient == nil
    let y = isConstant ? x.tape.constant(shape) : x.result(shape)
    if let task {
      ck_task_linear_forward(y.values, x.values, weight, bias, task, relu ? 1 : 0, rows, inputs, outputs)
    } else {
      let forward = relu ? ck_dense_relu_forward : ck_linear_forward
      forward(y.values, x.values, weight, bias, rows, inputs, outputs)
    }
    if !isConstant { x.record(AffineOperation(layer: self, y: y, relu: relu)) }
    return y
  }
}

extension Tensor {
  /// Runs a dense layer.
  public init(_ layer: Affine) { self = layer.run(relu: false) }
}

/// max(x w + b, 0), in one pass over memory.
public func relu(_ layer: Affine) -> Tensor { layer.run(relu: true) }

/// y[r] = w[task[r]] . x[r] + b[task[r]]: one output per row, from the head of the row's task.
///
/// x `[rows, inputs]`, weight `[tasks, inputs]`, bias `[tasks]`, task `[rows]`, y `[rows]`. `task` lives as long as the step.
public func taskHead(_ x: Tensor, weight: Parameter, bias: Parameter, task: UnsafePointer<Int32>) -> Tensor {
  precondition(weight.shape[1] == x.shape[1], "task head: input \(x.shape) does not fit weight \(weight.shape)")
  let tape = x.tape
  let y = tape.result(Shape(x.shape[0]))
  ck_task_head_forward(y.values, x.values, tape.value(weight), tape.value(bias), task, x.shape[0], x.shape[1])
  tape.record(
    TaskHeadOperation(
      x: x, y: y, weight: tape.value(weight), weightGradient: tape.gradient(weight),
      biasGradient: tape.gradient(bias), task: task))
  return y
}

private struct AffineOperation: Operation {
  let layer: Affine
  let y: Tensor
  let relu: Bool

  func backward(_: Tape) {
    let (x, weight) = (layer.x, layer.weight)
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], y.shape[1])
    if let task = layer.task {
      ck_task_linear_backward(
        x.gradients, layer.weightGradient, layer.biasGradient, y.gradients, y.values, x.values, weight, task,
        relu ? 1 : 0, rows, inputs, outputs)
    } else if relu {
      ck_dense_relu_backward(
        x.gradients, layer.weightGradient, layer.biasGradient, y.gradients, y.values, x.values, weight, rows, inputs,
        outputs)
    } else {
      ck_linear_backward(
        x.gradients, layer.weightGradient, layer.biasGradient, y.gradients, x.values, weight, rows, inputs, outputs)
    }
  }
}

private struct TaskHeadOperation: Operation {
  let x, y: Tensor
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?
  let task: UnsafePointer<Int32>

  func backward(_: Tape) {
    ck_task_head_backward(
      x.gradients, weightGradient, biasGradient, y.gradients, x.values, weight, task, x.shape[0], x.shape[1])
  }
}
