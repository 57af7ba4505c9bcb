import Foundation

/// Files that are whole or not there: written under a temporary name, synced, renamed.
public enum AtomicFile {
  /// - Throws: `RunError.cannotWrite`; then the old file is as it was.
  public static func write(_ bytes: some Collection<UInt8>, to path: String) throws(RunError) {
    let partial = path + ".partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
    defer { close(descriptor) }
    let data = Array(bytes)
    var written = 0
    while written < data.count {
      let count = data.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + written, data.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        let reason = lastReason()
        unlink(partial)
        throw .cannotWrite(path: path, reason: reason)
      }
      written += count
    }
    guard fsync(descriptor) == 0, rename(partial, path) == 0 else {
      let reason = lastReason()
      unlink(partial)
      throw .cannotWrite(path: path, reason: reason)
    }
  }

  /// Makes a folder under a temporary name, lets `fill` write into it, and gives it its name.
  /// - Throws: `RunError.cannotWrite`, or what `fill` throws; then no folder is left.
  public static func writeFolder(_ path: String, fill: (_ folder: String) throws -> Void) throws {
    let partial = path + ".partial"
    let files = FileManager.default
    try? files.removeItem(atPath: partial)
    do {
      try files.createDirectory(atPath: partial, withIntermediateDirectories: true)
    } catch { throw RunError.cannotWrite(path: path, reason: lastReason()) }
    do { try fill(partial) } catch {
      try? files.removeItem(atPath: partial)
      throw error
    }
    try? files.removeItem(atPath: path)
    guard rename(partial, path) == 0 else { throw RunError.cannotWrite(path: path, reason: lastReason()) }
    let parent = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
    if parent >= 0 {
      fsync(parent)
      close(parent)
    }
  }

  /// - Throws: `RunError.cannotRead`.
  public static func read(_ path: String) throws(RunError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      let exists = FileManager.default.fileExists(atPath: path)
      throw .cannotRead(path: path, reason: exists ? lastReason() : "there is no such file")
    }
    return Array(data)
  }

  private static func lastReason() -> String { String(cString: strerror(errno)) }
}
