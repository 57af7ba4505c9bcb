import CKernels

/// max(x, 0), in `target` or in new memory.
@_disfavoredOverload  // `relu(fc(x))` is the other one, of a dense layer that has not run yet.
public func relu(_ x: Tensor, into target: Tensor? = nil) -> Tensor {
  precondition(target.map { $0.shape == x.shape } ?? true, "relu of \(x.shape) needs a target like it")
  precondition(target == nil || target!.gradient != nil || x.gradient == nil, "relu into a constant has no gradient")
  let y = target ?? x.result(x.shape)
  ck_relu_forward(y.values, x.values, x.count)
  x.record(ActivationOperation(x: x, y: y, backward: ck_relu_backward))
  return y
}

/// The hyperbolic tangent of each number.
public func tanh(_ x: Tensor) -> Tensor {
  let y = x.result(x.shape)
  ck_tanh_forward(y.values, x.values, x.count)
  x.record(ActivationOperation(x: x, y: y, backward: ck_tanh_backward))
  return y
}

/// 1 / (1 + exp(-x)).
public func sigmoid(_ x: Tensor) -> Tensor {
  let y = x.result(x.shape)
  ck_sigmoid_forward(y.values, x.values, x.count)
  x.record(ActivationOperation(x: x, y: y, backward: ck_sigmoid_backward))
  return y
}

private struct ActivationOperation: Operation {
  let x, y: Tensor
  let backward: @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Void

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    backward(dx, y.gradients, y.values, y.count)
  }
}
