import CKernels

extension Tape {
  /// sum(weights * x), one number; `weights` are constants of x's count that live as long as the step.
  public func sum(_ x: Tensor, weights: UnsafePointer<Float>) -> Tensor {
    let y = result(Shape(1))
    y.values[0] = Float(ck_dot(x.values, weights, x.count))
    record(WeightedSumOperation(x: x, y: y, weights: weights))
    return y
  }

  /// 1/2 sum(weights * (target - x)^2), one number; target and weights are constants of x's count that live as long as
  /// the step.
  public func halfSquaredError(
    _ x: Tensor, target: UnsafePointer<Float>, weights: UnsafePointer<Float>
  ) -> Tensor {
    let y = result(Shape(1))
    var total = 0.0
    for i in 0..<x.count {
      let error = Double(target[i] - x.values[i])
      total += 0.5 * Double(weights[i]) * error * error
    }
    y.values[0] = Float(total)
    record(HalfSquaredErrorOperation(x: x, y: y, target: target, weights: weights))
    return y
  }

  /// Log-probabilities of a categorical distribution over allowed actions: logits and result `[rows, actions]`.
  /// A masked action has log-probability -infinity and no gradient.
  public func logSoftmax(_ logits: Tensor, mask: UnsafePointer<UInt8>?) -> Tensor {
    let y = result(logits.shape)
    ck_log_softmax_forward(y.values, logits.values, mask, logits.shape[0], logits.shape[1])
    record(LogSoftmaxOperation(x: logits, y: y))
    return y
  }

  /// log p(action) a row: `[rows]`. `action` lives as long as the step.
  public func select(_ logProbabilities: Tensor, action: UnsafePointer<Int32>) -> Tensor {
    let y = result(Shape(logProbabilities.shape[0]))
    ck_select_forward(y.values, logProbabilities.values, action, y.count, logProbabilities.shape[1])
    record(SelectOperation(x: logProbabilities, y: y, action: action))
    return y
  }

  /// Entropy -sum(p log p) a row: `[rows]`.
  public func entropy(_ logProbabilities: Tensor) -> Tensor {
    let y = result(Shape(logProbabilities.shape[0]))
    ck_entropy_forward(y.values, logProbabilities.values, y.count, logProbabilities.shape[1])
    record(EntropyOperation(x: logProbabilities, y: y))
    return y
  }
}

private struct WeightedSumOperation: Operation {
  let x, y: Tensor
  let weights: UnsafePointer<Float>

  func backward(_: Tape) {
    guard let dx = x.gradients, let dy = y.gradients else { return }
    ck_axpy(dx, dy[0], weights, x.count)
  }
}

private struct HalfSquaredErrorOperation: Operation {
  let x, y: Tensor
  let target, weights: UnsafePointer<Float>

  func backward(_: Tape) {
    guard let dx = x.gradients, let dy = y.gradients else { return }
    for i in 0..<x.count { dx[i] += dy[0] * weights[i] * (x.values[i] - target[i]) }
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
