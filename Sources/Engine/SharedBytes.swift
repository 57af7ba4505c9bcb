/// Bytes that stay where they are, and what keeps them there: so that a replay of gigabytes goes to a file and back without
/// a second copy of it.
public struct SharedBytes: RandomAccessCollection, @unchecked Sendable {
  private let memory: UnsafeRawBufferPointer
  private let owner: AnyObject

  /// Memory that lives as long as `owner`, and that nobody changes while the bytes are in use.
  public init(_ memory: UnsafeRawBufferPointer, of owner: AnyObject) { (self.memory, self.owner) = (memory, owner) }

  /// A copy.
  public init(_ bytes: UnsafeRawBufferPointer) {
    let allocation = Allocation(count: bytes.count)
    allocation.memory.copyMemory(from: bytes)
    self.init(UnsafeRawBufferPointer(allocation.memory), of: allocation)
  }

  public init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { SharedBytes($0) } }

  public var startIndex: Int { 0 }
  public var endIndex: Int { memory.count }
  public subscript(index: Int) -> UInt8 { withUnsafeBytes { $0[index] } }

  /// Some of the bytes, counted from 0 again.
  public func part(_ range: Range<Int>) -> SharedBytes {
    SharedBytes(UnsafeRawBufferPointer(rebasing: memory[range]), of: owner)
  }

  public func withUnsafeBytes<Result, Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(owner) {} }
    return try body(memory)
  }

  public func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result? {
    try withUnsafeBytes { try $0.withMemoryRebound(to: UInt8.self, body) }
  }

  private final class Allocation {
    let memory: UnsafeMutableRawBufferPointer
    init(count: Int) { memory = .allocate(byteCount: count, alignment: 64) }
    deinit { memory.deallocate() }
  }
}
