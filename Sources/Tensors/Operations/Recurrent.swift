import CKernels

/// What an LSTM unroll gives.
public struct LSTMOutput {
  /// h_t after each step, `[T, B, H]` as `[T * B, H]`.
  public let outputs: Tensor
  /// h before each step and after the last, `[T + 1, B, H]`.
  public let hidden: UnsafeMutablePointer<Float>
  /// c before each step and after the last, `[T + 1, B, H]`.
  public let cell: UnsafeMutablePointer<Float>
}

/// LSTM over `steps` steps with resets inside the unroll (see `ck_recurrent.h` for the cell).
///
/// x `[T * B, inputs]` time-major; `hidden`, `cell` `[B, H]` are the state before step 0, constants;
/// `reset` `[T, B]` clears the state before its step.
public func lstm(
  _ x: Tensor, steps: Int, hidden: UnsafePointer<Float>, cell: UnsafePointer<Float>, reset: UnsafePointer<UInt8>,
  inputWeight: Parameter, hiddenWeight: Parameter, bias: Parameter
) -> LSTMOutput {
  let (batch, inputs, size) = (x.shape[0] / steps, x.shape[1], hiddenWeight.shape[0])
  precondition(batch * steps == x.shape[0], "lstm: \(x.shape[0]) rows are not \(steps) steps")
  precondition(inputWeight.shape == Shape(inputs, 4 * size), "lstm: input \(x.shape) against \(inputWeight.shape)")
  let tape = x.tape
  let h = tape.memory((steps + 1) * batch * size, of: Float.self)
  let c = tape.memory((steps + 1) * batch * size, of: Float.self)
  let gates = tape.memory(steps * batch * 4 * size, of: Float.self)
  h.update(from: hidden, count: batch * size)
  c.update(from: cell, count: batch * size)
  ck_lstm_unroll_forward(
    h, c, gates, x.values, reset, tape.value(inputWeight), tape.value(hiddenWeight), tape.value(bias),
    tape.scratch(2 * batch * size), steps, batch, inputs, size)
  let y = tape.result(Shape(steps * batch, size), values: h + batch * size)
  tape.record(
    LSTMOperation(
      x: x, y: y, h: h, c: c, gates: gates, reset: reset, inputWeight: tape.value(inputWeight),
      hiddenWeight: tape.value(hiddenWeight), inputGradient: tape.gradient(inputWeight),
      hiddenGradient: tape.gradient(hiddenWeight), biasGradient: tape.gradient(bias), steps: steps, size: size))
  return LSTMOutput(outputs: y, hidden: h, cell: c)
}

private struct LSTMOperation: Operation {
  let x, y: Tensor
  let h, c, gates: UnsafeMutablePointer<Float>
  let reset: UnsafePointer<UInt8>
  let inputWeight, hiddenWeight: UnsafeMutablePointer<Float>
  let inputGradient, hiddenGradient, biasGradient: UnsafeMutablePointer<Float>?
  let steps, size: Int

  func backward(_ tape: Tape) {
    let batch = x.shape[0] / steps
    ck_lstm_unroll_backward(
      x.gradients, inputGradient, hiddenGradient, biasGradient, y.gradients, h, c, gates, x.values, reset,
      inputWeight, hiddenWeight, tape.scratch(ck_lstm_workspace(steps, batch, size)), steps, batch, x.shape[1], size)
  }
}
