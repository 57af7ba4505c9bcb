import Tensors

/// LSTM with gates in the order i, g, f, o and a forget bias of +1 (see `ck_recurrent.h`).
public struct LSTM: Sendable {
  public let inputWeight, hiddenWeight, bias: Parameter
  /// Number of units H.
  public var size: Int { hiddenWeight.shape[0] }

  public init(_ layout: inout ParameterLayout, _ name: String, inputs: Int, size: Int) {
    inputWeight = layout.add("\(name).input_weight", Shape(inputs, 4 * size), .truncatedNormal(gain: 1))
    hiddenWeight = layout.add("\(name).hidden_weight", Shape(size, 4 * size), .truncatedNormal(gain: 1))
    bias = layout.add("\(name).bias", Shape(4 * size), .zeros)
    // Four gates, h and c.
    layout.makes(6 * size)
  }

  /// x `[T * B, inputs]` time-major from the state `[B, H]` before step 0; `reset` `[T, B]` clears the state before
  /// its step.
  public func callAsFunction(
    _ x: Tensor, steps: Int, hidden: UnsafePointer<Float>, cell: UnsafePointer<Float>, reset: UnsafePointer<UInt8>
  ) -> LSTMOutput {
    lstm(
      x, steps: steps, hidden: hidden, cell: cell, reset: reset, inputWeight: inputWeight, hiddenWeight: hiddenWeight,
      bias: bias)
  }
}
