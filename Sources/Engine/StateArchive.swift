import CKernels
import Tensors

/// Named arrays of numbers: the exact state of whatever saved it, until it goes on: large arrays are not copied.
public struct StateArchive: Sendable {
  /// What an array's elements are.
  public enum Element: String, Sendable {
    case float32 = "F32"
    case float64 = "F64"
    case bytes = "U8"
    public var byteCount: Int {
      switch self {
      case .float32: 4
      case .float64: 8
      case .bytes: 1
      }
    }
  }

  public struct Entry: Sendable {
    public let name: String
    public let element: Element
    public let shape: [Int]
    public let bytes: SharedBytes
  }

  public private(set) var entries: [Entry] = []

  public init() {}

  /// Adds an array as it lies in memory.
  public mutating func add(_ name: String, _ element: Element, shape: [Int], _ bytes: SharedBytes) {
    precondition(
      bytes.count == shape.reduce(1, *) * element.byteCount, "\(name): \(bytes.count) bytes are not \(shape)")
    entries.append(Entry(name: name, element: element, shape: shape, bytes: bytes))
  }

  public mutating func add(_ name: String, _ bytes: SharedBytes) { add(name, .bytes, shape: [bytes.count], bytes) }

  public mutating func add(_ name: String, _ bytes: [UInt8]) { add(name, SharedBytes(bytes)) }

  /// Adds plain numbers as they lie in memory.
  public mutating func add<Number: BitwiseCopyable>(_ name: String, _ values: UnsafeBufferPointer<Number>) {
    add(name, SharedBytes(UnsafeRawBufferPointer(values)))
  }

  public mutating func add(_ name: String, _ numbers: [Double]) {
    add(name, .float64, shape: [numbers.count], numbers.withUnsafeBytes { SharedBytes($0) })
  }

  /// Adds a buffer, an entry a parameter.
  public mutating func add(_ buffer: ParameterBuffer, prefix: String = "") {
    for entry in buffer.layout.entries {
      add(
        prefix + entry.name, .float32, shape: entry.parameter.shape.array,
        SharedBytes(UnsafeRawBufferPointer(buffer[entry.parameter])))
    }
  }

  public func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

  // MARK: Reading

  /// - Throws: `EngineError.badState` where the entry is missing.
  public func bytes(_ name: String) throws(EngineError) -> [UInt8] { try Array(saved(name)) }

  private func saved(_ name: String) throws(EngineError) -> SharedBytes {
    guard let entry = entry(name) else { throw .badState("the saved state has no entry \(name)") }
    return entry.bytes
  }

  /// Copies plain numbers back to where they were.
  /// - Throws: `EngineError.badState` where the entry is missing or of another size.
  public func restore<Number: BitwiseCopyable>(
    _ name: String, to values: UnsafeMutableBufferPointer<Number>
  ) throws(EngineError) {
    let saved = try saved(name)
    let target = UnsafeMutableRawBufferPointer(values)
    guard saved.count == target.count else {
      throw .badState("the saved entry \(name) has \(saved.count) bytes, but this run needs \(target.count)")
    }
    saved.withUnsafeBytes { target.copyMemory(from: $0) }
  }

  /// - Parameter range: In which all numbers must lie.
  /// - Throws: `EngineError.badState` where the numbers are missing, of another count, not finite or out of range.
  public func doubles(
    _ name: String, count: Int, in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(EngineError) -> [Double] {
    guard let entry = entry(name), entry.element == .float64, entry.shape == [count] else {
      throw .badState("it has no \(name) of \(count) numbers")
    }
    // A foreign file's numbers may lie anywhere.
    let numbers = entry.bytes.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
    guard numbers.allSatisfy(\.isFinite) else { throw .badState("\(name) holds numbers that are not finite") }
    if let bad = numbers.first(where: { !range.contains($0) }) {
      throw .badState("\(name) holds \(bad), which is not in \(range)")
    }
    return numbers
  }

  /// Whole numbers, which an archive keeps as doubles.
  /// - Throws: `EngineError.badState` where they are missing, of another number, not whole or out of range.
  public func counts(
    _ name: String, count: Int, in range: ClosedRange<Int> = 0...1 << 53
  ) throws(EngineError) -> [Int] {
    let numbers = try doubles(name, count: count)
    let counts = numbers.compactMap(Int.init(exactly:)).filter(range.contains)
    guard counts.count == count else {
      throw .badState(
        "\(name) holds \(numbers.map(\.description).joined(separator: ", ")), and not whole numbers in \(range)")
    }
    return counts
  }

  /// Fills a buffer with the parameters of its layout.
  /// - Parameter isSquare: Whether the numbers are means of squares, so that none is below 0.
  /// - Throws: `EngineError.badState` where one is missing, has another shape, is not finite or is out of range.
  public func restore(
    _ buffer: ParameterBuffer, prefix: String = "", isSquare: Bool = false
  ) throws(EngineError) {
    for parameter in buffer.layout.entries {
      let (name, shape) = (prefix + parameter.name, parameter.parameter.shape)
      guard let entry = entry(name) else { throw .badState("it has no \(name): it is of another network") }
      guard entry.element == .float32, entry.shape == shape.array else {
        throw .badState("\(name) has shape \(entry.shape), this network needs \(shape)")
      }
      let target = buffer[parameter.parameter]
      entry.bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
      guard ck_count_nonfinite(target.baseAddress!, shape.count) == 0 else {
        throw .badState("\(name) holds numbers that are not finite")
      }
      if isSquare, let bad = target.first(where: { $0 < 0 }) {
        throw .badState("\(name) holds \(bad), and means of squares are not below 0")
      }
    }
  }
}
