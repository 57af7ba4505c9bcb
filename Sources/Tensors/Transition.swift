import CKernels

// The notation with a tape as an argument, for callers that have not moved on. To be deleted with the last of them.

extension Tensor {
  /// Numbers on no tape yet: `on` puts them there.
  public init(_ values: UnsafeMutablePointer<Float>, _ shape: Shape) { self.init(values, shape, on: noTape) }

  /// The same tensor on a tape.
  public func on(_ tape: Tape) -> Tensor { Tensor(values, shape, on: tape, gradient: gradient, product: product) }
}

private nonisolated(unsafe) let noTape = Tape()

extension Tape {
  public func add(_ a: Tensor, _ b: Tensor) -> Tensor { a.on(self) + b.on(self) }
  public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { Tensors.minimum(a.on(self), b.on(self)) }
  public func concatenate(_ a: Tensor, _ b: Tensor) -> Tensor { Tensors.concatenate(a.on(self), b.on(self)) }

  public func sum(_ x: Tensor, weights: UnsafePointer<Float>) -> Tensor {
    Tensors.sum(constant(reading: weights, x.shape) * x.on(self))
  }

  public func squashedNormalSample(
    _ x: Tensor, noise: UnsafePointer<Float>, mask: UnsafePointer<UInt8>?, bounds: ck_normal_bounds, correction: Float
  ) -> (action: Tensor, logProbability: Tensor) {
    Tensors.squashedNormalSample(x.on(self), noise: noise, mask: mask, bounds: bounds, correction: correction)
  }

  /// 1/2 sum(weights * (target - x)^2).
  public func halfSquaredError(
    _ x: Tensor, target: UnsafePointer<Float>, weights: UnsafePointer<Float>
  ) -> Tensor {
    0.5 * Tensors.sum(constant(reading: weights, x.shape) * square(x.on(self) - constant(reading: target, x.shape)))
  }
}
