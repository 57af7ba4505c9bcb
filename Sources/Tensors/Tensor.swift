/// Float32 numbers of one step and, where the loss depends on them, their gradient. Both live in the tape's arena
/// and must not outlive its next `begin`.
public struct Tensor: BitwiseCopyable {
  public let shape: Shape
  public let values: UnsafeMutablePointer<Float>
  /// nil where no gradient flows; forward passes ask for that here, as asking `gradients` lends memory.
  let gradient: Gradient?

  /// Gradient of the loss, added to by backward passes; nil where none flows.
  ///
  /// An operation's result has memory for it from the first time that it is asked for, zeros then, until the operation's
  /// own backward pass has run; asked for later, it traps. Tensors of `Tape.tensor(_:)` keep theirs until the next `begin`.
  public var gradients: UnsafeMutablePointer<Float>? { gradient?.lent() }

  /// Numbers that carry no gradient, and live as long as the step.
  public init(_ values: UnsafeMutablePointer<Float>, _ shape: Shape) {
    self.init(shape: shape, values: values, gradient: nil)
  }

  init(shape: Shape, values: UnsafeMutablePointer<Float>, gradient: Gradient?) {
    (self.shape, self.values, self.gradient) = (shape, values, gradient)
  }

  public var count: Int { shape.count }

  /// The same numbers in another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) can't be read as \(shape)")
    return Tensor(shape: shape, values: values, gradient: gradient)
  }

  /// The first `count` elements of a vector.
  public func prefix(_ count: Int) -> Tensor {
    precondition(shape.rank == 1 && count <= self.count, "the first \(count) of \(shape)")
    return Tensor(shape: Shape(count), values: values, gradient: gradient)
  }

  /// Rows `range` of the outermost axis of a matrix.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.rank == 2 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let start = range.lowerBound * shape[1]
    return Tensor(
      shape: Shape(range.count, shape[1]), values: values + start, gradient: gradient?.from(start))
  }
}
