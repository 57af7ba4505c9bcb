import CKernels

extension Tape {
  /// y = x w + b, or max(x w + b, 0) with `relu`: x `[rows, inputs]`, weight `[inputs, outputs]`, bias `[outputs]`,
  /// y `[rows, outputs]`.
  public func linear(_ x: Tensor, weight: Parameter, bias: Parameter, relu: Bool = false) -> Tensor {
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[1])
    precondition(weight.shape == Shape(inputs, outputs), "linear: input \(x.shape) does not fit weight \(weight.shape)")
    // Of a constant on frozen parameters.
    let isConstant = x.gradient == nil && gradient(weight) == nil
    let y = isConstant ? constant(Shape(rows, outputs)) : result(Shape(rows, outputs))
    let forward = relu ? ck_dense_relu_forward : ck_linear_forward
    forward(y.values, x.values, value(weight), value(bias), rows, inputs, outputs)
    if isConstant { return y }
    record(
      LinearOperation(
        x: x, y: y, weight: value(weight), weightGradient: gradient(weight), biasGradient: gradient(bias), relu: relu))
    return y
  }

  /// y[r] = x[r] w[task[r]] + b[task[r]], or max(that, 0) with `relu`: a layer of its own for every task.
  ///
  /// x `[rows, inputs]`, weight `[tasks, inputs, outputs]`, bias `[tasks, outputs]`, task `[rows]`, y `[rows, outputs]`.
  /// `task` lives as long as the step; rows of a task that stand together are one product.
  public func taskLinear(
    _ x: Tensor, weight: Parameter, bias: Parameter, task: UnsafePointer<Int32>, relu: Bool = false
  ) -> Tensor {
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[2])
    precondition(
      weight.shape[1] == inputs && bias.shape == Shape(weight.shape[0], outputs),
      "task layer: input \(x.shape) and bias \(bias.shape) do not fit weight \(weight.shape)")
    let y = result(Shape(rows, outputs))
    ck_task_linear_forward(
      y.values, x.values, value(weight), value(bias), task, relu ? 1 : 0, rows, inputs, outputs)
    record(
      TaskLinearOperation(
        x: x, y: y, weight: value(weight), weightGradient: gradient(weight), biasGradient: gradient(bias), task: task,
        relu: relu))
    return y
  }

  /// y[r] = w[task[r]] . x[r] + b[task[r]]: one output a row, from the head of the row's task.
  ///
  /// x `[rows, inputs]`, weight `[tasks, inputs]`, bias `[tasks]`, task `[rows]`, y `[rows]`. `task` lives as long as the step.
  public func taskHead(
    _ x: Tensor, weight: Parameter, bias: Parameter, task: UnsafePointer<Int32>
  ) -> Tensor {
    precondition(weight.shape[1] == x.shape[1], "task head: input \(x.shape) does not fit weight \(weight.shape)")
    let y = result(Shape(x.shape[0]))
    ck_task_head_forward(y.values, x.values, value(weight), value(bias), task, x.shape[0], x.shape[1])
    record(
      TaskHeadOperation(
        x: x, y: y, weight: value(weight), weightGradient: gradient(weight), biasGradient: gradient(bias), task: task))
    return y
  }

  /// Rows side by side: `[rows, a]` and `[rows, b]` make `[rows, a + b]`.
  public func concatenate(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape[0] == b.shape[0], "concatenate: \(a.shape) and \(b.shape) differ in rows")
    let (rows, left, right) = (a.shape[0], a.shape[1], b.shape[1])
    let isConstant = a.gradient == nil && b.gradient == nil
    let y = isConstant ? constant(Shape(rows, left + right)) : result(Shape(rows, left + right))
    for row in 0..<rows {
      let start = y.values + row * (left + right)
      start.update(from: a.values + row * left, count: left)
      (start + left).update(from: b.values + row * right, count: right)
    }
    if !isConstant { record(ConcatenateOperation(a: a, b: b, y: y)) }
    return y
  }
}

private struct LinearOperation: Operation {
  let x, y: Tensor
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?
  let relu: Bool

  func backward(_: Tape) {
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], y.shape[1])
    if relu {
      ck_dense_relu_backward(
        x.gradients, weightGradient, biasGradient, y.gradients, y.values, x.values, weight, rows, inputs, outputs)
    } else {
      ck_linear_backward(
        x.gradients, weightGradient, biasGradient, y.gradients, x.values, weight, rows, inputs, outputs)
    }
  }
}

private struct TaskLinearOperation: Operation {
  let x, y: Tensor
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?
  let task: UnsafePointer<Int32>
  let relu: Bool

  func backward(_: Tape) {
    ck_task_linear_backward(
      x.gradients, weightGradient, biasGradient, y.gradients, y.values, x.values, weight, task, relu ? 1 : 0,
      x.shape[0], x.shape[1], y.shape[1])
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

private struct ConcatenateOperation: Operation {
  let a, b, y: Tensor

  func backward(_: Tape) {
    let (left, right) = (a.shape[1], b.shape[1])
    guard let gradients = y.gradients else { return }
    let (da, db) = (a.gradients, b.gradients)
    for row in 0..<y.shape[0] {
      let start = gradients + row * (left + right)
      if let target = da { ck_accumulate(target + row * left, start, left) }
      if let target = db { ck_accumulate(target + row * right, start + left, right) }
    }
  }
}
