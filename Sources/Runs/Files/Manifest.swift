import CKernels
import Foundation

/// `manifest.json`: where and how a run was made. Nothing in it decides what the run computes but the kernels.
public struct Manifest: Codable, Sendable {
  public static let version = "0.1.0"

  /// One start of the tool on this run: the first, and one for each resume.
  public struct Start: Codable, Sendable {
    public var time = Date.now.formatted(.iso8601)
    public var polymath = Manifest.version
    public var command = CommandLine.arguments
    /// Agent steps that the run had already made.
    public var steps: Int
    public var threads: Int
    public var kernels = String(cString: ck_kernel_level_name())
    public var openblasCore = String(cString: ck_blas_core_name())
    public var openblasCoretype = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"]
    public var processor = Manifest.processorName
    public var cores = ProcessInfo.processInfo.activeProcessorCount
    /// Why what follows is not bit-identical to the uninterrupted run: other kernels, environments that begin afresh.
    /// nil where it is.
    public var differences: [String]?

    init(steps: Int, threads: Int, differences: [String]?) {
      (self.steps, self.threads, self.differences) = (steps, threads, differences)
    }
  }

  public var starts: [Start] = []
  /// SHA-256 of the task lockfile.
  public var lockfile: String
  /// Whether the run is bit-identical to an uninterrupted one; false where environments can't be saved (Atari), as
  /// episodes begin afresh, and once it went on with other kernels. Unknown before the first checkpoint.
  public var resumesExactly: Bool?

  init(lockfile: String) { self.lockfile = lockfile }

  init(path: String) throws(RunError) {
    let bytes = try AtomicFile.read(path)
    guard let saved = try? JSONDecoder().decode(Manifest.self, from: Data(bytes)) else {
      throw .cannotRead(path: path, reason: "it is not the manifest of a run")
    }
    self = saved
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(Array(encoder.encode(self)), to: path)
  }

  public static var processorName: String {
    let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }
}
