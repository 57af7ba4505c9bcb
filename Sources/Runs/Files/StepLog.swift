import Foundation

/// A file with one JSON object per line, each of `steps` and named numbers; what is unknown is null. Steps rise from
/// line to line.
///
/// A run has two: `metrics.jsonl` for what it learned, which depends on nothing but its settings, and `timing.jsonl`
/// for what a clock measured.
final class StepLog {
  /// Names and values of one line, such as `bricks/return`.
  typealias Numbers = [(name: String, value: Double)]

  private let handle: FileHandle
  private let path: String
  /// The newest record of the lines that were kept.
  let last: Record?

  /// Opens the file for appending.
  /// - Parameter steps: Lines after so many steps are dropped, and those that a killed process did not write to their
  ///   end. nil for a new file.
  /// - Throws: `RunError.cannotRead`, `RunError.cannotWrite`.
  init(path: String, keepingThrough steps: Int?) throws(RunError) {
    var kept: ArraySlice<UInt8> = []
    var last: Record?
    if let steps, FileManager.default.fileExists(atPath: path) {
      for line in try AtomicFile.read(path, limit: nil)[...].split(separator: UInt8(ascii: "\n")) {
        guard let record = Record(line), record.steps <= steps, record.steps > last?.steps ?? -1 else { continue }
        kept += line + [UInt8(ascii: "\n")]
        last = record
      }
    }
    try AtomicFile.write(kept, to: path)
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    (self.handle, self.path, self.last) = (handle, path, last)
    try report { try handle.seekToEnd() }
  }

  /// A line of the file.
  struct Record {
    let steps: Int
    private let line: ArraySlice<UInt8>

    /// The most bytes that a line is read with; ours have ten thousand, or a hundred thousand with many tasks.
    private static let mostBytes = 4 << 20

    /// nil for a line that was not written to its end, or is none of ours.
    fileprivate init?(_ line: ArraySlice<UInt8>) {
      guard line.count <= Self.mostBytes else { return nil }
      // The first few characters say when it was written.
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

  /// All records of a file, in order.
  /// - Throws: `RunError.cannotRead`.
  static func records(_ path: String) throws(RunError) -> [Record] {
    try AtomicFile.read(path, limit: nil)[...].split(separator: UInt8(ascii: "\n")).compactMap(Record.init)
  }

  /// Appends a line.
  /// - Precondition: more steps than in the line before.
  func append(steps: Int, _ numbers: Numbers) throws(RunError) {
    let fields = numbers.map { ",\"\($0.name)\":\($0.value.isFinite ? "\($0.value)" : "null")" }
    try report { try handle.write(contentsOf: Data("{\"steps\":\(steps)\(fields.joined())}\n".utf8)) }
  }

  /// Waits until all lines are on the disk. Before each checkpoint, or a power cut leaves one that knows more than its
  /// log.
  func synchronize() throws(RunError) {
    try report { try handle.synchronize() }
  }

  /// Says which file it was: Foundation's own words for a full disk don't.
  private func report<Result>(_ body: () throws -> Result) throws(RunError) {
    do { _ = try body() } catch {
      throw .cannotWrite(path: path, reason: AtomicFile.reason(of: error))
    }
  }
}
