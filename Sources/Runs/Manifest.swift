import CKernels
import Foundation

/// `manifest.json`: where and how a run was made. Nothing in it decides what the run computes but the kernels.
public struct Manifest: Codable, Sendable {
  public static let version = "0.1.0"

  public var polymath = Manifest.version
  public var started: String
  public var command: [String]
  public var kernels = String(cString: ck_kernel_level_name())
  public var openblasCore = String(cString: ck_blas_core_name())
  public var openblasCoretype = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"]
  public var processor = Manifest.processorName
  public var cores = ProcessInfo.processInfo.activeProcessorCount
  public var threads: Int
  public var lockfile: String
  /// Whether a resumed run continues to the bit; false where environments can't be saved (Atari): then episodes begin
  /// afresh. Unknown before the first checkpoint.
  public var resumesExactly: Bool?

  init(threads: Int, lockfile: String) {
    started = Date.now.formatted(.iso8601)
    command = CommandLine.arguments
    (self.threads, self.lockfile) = (threads, lockfile)
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
