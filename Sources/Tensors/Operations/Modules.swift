import CKernels

/// m[r, i] = sum_j p[r, i, j] y[r, j], of which max(m, 0) if `relu`: each target's mixture of all modules' outputs.
///
/// p `[rows, targets, sources]`, y `[rows, sources, width]`, m `[rows, targets, width]`.
public func mix(_ p: Tensor, _ y: Tensor, relu: Bool) -> Tensor {
  precondition(
    p.shape.rank == 3 && y.shape.rank == 3 && p.shape[0] == y.shape[0] && p.shape[2] == y.shape[1],
    "mix: weights \(p.shape) don't fit modules \(y.shape)")
  let (rows, targets, sources, width) = (p.shape[0], p.shape[1], p.shape[2], y.shape[2])
  let m = p.result(Shape(rows, targets, width))
  ck_mix_forward(m.values, p.values, y.values, rows, targets, sources, width, relu ? 1 : 0)
  p.record(MixOperation(p: p, y: y, m: m, relu: relu))
  return m
}

/// y[r, g] = x[r, g] w[g] + b[g]: a layer of each module.
///
/// x `[rows, groups, inputs]` or `[rows, groups * inputs]`, weight `[groups, inputs, outputs]`, bias `[groups, outputs]`,
/// y `[rows, groups, outputs]`.
public func groupedLinear(_ x: Tensor, weight: Parameter, bias: Parameter) -> Tensor {
  let (rows, groups, inputs, outputs) = (x.shape[0], weight.shape[0], weight.shape[1], weight.shape[2])
  precondition(
    x.shape == Shape(rows, groups, inputs) || x.shape == Shape(rows, groups * inputs),
    "grouped linear: input \(x.shape) does not fit weight \(weight.shape)")
  precondition(bias.shape == Shape(groups, outputs), "grouped linear: bias \(bias.shape) beside \(weight.shape)")
  let tape = x.tape
  let y = tape.result(Shape(rows, groups, outputs))
  ck_grouped_linear_forward(y.values, x.values, tape.value(weight), tape.value(bias), rows, groups, inputs, outputs)
  tape.record(
    GroupedLinearOperation(
      x: x, y: y, inputs: inputs, weight: tape.value(weight), weightGradient: tape.gradient(weight),
      biasGradient: tape.gradient(bias)))
  return y
}

/// y[r] = x[r] * table[task[r]], element by element, of which max(y, 0) if `relu`.
///
/// x `[rows, width]`, table `[tasks, width]`, task `[rows]`, which lives as long as the step; y like x.
public func multiply(_ x: Tensor, byTask table: Tensor, task: UnsafePointer<Int32>, relu: Bool) -> Tensor {
  precondition(x.shape[1] == table.shape[1], "multiply: rows of \(x.shape) by rows of \(table.shape)")
  let y = x.result(x.shape)
  ck_embedding_multiply_forward(
    y.values, x.values, table.values, task, relu ? 1 : 0, x.shape[0], x.shape[1])
  x.record(TaskMultiplyOperation(x: x, table: table, y: y, task: task, relu: relu))
  return y
}

private struct MixOperation: Operation {
  let p, y, m: Tensor
  let relu: Bool

  func backward(_: Tape) {
    ck_mix_backward(
      p.gradients, y.gradients, m.gradients, relu ? m.values : nil, p.values, y.values, p.shape[0], p.shape[1],
      p.shape[2], y.shape[2])
  }
}

private struct GroupedLinearOperation: Operation {
  let x, y: Tensor
  let inputs: Int
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?

  func backward(_: Tape) {
    ck_grouped_linear_backward(
      x.gradients, weightGradient, biasGradient, y.gradients, x.values, weight, y.shape[0], y.shape[1], inputs,
      y.shape[2])
  }
}

private struct TaskMultiplyOperation: Operation {
  let x, table, y: Tensor
  let task: UnsafePointer<Int32>
  let relu: Bool

  func backward(_: Tape) {
    ck_embedding_multiply_backward(
      x.gradients, table.gradients, y.gradients, relu ? y.values : nil, x.values, table.values, task, x.shape[0],
      x.shape[1])
  }
}
