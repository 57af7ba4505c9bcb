import Environments
import Foundation

/// The lock of a run's folder: one training at a time writes there.
///
/// It is a lock of the system on the file `lock` in the folder. It ends with this object or with its process, however
/// that ends, so the file that remains locks nothing. The file says who holds the lock, for the message to others.
final class RunLock: Sendable {
  static let fileName = "lock"

  /// Who holds a lock.
  private struct Holder: Codable {
    var process = ProcessInfo.processInfo.processIdentifier
    var host = ProcessInfo.processInfo.hostName
    var command = CommandLine.arguments

    /// A file of another may hold anything.
    var description: String {
      "process \(process) on \(host): \(command.joined(separator: " "))".printable(longest: 400)
    }
  }

  private let folder: String
  private let descriptor: Int32

  /// Takes the lock of a folder that exists.
  /// - Throws: `RunError.locked` where another holds it, with what is known of that process; `RunError.cannotWrite`.
  init(folder: String) throws(RunError) {
    let path = "\(folder)/\(Self.fileName)"
    func failure() -> RunError { .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    while true {
      // Neither a link nor a pipe of somebody else's is followed or waited for.
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
      guard descriptor >= 0 else { throw failure() }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let error = errno == EWOULDBLOCK ? RunError.locked(path: folder, holder: Self.holder(descriptor)) : failure()
        close(descriptor)
        throw error
      }
      // The folder may have been replaced between opening and locking.
      if Self.isSame(descriptor, path) {
        (self.folder, self.descriptor) = (folder, descriptor)
        break
      }
      close(descriptor)
    }
    let text = (try? JSONEncoder().encode(Holder())).map(Array.init) ?? []
    // Nothing depends on the text; on a full disk the lock holds without it.
    _ = ftruncate(descriptor, 0)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress!, $0.count, 0) }
  }

  deinit { close(descriptor) }

  /// - Throws: `RunError.folderLost` where the folder was deleted, moved or replaced since the lock was taken.
  func check() throws(RunError) {
    if !Self.isSame(descriptor, "\(folder)/\(Self.fileName)") { throw .folderLost(path: folder) }
  }

  private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
    var (own, found) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && lstat(path, &found) == 0 && own.st_ino == found.st_ino
      && own.st_dev == found.st_dev
  }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress!, $0.count, 0) }
    let holder = try? JSONDecoder().decode(Holder.self, from: Data(bytes.prefix(max(count, 0))))
    return holder?.description ?? "another process"
  }
}
