import CKernels

/// Rows side by side: `[rows, a]` and `[rows, b]` make `[rows, a + b]`.
public func concatenate(_ a: Tensor, _ b: Tensor) -> Tensor {
  precondition(a.shape[0] == b.shape[0], "concatenate: \(a.shape) and \(b.shape) differ in rows")
  precondition(a.isOnTape(of: b), "concatenate: tensors from two tapes")
  let (rows, left, right) = (a.shape[0], a.shape[1], b.shape[1])
  let isConstant = a.gradient == nil && b.gradient == nil
  let shape = Shape(rows, left + right)
  let y = isConstant ? a.tape.constant(shape) : a.result(shape)
  for row in 0..<rows {
    let start = y.values + row * (left + right)
    start.update(from: a.values + row * left, count: left)
    (start + left).update(from: b.values + row * right, count: right)
  }
  if !isConstant { a.record(ConcatenateOperation(a: a, b: b, y: y)) }
  return y
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
