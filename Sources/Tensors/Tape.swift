import CKernels

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
/// Operations are functions of tensors that find the tape there. An operation runs at once and, while the tape records,
/// leaves its backward half. `backward(from:)` runs these in
/// reverse. A gradient has memory from its last use, the first to add to it, back to the operation that made its tensor;
/// then another of its size has it, so that few share the cache. A tape belongs to one thread; `begin` takes back all memory
/// of the step before, so a step like the last allocates nothing.
public final class Tape {
  private let arena: Arena
  private var scratchBuffer = UnsafeMutablePointer<Float>.allocate(capacity: 1)
  private var scratchCapacity = 1
  private var operations: [(type: any Operation.Type, address: UnsafeRawPointer)] = []
  /// Gradients of results, each with the place of its operation, in order.
  private var results: [(operation: Int, gradient: Gradient)] = []
  private let gradientMemory: GradientMemory
  private var parameterValues: ParameterBuffer?
  private var parameterGradients: ParameterBuffer?
  private var recording = false

  public init() {
    arena = Arena()
    gradientMemory = GradientMemory(arena)
  }

  deinit { scratchBuffer.deallocate() }

  /// Starts a step on these parameters. Without `gradients` nothing is recorded: acting, evaluation.
  /// Gradients are added to the buffer, which is not cleared here.
  public func begin(values: ParameterBuffer, gradients: ParameterBuffer? = nil) {
    arena.reset()
    operations.removeAll(keepingCapacity: true)
    results.removeAll(keepingCapacity: true)
    gradientMemory.reset()
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

  /// Runs the recorded operations in reverse, from a loss of one element, once a step.
  public func backward(from loss: Tensor) {
    precondition(loss.count == 1, "a loss is one number, not \(loss.shape)")
    guard let gradients = loss.gradients else { preconditionFailure("the loss depends on no parameter") }
    gradients[0] = 1
    for index in operations.indices.reversed() {
      operations[index].type.backward(at: operations[index].address, self)
      while let result = results.last, result.operation >= index {
        gradientMemory.takeBack(result.gradient)
        results.removeLast()
      }
    }
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

  /// A tensor for the result of the operation that is recorded next, in new memory unless `values` are given. `gradient` is
  /// another's that it shares.
  func result(_ shape: Shape, values: UnsafeMutablePointer<Float>? = nil, gradient: Gradient? = nil) -> Tensor {
    let values = values ?? arena.floats(shape.count)
    guard recording else { return Tensor(values, shape, on: .passUnretained(self)) }
    if let gradient { return Tensor(values, shape, on: .passUnretained(self), gradient: gradient) }
    let own = Gradient(count: shape.count, gradientMemory)
    results.append((operations.count, own))
    return Tensor(values, shape, on: .passUnretained(self), gradient: own)
  }

  /// A tensor that several operations fill, each its own rows. Its gradient stays until the next `begin`.
  public func tensor(_ shape: Shape) -> Tensor {
    Tensor(
      arena.floats(shape.count), shape, on: .passUnretained(self),
      gradient: recording ? Gradient(count: shape.count, gradientMemory) : nil)
  }

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
    Tensor(
      value(parameter), parameter.shape, on: .passUnretained(self),
      gradient: gradient(parameter).map { Gradient(count: parameter.shape.count, gradientMemory, at: $0) })
  }

  /// Memory of the step for numbers that carry no gradient: targets, weights, gathered rows. Dirty.
  public func constant(_ shape: Shape) -> Tensor {
    Tensor(arena.floats(shape.count), shape, on: .passUnretained(self))
  }

  /// Numbers that lie elsewhere, read in place; they live as long as the step and carry no gradient.
  public func constant(reading numbers: UnsafePointer<Float>, _ shape: Shape) -> Tensor {
    Tensor(UnsafeMutablePointer(mutating: numbers), shape, on: .passUnretained(self))
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
