import CKernels

/// sum(x), one number, accumulated in Float64. Of a product w * x with constants w it is a weighted sum, dx = dy w.
public func sum(_ x: Tensor) -> Tensor {
  if let product = x.product?.pointee { return weightedSum(product.x, product.constant) }
  let y = x.result(Shape(1))
  y.values[0] = Float(ck_sum(x.values, x.count))
  x.record(UniformSumOperation(x: x, y: y, weight: 1))
  return y
}

/// mean(x), one number, accumulated in Float64: dx = dy / N.
///
/// Of a product w * x with constants w it is sum((w / N) * x): weights are divided before anything is multiplied by them, so
/// dx = dy (w / N) has one rounding where dy = 1, and not those of (dy / N) w.
public func mean(_ x: Tensor) -> Tensor {
  let count = Float(x.count)
  if let product = x.product?.pointee {
    let weights = x.tape.memory(x.count, of: Float.self)
    for i in 0..<x.count { weights[i] = product.constant[i] / count }
    return weightedSum(product.x, weights)
  }
  let y = x.result(Shape(1))
  y.values[0] = Float(ck_sum(x.values, x.count) / Double(count))
  x.record(UniformSumOperation(x: x, y: y, weight: 1 / count))
  return y
}

/// The factors of a product, one of which carries no gradient.
struct ConstantProduct: BitwiseCopyable {
  let constant: UnsafePointer<Float>
  let x: Tensor
}

extension Tensor {
  /// This product, with the factors that it was made of.
  func withFactors(constant: Tensor, _ x: Tensor) -> Tensor {
    let product = tape.memory(1, of: ConstantProduct.self)
    product.initialize(to: ConstantProduct(constant: constant.values, x: x))
    return Tensor(values, shape, on: owner, gradient: gradient, product: product)
  }
}

/// sum(weights * x).
private func weightedSum(_ x: Tensor, _ weights: UnsafePointer<Float>) -> Tensor {
  let y = x.result(Shape(1))
  y.values[0] = Float(ck_dot(x.values, weights, x.count))
  x.record(WeightedSumOperation(x: x, y: y, weights: weights))
  return y
}

private struct UniformSumOperation: Operation {
  let x, y: Tensor
  let weight: Float

  func backward(_: Tape) {
    guard let dx = x.gradients, let dy = y.gradients else { return }
    let slope = dy[0] * weight
    for i in 0..<x.count { dx[i] += slope }
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
