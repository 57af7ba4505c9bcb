import CKernels

/// Float32 numbers of one step and, where the loss depends on them, their gradients. Both live in the tape's arena
/// and must not outlive its next `begin`.
public struct Tensor: BitwiseCopyable {
  public let shape: Shape
  public let values: UnsafeMutablePointer<Float>
  /// Gradient of the loss, added to by backward passes; nil where none flows.
  public let gradients: UnsafeMutablePointer<Float>?

  /// Numbers that carry no gradient, and live as long as the step.
  public init(_ values: UnsafeMutablePointer<Float>, _ shape: Shape) {
    self.init(shape: shape, values: values, gradients: nil)
  }

  init(shape: Shape, values: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>?) {
    (self.shape, self.values, self.gradients) = (shape, values, gradients)
  }

  public var count: Int { shape.count }

  /// The same numbers in another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) can't be read as \(shape)")
    return Tensor(shape: shape, values: values, gradients: gradients)
  }

  /// The first `count` elements of a vector.
  public func prefix(_ count: Int) -> Tensor {
    precondition(shape.rank == 1 && count <= self.count, "the first \(count) of \(shape)")
    return Tensor(shape: Shape(count), values: values, gradients: gradients)
  }

  /// Rows `range` of the outermost axis of a matrix.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.rank == 2 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let start = range.lowerBound * shape[1]
    return Tensor(
      shape: Shape(range.count, shape[1]), values: values + start, gradients: gradients.map { $0 + start })
  }
}

/// The backward half of an operation: pointers and sizes, stored on the tape.
protocol Operation: BitwiseCopyable {
  /// Adds to the gradients of the operation's inputs; `tape` lends scratch memory.
  func backward(_ tape: Tape)
}

extension Operation {
  fileprivate static func backward(at address: UnsafeRawPointer, _ tape: Tape) {
    address.assumingMemoryBound(to: Self.self).pointee.backward(tape)
  }
}

/// A record of hand-written operations, each a forward/backward pair; no general automatic differentiation.
///
/// An operation runs at once and, while the tape records, leaves its backward half. `backward(from:)` runs these in
/// reverse. A tape belongs to one thread; `begin` takes back all memory of the step before, so a step like the last
/// allocates nothing.
public final class Tape {
  private let arena = Arena()
  private var scratchBuffer = UnsafeMutablePointer<Float>.allocate(capacity: 1)
  private var scratchCapacity = 1
  private var operations: [(type: any Operation.Type, address: UnsafeRawPointer)] = []
  private var parameterValues: ParameterBuffer?
  private var parameterGradients: ParameterBuffer?
  private var recording = false

  public init() {}

  deinit { scratchBuffer.deallocate() }

  /// Starts a step on these parameters. Without `gradients` nothing is recorded: acting, evaluation.
  /// Gradients are added to the buffer, which is not cleared here.
  public func begin(values: ParameterBuffer, gradients: ParameterBuffer? = nil) {
    arena.reset()
    operations.removeAll(keepingCapacity: true)
    (parameterValues, parameterGradients) = (values, gradients)
    recording = gradients != nil
  }

  /// Runs `body` without recording: what it computes is a constant to the loss.
  public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = recording
    recording = false
    defer { recording = before }
    return try body()
  }

  /// Runs `body` on other parameters: a critic after an actor, a target network. Without `gradients` what `body` computes
  /// still passes gradients on to its inputs, but none to its parameters.
  public func with<Result>(
    values: ParameterBuffer, gradients: ParameterBuffer? = nil, _ body: () throws -> Result
  ) rethrows -> Result {
    let before = (parameterValues, parameterGradients)
    (parameterValues, parameterGradients) = (values, gradients)
    defer { (parameterValues, parameterGradients) = before }
    return try body()
  }

  /// Runs the recorded operations in reverse, from a loss of one element.
  public func backward(from loss: Tensor) {
    precondition(loss.count == 1, "a loss is one number, not \(loss.shape)")
    guard let gradients = loss.gradients else { preconditionFailure("the loss depends on no parameter") }
    gradients[0] = 1
    for operation in operations.reversed() { operation.type.backward(at: operation.address, self) }
  }

  /// Bytes of memory held for steps.
  public var capacity: Int { arena.capacity + scratchCapacity * 4 }

  // MARK: For operations

  func value(_ parameter: Parameter) -> UnsafeMutablePointer<Float> {
    guard let parameterValues else { preconditionFailure("begin(values:) comes before any operation") }
    return parameterValues.values + parameter.offset
  }

  func gradient(_ parameter: Parameter) -> UnsafeMutablePointer<Float>? {
    recording ? parameterGradients.map { $0.values + parameter.offset } : nil
  }

  /// A tensor for an operation's result, in new memory unless `values` or `gradients` are given; a new gradient starts at
  /// zero because backward passes add.
  func result(
    _ shape: Shape, values: UnsafeMutablePointer<Float>? = nil, gradients: UnsafeMutablePointer<Float>? = nil
  ) -> Tensor {
    let values = values ?? arena.floats(shape.count)
    guard recording else { return Tensor(shape: shape, values: values, gradients: nil) }
    if let gradients { return Tensor(shape: shape, values: values, gradients: gradients) }
    let gradients = arena.floats(shape.count)
    gradients.update(repeating: 0, count: shape.count)
    return Tensor(shape: shape, values: values, gradients: gradients)
  }

  /// A tensor that several operations fill, each its own rows.
  public func tensor(_ shape: Shape) -> Tensor { result(shape) }

  func record<Recorded: Operation>(_ operation: @autoclosure () -> Recorded) {
    guard recording else { return }
    let address = arena.allocate(byteCount: MemoryLayout<Recorded>.size)
      .bindMemory(to: Recorded.self, capacity: 1)
    address.initialize(to: operation())
    operations.append((Recorded.self, UnsafeRawPointer(address)))
  }

  /// Memory that an operation uses within one call and nobody keeps.
  func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
    if count > scratchCapacity {
      scratchBuffer.deallocate()
      scratchCapacity = count
      scratchBuffer = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
        .bindMemory(to: Float.self, capacity: count)
    }
    return scratchBuffer
  }

  /// A parameter as a tensor, for operations that have it among their inputs.
  public func tensor(_ parameter: Parameter) -> Tensor {
    Tensor(shape: parameter.shape, values: value(parameter), gradients: gradient(parameter))
  }

  /// Memory of the step for numbers that carry no gradient: targets, weights, gathered rows. Dirty.
  public func constant(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, values: arena.floats(shape.count), gradients: nil)
  }

  /// A copy of `numbers` that lives as long as the step.
  public func constant(_ numbers: [Float], _ shape: Shape) -> Tensor {
    precondition(numbers.count == shape.count, "\(numbers.count) numbers don't fill \(shape)")
    let tensor = constant(shape)
    tensor.values.update(from: numbers, count: numbers.count)
    return tensor
  }

  /// Memory of the step for bytes or integers. Dirty.
  public func memory<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
    arena.allocate(byteCount: count * MemoryLayout<Element>.stride).bindMemory(to: type, capacity: count)
  }
}
