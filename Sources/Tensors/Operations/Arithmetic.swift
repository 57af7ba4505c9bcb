import CKernels

/// a + b, equal shapes.
public func + (a: Tensor, b: Tensor) -> Tensor {
  let y = elementwise("a sum", a, b)
  ck_add(y.values, a.values, b.values, y.count)
  if y.gradient != nil { y.record(SumOperation(a: a, b: b, y: y, sign: 1)) }
  return y
}

/// a - b, equal shapes.
public func - (a: Tensor, b: Tensor) -> Tensor {
  let y = elementwise("a difference", a, b)
  ck_scale(y.values, -1, b.values, y.count)
  ck_accumulate(y.values, a.values, y.count)
  if y.gradient != nil { y.record(SumOperation(a: a, b: b, y: y, sign: -1)) }
  return y
}

/// a * b, element by element, equal shapes.
public func * (a: Tensor, b: Tensor) -> Tensor {
  let y = multiply(a, b, relu: false)
  // A sum or a mean of it wants the factors.
  if y.gradient == nil { return y }
  if a.gradient == nil { return y.withFactors(constant: a, b) }
  if b.gradient == nil { return y.withFactors(constant: b, a) }
  return y
}

/// a * b, element by element, equal shapes, of which max(a * b, 0) if `relu`.
public func multiply(_ a: Tensor, _ b: Tensor, relu: Bool) -> Tensor {
  let y = elementwise("a product", a, b)
  ck_multiply_forward(y.values, a.values, b.values, relu ? 1 : 0, y.count)
  if y.gradient != nil { y.record(ProductOperation(a: a, b: b, y: y, relu: relu)) }
  return y
}

/// min(a, b), equal shapes; the gradient goes to the smaller number, to a where they are equal.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
  let y = elementwise("a minimum", a, b)
  ck_minimum_forward(y.values, a.values, b.values, y.count)
  if y.gradient != nil { y.record(MinimumOperation(a: a, b: b, y: y)) }
  return y
}

/// x^2, element by element.
public func square(_ x: Tensor) -> Tensor {
  let y = x.gradient == nil ? x.tape.constant(x.shape) : x.result(x.shape)
  ck_multiply_forward(y.values, x.values, x.values, 0, y.count)
  if y.gradient != nil { x.record(SquareOperation(x: x, y: y)) }
  return y
}

// MARK: With numbers

public func * (factor: Float, x: Tensor) -> Tensor { linear(x, factor: factor, offset: 0) }
public func * (x: Tensor, factor: Float) -> Tensor { factor * x }
public func + (x: Tensor, offset: Float) -> Tensor { linear(x, factor: 1, offset: offset) }
public func + (offset: Float, x: Tensor) -> Tensor { x + offset }
public func - (x: Tensor, offset: Float) -> Tensor { x + -offset }
public func - (offset: Float, x: Tensor) -> Tensor { linear(x, factor: -1, offset: offset) }
public prefix func - (x: Tensor) -> Tensor { -1 * x }

/// factor * x + offset.
private func linear(_ x: Tensor, factor: Float, offset: Float) -> Tensor {
  let y = x.gradient == nil ? x.tape.constant(x.shape) : x.result(x.shape)
  ck_scale(y.values, factor, x.values, x.count)
  if offset != 0 {
    for i in 0..<y.count { y.values[i] += offset }
  }
  if y.gradient != nil { x.record(ScaleOperation(x: x, y: y, factor: factor)) }
  return y
}

/// Where the result of an operation on two tensors of one shape goes; a constant where both are.
private func elementwise(_ name: String, _ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape == b.shape, "\(name) of shapes \(a.shape) and \(b.shape)")
  precondition(a.isOnTape(of: b), "\(name) of tensors from two tapes")
  return a.gradient == nil && b.gradient == nil ? a.tape.constant(a.shape) : a.result(a.shape)
}

private struct SumOperation: Operation {
  let a, b, y: Tensor
  let sign: Float

  func backward(_: Tape) {
    if let da = a.gradients { ck_accumulate(da, y.gradients, y.count) }
    if let db = b.gradients { ck_axpy(db, sign, y.gradients, y.count) }
  }
}

private struct ProductOperation: Operation {
  let a, b, y: Tensor
  let relu: Bool

  func backward(_: Tape) {
    // A sum or a mean takes the factors, and asks for no gradient of the product.
    guard let gradient = y.gradient, gradient.isLent else { return }
    ck_multiply_backward(a.gradients, b.gradients, gradient.lent(), relu ? y.values : nil, a.values, b.values, y.count)
  }
}

private struct MinimumOperation: Operation {
  let a, b, y: Tensor

  func backward(_: Tape) {
    ck_minimum_backward(a.gradients, b.gradients, y.gradients, a.values, b.values, y.count)
  }
}

private struct SquareOperation: Operation {
  let x, y: Tensor

  func backward(_: Tape) {
    guard let dx = x.gradients, let dy = y.gradients else { return }
    for i in 0..<y.count { dx[i] += 2 * dy[i] * x.values[i] }
  }
}

private struct ScaleOperation: Operation {
  let x, y: Tensor
  let factor: Float

  func backward(_: Tape) {
    if let dx = x.gradients { ck_axpy(dx, factor, y.gradients, y.count) }
  }
}
