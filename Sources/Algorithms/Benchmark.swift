import Engine

/// A speed of an algorithm, apart from everything else: `polymath bench NAME`. Its properties are its options.
public protocol Benchmark: Sendable {
  /// The command's name.
  static var name: String { get }
  /// What is timed, one sentence.
  static var abstract: String { get }
  static var settings: [Setting<Self>] { get }
  init()
  var threads: Int { get }

  /// What it will take.
  /// - Throws: `EngineError` where numbers don't fit each other.
  func memory() throws -> MemoryUse
  /// Times it.
  func measure() throws -> BenchmarkResult
}

/// What a benchmark found.
public struct BenchmarkResult: Sendable {
  /// A second.
  public let rate: Double
  /// What is counted: "steps", "updates".
  public let unit: String
  /// How it was found, one sentence each.
  public let remarks: [String]
  /// Where the time went, and how much there was, in seconds of all threads; nil where nobody looked.
  public let times: (parts: [WorkTime], total: Double)?

  public init(
    rate: Double, unit: String, remarks: [String], times: (parts: [WorkTime], total: Double)? = nil
  ) {
    (self.rate, self.unit, self.remarks, self.times) = (rate, unit, remarks, times)
  }
}
