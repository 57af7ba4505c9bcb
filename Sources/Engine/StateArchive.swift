/// Named blocks of bytes: the exact state of whatever saved it.
public struct StateArchive: Sendable {
  public private(set) var entries: [(name: String, bytes: [UInt8])]

  public init(_ entries: [(name: String, bytes: [UInt8])] = []) { self.entries = entries }

  public mutating func add(_ name: String, _ bytes: [UInt8]) { entries.append((name, bytes)) }

  /// Adds plain numbers as they lie in memory.
  public mutating func add<Element: BitwiseCopyable>(_ name: String, _ values: UnsafeBufferPointer<Element>) {
    entries.append((name, Array(UnsafeRawBufferPointer(values))))
  }

  /// - Throws: `EngineError.badState` where the entry is missing.
  public func bytes(_ name: String) throws(EngineError) -> [UInt8] {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw .badState("the saved state has no entry \(name)")
    }
    return entry.bytes
  }

  /// Copies plain numbers back to where they were.
  /// - Throws: `EngineError.badState` where the entry is missing or of another size.
  public func restore<Element: BitwiseCopyable>(
    _ name: String, to values: UnsafeMutableBufferPointer<Element>
  ) throws(EngineError) {
    let saved = try bytes(name)
    let target = UnsafeMutableRawBufferPointer(values)
    guard saved.count == target.count else {
      throw .badState("the saved entry \(name) has \(saved.count) bytes, but this run needs \(target.count)")
    }
    saved.withUnsafeBytes { target.copyMemory(from: $0) }
  }
}
