import Polymath

/// A hidden layer that a policy and a baseline share: pi(a|x) and b(x).
struct Network: Sendable {
  let layout: ParameterLayout
  let policy: PolicyHead
  private let hidden, baseline: Linear
  private let inputs: Int

  init(_ observation: ObservationSpace, _ action: ActionSpace, width: Int) {
    var layout = ParameterLayout()
    inputs = observation.leaves[0].elementCount
    hidden = Linear(&layout, "hidden", inputs: inputs, outputs: width)
    policy = PolicyHead(&layout, "policy", inputs: width, space: action)
    baseline = Linear(&layout, "baseline", inputs: width, outputs: 1, initializer: .zeros)
    self.layout = layout
  }

  /// Features `[rows, width]` and b `[rows]` of observations `[rows, inputs]`.
  func callAsFunction(_ observation: UnsafeRawPointer, rows: Int, _ tape: Tape) -> (features: Tensor, b: Tensor) {
    let x = tape.constant(reading: observation.assumingMemoryBound(to: Float.self), Shape(rows, inputs))
    let features = relu(hidden(x))
    return (features, baseline(features).reshaped(Shape(rows)))
  }
}
