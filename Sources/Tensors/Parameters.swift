import CKernels

/// Where one parameter lies: an offset and a shape, never a pointer. The numbers are in a `ParameterBuffer` that is
/// passed in, so that two shards, an actor and a target network run one network at the same time.
public struct Parameter: Hashable, Sendable, BitwiseCopyable {
  /// First element within the buffer, in floats; a multiple of 16.
  public let offset: Int
  public let shape: Shape
  public var range: Range<Int> { offset..<offset + shape.count }
}

/// Names, shapes, offsets and initialisers of a network's parameters. Layers add to it while a network is described;
/// afterwards it doesn't change. Offsets are multiples of 64 bytes; the padding between parameters is always zero.
public struct ParameterLayout: Sendable {
  public struct Entry: Sendable {
    /// Path of the parameter, such as `trunk.fc.weight`; unique.
    public let name: String
    public let parameter: Parameter
    public let initializer: Initializer
  }

  public private(set) var entries: [Entry] = []
  /// Floats of a buffer of this layout, padding included.
  public private(set) var extent = 0
  /// Numbers that the layers make of one row, in one pass over all of them.
  public private(set) var activations = 0
  /// Of all entries: there may be a hundred thousand.
  private var names: Set<String> = []

  public init() {}

  /// Number of parameters, padding left out.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.parameter.shape.count } }

  /// Notes what a layer makes of one row, so that memory can be estimated before it is taken.
  public mutating func makes(_ numbers: Int) { activations += numbers }

  /// Adds a parameter.
  /// - Precondition: the name is new and the shape not empty.
  public mutating func add(_ name: String, _ shape: Shape, _ initializer: Initializer) -> Parameter {
    precondition(names.insert(name).inserted, "parameter \(name) is in the layout already")
    precondition(shape.count > 0, "parameter \(name) is empty")
    let parameter = Parameter(offset: extent, shape: shape)
    entries.append(Entry(name: name, parameter: parameter, initializer: initializer))
    extent += (shape.count + 15) / 16 * 16
    return parameter
  }
}

/// One number for each parameter of a layout: values, gradients, or an optimiser's slots, in one 64-byte aligned block.
///
/// An optimiser step, a norm, a copy or a checkpoint is one pass over the block. Who may write when is the engine's
/// business (a version is written by one update and only read afterwards), hence `@unchecked Sendable`.
public final class ParameterBuffer: @unchecked Sendable {
  public let layout: ParameterLayout
  public let values: UnsafeMutablePointer<Float>
  public var count: Int { layout.extent }

  public init(_ layout: ParameterLayout, filledWith value: Float = 0) {
    self.layout = layout
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(layout.extent, 1) * 4, alignment: 64)
    values = bytes.bindMemory(to: Float.self, capacity: layout.extent)
    values.initialize(repeating: 0, count: layout.extent)
    if value != 0 {
      for entry in layout.entries {
        (values + entry.parameter.offset).update(repeating: value, count: entry.parameter.shape.count)
      }
    }
  }

  deinit { UnsafeMutableRawPointer(values).deallocate() }

  public subscript(_ parameter: Parameter) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: values + parameter.offset, count: parameter.shape.count)
  }

  /// Draws every parameter from its initialiser; streams are addressed by the parameters' names.
  public func initialize(seed: UInt64) {
    for entry in layout.entries {
      entry.initializer.fill(
        values + entry.parameter.offset, shape: entry.parameter.shape,
        stream: RandomStream(seed: seed, name: entry.name, purpose: .initialization))
    }
  }

  public func copy(from other: ParameterBuffer) {
    precondition(count == other.count, "buffers of one layout are copied, not \(other.count) floats into \(count)")
    values.update(from: other.values, count: count)
  }

  public func zero() { values.update(repeating: 0, count: count) }
}
