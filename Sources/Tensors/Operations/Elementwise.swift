import CKernels

extension Tape {
  /// max(x, 0), in `target` or in new memory.
  public func relu(_ x: Tensor, into target: Tensor? = nil) -> Tensor {
    precondition(target.map { $0.shape == x.shape } ?? true, "relu of \(x.shape) needs a target like it")
    let y = target ?? result(x.shape)
    ck_relu_forward(y.values, x.values, x.count)
    record(ElementwiseOperation(x: x, y: y, backward: ck_relu_backward))
    return y
  }

  public func tanh(_ x: Tensor) -> Tensor {
    let y = result(x.shape)
    ck_tanh_forward(y.values, x.values, x.count)
    record(ElementwiseOperation(x: x, y: y, backward: ck_tanh_backward))
    return y
  }

  /// 1 / (1 + exp(-x)).
  public func sigmoid(_ x: Tensor) -> Tensor {
    let y = result(x.shape)
    ck_sigmoid_forward(y.values, x.values, x.count)
    record(ElementwiseOperation(x: x, y: y, backward: ck_sigmoid_backward))
    return y
  }

  /// a + b, equal shapes: residual connections, sums of losses.
  public func add(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "add: \(a.shape) and \(b.shape) differ")
    let y = result(a.shape)
    ck_add(y.values, a.values, b.values, y.count)
    record(AddOperation(a: a, b: b, y: y))
    return y
  }

  /// min(a, b), equal shapes; the gradient goes to the smaller number, to a where they are equal.
  public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "minimum: \(a.shape) and \(b.shape) differ")
    let y = result(a.shape)
    ck_minimum_forward(y.values, a.values, b.values, y.count)
    record(MinimumOperation(a: a, b: b, y: y))
    return y
  }

  /// factor * x.
  public func scale(_ x: Tensor, by factor: Float) -> Tensor {
    let y = result(x.shape)
    ck_scale(y.values, factor, x.values, x.count)
    record(ScaleOperation(x: x, y: y, factor: factor))
    return y
  }
}

private struct ElementwiseOperation: Operation {
  let x, y: Tensor
  let backward: @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Void

  func backward(_: Tape) {
    guard let gradients = x.gradients else { return }
    backward(gradients, y.gradients, y.values, y.count)
  }
}

private struct AddOperation: Operation {
  let a, b, y: Tensor

  func backward(_: Tape) {
    if let gradients = a.gradients { ck_accumulate(gradients, y.gradients, y.count) }
    if let gradients = b.gradients { ck_accumulate(gradients, y.gradients, y.count) }
  }
}

private struct MinimumOperation: Operation {
  let a, b, y: Tensor

  func backward(_: Tape) {
    ck_minimum_backward(a.gradients, b.gradients, y.gradients, a.values, b.values, y.count)
  }
}

private struct ScaleOperation: Operation {
  let x, y: Tensor
  let factor: Float

  func backward(_: Tape) {
    if let gradients = x.gradients { ck_axpy(gradients, factor, y.gradients, y.count) }
  }
}
