import CKernels

extension Tape {
  /// log p(tanh(u)) of squashed normal distributions, a row each: `[rows]`.
  ///
  /// - Parameters:
  ///   - x: `[rows, 2 D]`: D means, then D logarithms of deviations (see `ck_normal.h`).
  ///   - u: `[rows, D]`, and `mask` like it; both live as long as the step.
  public func squashedNormalLogProbability(
    _ x: Tensor, of u: UnsafePointer<Float>, mask: UnsafePointer<UInt8>?, bounds: ck_normal_bounds
  ) -> Tensor {
    let y = result(Shape(x.shape[0]))
    ck_squashed_normal_log_p_forward(y.values, x.values, u, mask, y.count, x.shape[1] / 2, bounds)
    record(SquashedNormalLogProbabilityOperation(x: x, y: y, u: u, mask: mask, bounds: bounds))
    return y
  }

  /// Entropy of squashed normal distributions, a row each: `[rows]`.
  public func squashedNormalEntropy(
    _ x: Tensor, mask: UnsafePointer<UInt8>?, bounds: ck_normal_bounds
  ) -> Tensor {
    let y = result(Shape(x.shape[0]))
    ck_squashed_normal_entropy_forward(y.values, x.values, mask, y.count, x.shape[1] / 2, bounds)
    record(SquashedNormalEntropyOperation(x: x, y: y, mask: mask, bounds: bounds))
    return y
  }
}

private struct SquashedNormalLogProbabilityOperation: Operation {
  let x, y: Tensor
  let u: UnsafePointer<Float>
  let mask: UnsafePointer<UInt8>?
  let bounds: ck_normal_bounds

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_squashed_normal_log_p_backward(dx, y.gradients, x.values, u, mask, y.count, x.shape[1] / 2, bounds)
  }
}

private struct SquashedNormalEntropyOperation: Operation {
  let x, y: Tensor
  let mask: UnsafePointer<UInt8>?
  let bounds: ck_normal_bounds

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_squashed_normal_entropy_backward(dx, y.gradients, x.values, mask, y.count, x.shape[1] / 2, bounds)
  }
}
