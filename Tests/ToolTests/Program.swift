import Foundation
import Testing

/// A program that was built beside these tests, the tool by default, as a process in a folder of its own.
final class Program {
  let folder: URL
  private let process = Process()
  private let errors: URL

  /// - Parameters:
  ///   - shell: What a shell does before it becomes the tool.
  ///   - output: Where standard output goes.
  init(
    _ arguments: [String], of name: String = "polymath", in folder: URL, shell: String = "",
    output: Any = FileHandle.nullDevice
  ) throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let tool = URL(fileURLWithPath: own).deletingLastPathComponent().appending(path: name).path
    (self.folder, errors) = (folder, folder.appending(path: "errors-\(UUID().uuidString)"))
    try Data().write(to: errors)
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\(shell)\nexec \"$@\"", "sh", tool] + arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  var isRunning: Bool { process.isRunning }

  /// Waits until `condition` holds or the process has ended.
  func wait(until condition: () -> Bool) {
    while process.isRunning && !condition() { usleep(10_000) }
  }

  /// Waits for the end.
  /// - Returns: the status as a shell tells it, 128 and the signal's number where one ended the process.
  func end() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
  }

  /// What it wrote to standard error, without the remark of debug builds.
  var message: String {
    let text = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { !$0.contains("debug build") }.joined(separator: "\n")
  }
}

/// Calls `body` with a new folder, which is removed afterwards.
func inFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
