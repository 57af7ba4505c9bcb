import Foundation

/// `metrics.jsonl`: one JSON object a line, each with `steps`, `seconds` and named numbers; what is unknown is null.
struct MetricsLog: ~Copyable {
  private let handle: FileHandle
  private let path: String

  /// Opens the file for appending. A resumed run first drops the lines after its checkpoint.
  init(path: String, keepingThrough steps: Int?) throws {
    if let steps, let text = FileManager.default.contents(atPath: path) {
      let lines = text.split(separator: UInt8(ascii: "\n")).filter { line in
        struct Record: Decodable { let steps: Int }
        return (try? JSONDecoder().decode(Record.self, from: Data(line)).steps).map { $0 <= steps } ?? false
      }
      try AtomicFile.write(lines.flatMap { $0 + [UInt8(ascii: "\n")] }, to: path)
    } else if !FileManager.default.createFile(atPath: path, contents: nil) {
      throw RunError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw RunError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    try handle.seekToEnd()
    (self.handle, self.path) = (handle, path)
  }

  deinit { try? handle.close() }

  /// A line of the file.
  struct Record {
    let steps: Int
    private let line: ArraySlice<UInt8>

    /// nil for a line that was not written to its end.
    fileprivate init?(_ line: ArraySlice<UInt8>) {
      // A line has ten thousand characters, of which the first few say when it was written.
      let number = line.prefix(40).drop { $0 != UInt8(ascii: ":") }.dropFirst().prefix { $0 != UInt8(ascii: ",") }
      guard line.last == UInt8(ascii: "}"), let steps = Int(String(decoding: number, as: UTF8.self)) else { return nil }
      (self.steps, self.line) = (steps, line)
    }

    /// What was known of `names`.
    func numbers(_ names: [String]) -> [Double?] {
      let all = try? JSONDecoder().decode([String: Double?].self, from: Data(line))
      return names.map { all?[$0] ?? nil }
    }
  }

  /// All records of a run, in order.
  /// - Throws: `RunError.cannotRead`.
  static func records(_ path: String) throws(RunError) -> [Record] {
    try AtomicFile.read(path)[...].split(separator: UInt8(ascii: "\n")).compactMap(Record.init)
  }

  /// Appends a record; names are joined by slashes, such as `bricks/return`.
  func append(steps: Int, seconds: Double, _ numbers: [(name: String, value: Double)]) throws {
    let fields = numbers.map { "\"\($0.name)\":\($0.value.isFinite ? "\($0.value)" : "null")" }
    let line =
      "{\"steps\":\(steps),\"seconds\":\((seconds * 1000).rounded() / 1000),\(fields.joined(separator: ","))}\n"
    try report { try handle.write(contentsOf: Data(line.utf8)) }
  }

  /// Waits until all lines are on the disk. Before each checkpoint, or a power cut leaves one that knows more than its log.
  func synchronize() throws {
    try report { try handle.synchronize() }
  }

  /// Says which file it was: Foundation's own words for a full disk don't.
  private func report(_ body: () throws -> Void) throws(RunError) {
    do { try body() } catch {
      throw .cannotWrite(path: path, reason: AtomicFile.reason(of: error))
    }
  }
}
