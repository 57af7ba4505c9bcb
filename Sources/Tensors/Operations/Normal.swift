import CKernels

/// log p(tanh(u)) of squashed normal distributions, `[rows]`: one number per row.
///
/// - Parameters:
///   - x: `[rows, 2 D]`: D means, then D logarithms of deviations (see `ck_normal.h`).
///   - u: `[rows, D]`, and `mask` like it; both live as long as the step.
public func squashedNormalLogProbability(
  _ x: Tensor, of u: UnsafePointer<Float>, mask: UnsafePointer<UInt8>?, bounds: ck_normal_bounds
) -> Tensor {
  let y = x.result(Shape(x.shape[0]))
  ck_squashed_normal_log_p_forward(y.values, x.values, u, mask, y.count, x.shape[1] / 2, bounds)
  x.record(SquashedNormalLogProbabilityOperation(x: x, y: y, u: u, mask: mask, bounds: bounds))
  return y
}

/// Actions of squashed normal distributions that gradients pass through, `[rows, D]`, and their log p, `[rows]`: both are
/// functions of x for constant noise (Haarnoja et al. 2018, equation 20).
///
/// - Parameters:
///   - x: `[rows, 2 D]`: D means, then D logarithms of deviations (see `ck_normal.h`).
///   - noise: standard normal numbers, `[rows, D]`, and `mask` like it; both live as long as the step.
///   - correction: added to 1 - a^2 in log p: 1e-6 in the authors' code, 0 for the exact density.
public func squashedNormalSample(
  _ x: Tensor, noise: UnsafePointer<Float>, mask: UnsafePointer<UInt8>?, bounds: ck_normal_bounds, correction: Float
) -> (action: Tensor, logProbability: Tensor) {
  let (rows, dimensions) = (x.shape[0], x.shape[1] / 2)
  let (action, logProbability) = (x.result(Shape(rows, dimensions)), x.result(Shape(rows)))
  ck_squashed_normal_action_forward(
    action.values, logProbability.values, x.values, noise, mask, rows, dimensions, bounds, correction)
  x.record(
    SquashedNormalSampleOperation(
      x: x, action: action, logProbability: logProbability, noise: noise, mask: mask, bounds: bounds,
      correction: correction))
  return (action, logProbability)
}

/// Entropy of squashed normal distributions, `[rows]`: one number per row.
public func squashedNormalEntropy(_ x: Tensor, mask: UnsafePointer<UInt8>?, bounds: ck_normal_bounds) -> Tensor {
  let y = x.result(Shape(x.shape[0]))
  ck_squashed_normal_entropy_forward(y.values, x.values, mask, y.count, x.shape[1] / 2, bounds)
  x.record(SquashedNormalEntropyOperation(x: x, y: y, mask: mask, bounds: bounds))
  return y
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

private struct SquashedNormalSampleOperation: Operation {
  let x, action, logProbability: Tensor
  let noise: UnsafePointer<Float>
  let mask: UnsafePointer<UInt8>?
  let bounds: ck_normal_bounds
  let correction: Float

  func backward(_: Tape) {
    guard let dx = x.gradients else { return }
    ck_squashed_normal_action_backward(
      dx, action.gradients, logProbability.gradients, x.values, noise, mask, action.shape[0], action.shape[1], bounds,
      correction)
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
