import CWorkers
import Foundation
import Synchronization

/// The folder of a worker process, in TMPDIR: what it is told, its log and the states of its environments.
///
/// A lock on a file in it is held for as long as its host lives, whoever looks: a host in another container has a process
/// number that means nothing here. Folders whose lock can be taken were left behind, by hosts that were killed.
final class WorkerFolder {
  let path: String
  /// -1 once it is removed.
  private var lock: Int32 = -1

  private static let prefix = "polymath-worker-"
  private static let lockName = "lock"
  /// Seconds after which a folder without a lock was not just made.
  private static let longestMaking = 3600.0

  var log: String { "\(path)/log.txt" }
  var start: String { "\(path)/start.json" }
  func state(of batch: Int) -> String { "\(path)/state-\(batch)" }

  /// What the process and all that it starts have in their environment.
  var mark: String { Self.mark(path) }

  private static func mark(_ path: String) -> String { "POLYMATH_WORKER=\(path)" }

  /// Makes the folder, and once a process removes those that were left behind.
  init?(in place: URL = FileManager.default.temporaryDirectory) {
    _ = Self.clearOnce
    let path = place.appending(path: "\(Self.prefix)\(getpid())-\(UUID().uuidString)").path
    self.path = path
    // While it is made, no other thread removes all folders and misses this one.
    lock = Self.present.withLock { present in
      guard !present.isOver else { return -1 }
      let lock = Self.make(path)
      if lock >= 0 { present.paths.insert(path) }
      return lock
    }
    if lock < 0 { return nil }
  }

  /// - Returns: the descriptor of its lock; -1 where there is no folder.
  private static func make(_ path: String) -> Int32 {
    guard (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil else {
      return -1
    }
    // The lock gets its name when it is locked: who finds it can't take it.
    let (made, final) = ("\(path)/\(lockName).new", "\(path)/\(lockName)")
    let lock = open(made, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, rename(made, final) == 0 { return lock }
    if lock >= 0 { close(lock) }
    try? FileManager.default.removeItem(atPath: path)
    return -1
  }

  deinit { remove() }

  /// Removes the folder once the worker has ended, and ends what that has started and not ended.
  func remove() {
    guard lock >= 0 else { return }
    Self.present.withLock { _ = $0.paths.remove(path) }
    Self.remove(path)
    close(lock)
    lock = -1
  }

  private static func remove(_ path: String) {
    cworkers_kill_marked(mark(path))
    try? FileManager.default.removeItem(atPath: path)
  }

  private struct Present {
    var paths: Set<String> = []
    /// Whether the process ends, and no folder is made any more.
    var isOver = false
  }

  /// Those of this process.
  private static let present = Mutex(Present())

  /// Removes all folders of this process, and ends what was started in them, where nothing is unwound before it exits.
  static func removeAll() {
    present.withLock { present in
      present.isOver = true
      present.paths.forEach(remove)
    }
  }

  private static let clearOnce: Void = clear(FileManager.default.temporaryDirectory)

  /// Removes the folders that hosts left behind, and ends the processes that their workers left.
  static func clear(_ place: URL) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] where name.hasPrefix(prefix) {
      let path = place.appending(path: name).path
      let lock = open("\(path)/\(lockName)", O_RDWR | O_CLOEXEC)
      defer { if lock >= 0 { close(lock) } }
      guard lock >= 0 ? flock(lock, LOCK_EX | LOCK_NB) == 0 : errno == ENOENT && isOld(path) else { continue }
      remove(path)
    }
  }

  private static func isOld(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && Date.now.timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > longestMaking
  }
}
