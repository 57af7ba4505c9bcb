import CKernels

/// exp(x) / sum(exp(x)) over the last axis.
public func softmax(_ x: Tensor) -> Tensor {
  let y = x.result(x.shape)
  ck_softmax_forward(y.values, x.values, nil, x.count / x.shape.last, x.shape.last)
  x.record(SoftmaxOperation(x: x, y: y))
  return y
}

/// Log-probabilities of a categorical distribution over allowed actions: logits and result `[rows, actions]`.
///
/// A masked action has log-probability -infinity and no gradient. `mask` is like the logits; nil allows all.
public func logSoftmax(_ logits: Tensor, mask: UnsafePointer<UInt8>?) -> Tensor {
  let y = logits.result(logits.shape)
  ck_log_softmax_forward(y.values, logits.values, mask, logits.shape[0], logits.shape[1])
  logits.record(LogSoftmaxOperation(x: logits, y: y))
  return y
}

/// log p(action) of each row: `[rows]`, of log-probabilities `[rows, actions]`. `action` lives as long as the step.
public func select(_ logProbabilities: Tensor, action: UnsafePointer<Int32>) -> Tensor {
  let y = logProbabilities.result(Shape(logProbabilities.shape[0]))
  ck_select_forward(y.values, logProbabilities.values, action, y.count, logProbabilities.shape[1])
  logProbabilities.record(SelectOperation(x: logProbabilities, y: y, action: action))
  return y
}

/// Entropy -sum(p log p) of each row: `[rows]`, of log-probabilities `[rows, actions]`.
public func entropy(_ logProbabilities: Tensor) -> Tensor {
  let y = logProbabilities.result(Shape(logProbabilities.shape[0]))
  ck_entropy_forward(y.values, logProbabilities.values, y.count, logProbabilities.shape[1])
  logProbabilities.record(EntropyOperation(x: logProbabilities, y: y))
  return y
}

private struct SoftmaxOperation: Operation {
  let x, y: Tensor

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_softmax_backward(dx, y.gradients, y.values, x.count / x.shape.last, x.shape.last)
  }
}

private struct LogSoftmaxOperation: Operation {
  let x, y: Tensor

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_log_softmax_backward(dx, y.gradients, y.values, x.shape[0], x.shape[1])
  }
}

private struct SelectOperation: Operation {
  let x, y: Tensor
  let action: UnsafePointer<Int32>

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_select_backward(dx, y.gradients, action, x.shape[0], x.shape[1])
  }
}

private struct EntropyOperation: Operation {
  let x, y: Tensor

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_entropy_backward(dx, y.gradients, x.values, x.shape[0], x.shape[1])
  }
}
