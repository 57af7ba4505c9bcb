/// Float32 numbers of one step and, where the loss depends on them, their gradient.
///
/// A tensor knows its tape, so operations are functions of tensors: `relu(fc(x))`, `mean(weights * square(q - y))`. Its
/// numbers live in the tape's arena and must not outlive the tape's next `begin`, nor the tape, which it doesn't keep alive.
public struct Tensor: BitwiseCopyable {
  public let shape: Shape
  public let values: UnsafeMutablePointer<Float>
  /// Its tape, which is not counted as referenced.
  let owner: Unmanaged<Tape>
  /// nil where no gradient flows; forward passes ask for that here, as asking `gradients` lends memory.
  let gradient: Gradient?
  /// Its factors, where it is a product with constants.
  let product: UnsafePointer<ConstantProduct>?

  /// Gradient of the loss, added to by backward passes; nil where none flows.
  ///
  /// An operation's result has memory for it from the first time that it is asked for, zeros then, until the operation's
  /// own backward pass has run; asked for later, it traps. Tensors of `Tape.tensor(_:)` keep theirs until the next `begin`.
  public var gradients: UnsafeMutablePointer<Float>? { gradient?.lent() }

  init(
    _ values: UnsafeMutablePointer<Float>, _ shape: Shape, on owner: Unmanaged<Tape>, gradient: Gradient? = nil,
    product: UnsafePointer<ConstantProduct>? = nil
  ) {
    (self.shape, self.values, self.owner) = (shape, values, owner)
    (self.gradient, self.product) = (gradient, product)
  }

  /// Where operations on it are recorded.
  public var tape: Tape { owner.takeUnretainedValue() }

  public var count: Int { shape.count }

  /// The same numbers in another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) can't be read as \(shape)")
    return Tensor(values, shape, on: owner, gradient: gradient)
  }

  /// The first `count` elements of a vector.
  public func prefix(_ count: Int) -> Tensor {
    precondition(shape.rank == 1 && count <= self.count, "the first \(count) of \(shape)")
    return Tensor(values, Shape(count), on: owner, gradient: gradient)
  }

  /// Rows `range` of the outermost axis of a matrix.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.rank == 2 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let start = range.lowerBound * shape[1]
    return Tensor(values + start, Shape(range.count, shape[1]), on: owner, gradient: gradient?.from(start))
  }
}

/// What most operations need of a tape, without counting references: a forward pass of few rows takes microseconds.
extension Tensor {
  /// `Tape.result` on this tensor's tape.
  func result(_ shape: Shape) -> Tensor { owner._withUnsafeGuaranteedRef { $0.result(shape) } }

  /// `Tape.record` on this tensor's tape.
  func record<Recorded: Operation>(_ operation: @autoclosure () -> Recorded) {
    owner._withUnsafeGuaranteedRef { $0.record(operation()) }
  }

  func isOnTape(of other: Tensor) -> Bool { owner.toOpaque() == other.owner.toOpaque() }
}
