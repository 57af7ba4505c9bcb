import Tensors

// The notation with a tape as an argument, for callers that have not moved on. To be deleted with the last of them.

extension TaskNetwork {
  public func callAsFunction(_ x: Tensor, _ rows: TaskRows, _ tape: Tape) -> Tensor { self(x.on(tape), rows) }
}

extension SoftModularization {
  public func routed(_ x: Tensor, _ rows: TaskRows, _ tape: Tape) -> Routed { routed(x.on(tape), rows) }
}
