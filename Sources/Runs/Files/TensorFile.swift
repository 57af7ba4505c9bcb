import Engine
import Foundation

/// An archive of named arrays in the safetensors format: eight bytes of header length, a JSON header, the data.
///
/// Equal contents give equal bytes: keys are sorted, nothing depends on the clock. No executable content.
public struct TensorFile {
  public private(set) var archive: StateArchive
  /// Words about the file, such as the hash of its lockfile.
  public var metadata: [String: String] = [:]

  public init(_ archive: StateArchive, metadata: [String: String] = [:]) {
    (self.archive, self.metadata) = (archive, metadata)
  }

  // MARK: Format

  /// The most bytes of a header: a hundred thousand arrays.
  private static let mostHeader = 16 << 20

  private struct Entry: Codable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  /// The file's bytes, part by part. Larger elements come first, so that every array is aligned to its elements.
  public func forEachPart<Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    let ordered = archive.entries.sorted {
      ($0.element.byteCount, $1.name) > ($1.element.byteCount, $0.name)
    }
    var header = Header(metadata: metadata, entries: [:])
    var offset = 0
    for tensor in ordered {
      header.entries[tensor.name] = Entry(
        dtype: tensor.element.rawValue, shape: tensor.shape, data_offsets: [offset, offset + tensor.bytes.count])
      offset += tensor.bytes.count
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A header of words and integers always encodes.
    var json = Array(try! encoder.encode(header))
    while (json.count + 8) % 64 != 0 { json.append(UInt8(ascii: " ")) }
    try SharedBytes(withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json).withUnsafeBytes(body)
    for tensor in ordered { try tensor.bytes.withUnsafeBytes(body) }
  }

  /// Reads a file, checking everything that a foreign or damaged one may get wrong.
  /// - Throws: `RunError.cannotRead`, `RunError.badCheckpoint`.
  public init(path: String) throws {
    try self.init(AtomicFile.map(path), path: path)
  }

  init(_ file: SharedBytes, path: String) throws(RunError) {
    func bad(_ reason: String) -> RunError { .badCheckpoint(path: path, reason: reason) }
    guard file.count >= 8 else { throw bad("it has \(file.count) bytes, a header alone needs more") }
    let length = file.part(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.count - 8) else {
      throw bad("its header should have \(length) bytes, the whole file has \(file.count): it is truncated or foreign")
    }
    guard length <= Self.mostHeader else {
      throw bad("its header should have \(length) bytes, and none of ours has more than \(Self.mostHeader)")
    }
    let start = 8 + Int(length)
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(file.part(8..<start))) else {
      throw bad("its header is not that of a safetensors file")
    }
    (archive, metadata) = (StateArchive(), header.metadata)
    var ranges: [(name: String, range: Range<Int>)] = []
    for (key, entry) in header.entries.sorted(by: { $0.key < $1.key }) {
      // Names come from the file: a control character must not break the message's line.
      let name = key.debugDescription
      guard let element = StateArchive.Element(rawValue: entry.dtype) else {
        throw bad("\(name) has unknown type \(entry.dtype.debugDescription)")
      }
      var count = element.byteCount
      for size in entry.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard size >= 0, !overflow else { throw bad("\(name) has shape \(entry.shape)") }
        count = product
      }
      let offsets = entry.data_offsets
      guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= file.count - start else {
        throw bad("\(name) lies at \(offsets), the data has \(file.count - start) bytes: it is truncated")
      }
      guard offsets[1] - offsets[0] == count else {
        throw bad("\(name) of shape \(entry.shape) should have \(count) bytes, it has \(offsets[1] - offsets[0])")
      }
      ranges.append((name, offsets[0]..<offsets[1]))
      archive.add(key, element, shape: entry.shape, file.part(start + offsets[0]..<start + offsets[1]))
    }
    // The format's rule: tensors neither overlap nor leave holes, so that no byte has two meanings or none.
    var end = 0
    for (name, range) in ranges.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard range.lowerBound == end else { throw bad("\(name) begins at \(range.lowerBound) instead of \(end)") }
      end = range.upperBound
    }
    guard end == file.count - start else {
      throw bad("\(file.count - start - end) bytes at its end belong to no tensor")
    }
  }

  private struct Header: Codable {
    var metadata: [String: String]
    var entries: [String: Entry]

    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    private static let metadataKey = Key(stringValue: "__metadata__")

    init(metadata: [String: String], entries: [String: Entry]) { (self.metadata, self.entries) = (metadata, entries) }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      (metadata, entries) = ([:], [:])
      for key in container.allKeys {
        if key.stringValue == Self.metadataKey.stringValue {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
        }
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      if !metadata.isEmpty { try container.encode(metadata, forKey: Self.metadataKey) }
      for (name, entry) in entries { try container.encode(entry, forKey: Key(stringValue: name)) }
    }
  }
}
