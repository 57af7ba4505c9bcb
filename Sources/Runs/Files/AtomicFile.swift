import Engine
import Foundation

/// Files and folders that are there as a whole or not at all, also after a crash or a power cut: written under a
/// temporary name, synced, renamed, and the folder above synced.
///
/// Foundation's atomic writing never syncs and hides which call failed; a full disk must be told apart from a wrong
/// path.
public enum AtomicFile {
  /// The most bytes that files of words have: lockfiles, manifests, tables of scores.
  public static let mostText = 16 << 20

  /// All bytes of a file.
  /// - Parameter limit: The most bytes that are taken; nil for any number, where a file may grow.
  /// - Throws: `RunError.cannotRead`, also for what is no file: a folder, a pipe, a device.
  public static func read(_ path: String, limit: Int? = mostText) throws(RunError) -> [UInt8] {
    let (descriptor, size) = try openFile(path)
    defer { close(descriptor) }
    func check(_ count: Int) throws(RunError) {
      guard let limit, count > limit else { return }
      throw .cannotRead(
        path: path, reason: "it has more than \(RunError.size(Double(limit))), the most that is read of such a file")
    }
    try check(size)
    // The size is a hint: files of /proc say 0. One byte more shows the end without growing.
    var bytes = [UInt8](repeating: 0, count: size + 1)
    var used = 0
    while true {
      try check(used)
      if used == bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count) }
      let count = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress! + used, $0.count - used) }
      if count == 0 { break }
      if count > 0 { used += count } else if errno != EINTR { throw .cannotRead(path: path, reason: lastReason) }
    }
    bytes.removeLast(bytes.count - used)
    return bytes
  }

  /// The most bytes of a file of settings, which is parsed more slowly.
  public static let mostSettings = 1 << 20

  /// The text of a file of words.
  /// - Throws: `RunError.cannotRead`, also for files above `limit` bytes.
  public static func text(_ path: String, limit: Int = mostText) throws(RunError) -> String {
    String(decoding: try read(path, limit: limit), as: UTF8.self)
  }

  /// Opens a file for reading; what would make the reader wait, or never ends, is none.
  private static func openFile(_ path: String) throws(RunError) -> (descriptor: Int32, size: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: lastReason) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw .cannotRead(
        path: path, reason: isFolder ? String(cString: strerror(EISDIR)) : "it is a pipe or a device, and not a file")
    }
    return (descriptor, Int(status.st_size))
  }

  /// All bytes of a file, read from the disk as they are needed.
  ///
  /// A file that is cut off meanwhile, or a disk that fails, ends the process: for files that `write` made, which are
  /// replaced and never changed.
  /// - Throws: `RunError.cannotRead`.
  public static func map(_ path: String) throws(RunError) -> SharedBytes {
    let (descriptor, size) = try openFile(path)
    defer { close(descriptor) }
    // There is no mapping of nothing, and files of /proc say that they have 0 bytes.
    guard size > 0 else { return SharedBytes(try read(path)) }
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw .cannotRead(path: path, reason: lastReason)
    }
    let mapping = Mapping(UnsafeRawBufferPointer(start: start, count: size))
    return SharedBytes(mapping.memory, of: mapping)
  }

  private final class Mapping {
    let memory: UnsafeRawBufferPointer
    init(_ memory: UnsafeRawBufferPointer) { self.memory = memory }
    deinit { munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress!), memory.count) }
  }

  /// Writes `bytes` to `path`.
  /// - Throws: `RunError.cannotWrite`; then what was at `path` is untouched and nothing is left beside it.
  public static func write(_ bytes: some Sequence<UInt8>, to path: String) throws(RunError) {
    let bytes = Array(bytes)
    try write(to: path) { write throws(RunError) in
      try bytes.withUnsafeBufferPointer { part throws(RunError) in try write(UnsafeRawBufferPointer(part)) }
    }
  }

  /// Writes to `path` what `body` hands on part by part.
  /// - Throws: `RunError.cannotWrite`; then what was at `path` is untouched and nothing is left beside it.
  static func write(
    to path: String, _ body: ((UnsafeRawBufferPointer) throws(RunError) -> Void) throws(RunError) -> Void
  )
    throws(RunError)
  {
    let partial = path + ".partial"
    do throws(RunError) {
      try write(toNew: partial, body)
      try move(partial, to: path)
    } catch {
      unlink(partial)
      // The reader of the message asked for `path` and has never heard of the partial one.
      if case .cannotWrite(_, let reason) = error { throw .cannotWrite(path: path, reason: reason) }
      throw error
    }
    try synchronize(parent(of: path))
  }

  /// Lets `body` fill a temporary folder, then gives it the name `path`, replacing what was there.
  ///
  /// `<path>.partial` is one whose writing was interrupted, `<path>.old` one whose removal was: readers ignore both,
  /// and the next write of the same name clears them away.
  /// - Throws: what `body` throws, or `RunError.cannotWrite`; then what was at `path` is untouched.
  public static func writeFolder(_ path: String, _ body: (_ temporaryFolder: String) throws -> Void) throws {
    let partial = path + ".partial"
    try removeIfPresent(partial)
    guard makeFolders(partial) else { throw RunError.cannotWrite(path: path, reason: lastReason) }
    do {
      try body(partial)
      try synchronize(partial)
      try setAside(path)
      do throws(RunError) { try move(partial, to: path) } catch {
        rename(path + ".old", path)
        throw error
      }
    } catch {
      try? removeIfPresent(partial)
      throw error
    }
    try synchronize(parent(of: path))
    try removeIfPresent(path + ".old")
  }

  /// Removes a folder. It loses its name first, so that a half removed one is never read.
  /// - Throws: `RunError.cannotWrite`.
  public static func removeFolder(_ path: String) throws(RunError) {
    try setAside(path)
    try removeIfPresent(path + ".old")
  }

  /// Makes a folder and those above it; one that is there already is no error.
  /// - Throws: `RunError.cannotWrite`.
  static func makeFolder(_ path: String) throws(RunError) {
    guard makeFolders(path) else { throw .cannotWrite(path: path, reason: lastReason) }
  }

  private static var lastReason: String { String(cString: strerror(errno)) }

  private static func write(
    toNew path: String, _ body: ((UnsafeRawBufferPointer) throws(RunError) -> Void) throws(RunError) -> Void
  ) throws(RunError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: lastReason) }
    defer { close(descriptor) }
    try body { bytes throws(RunError) in
      var used = 0
      while used < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + used, bytes.count - used)
        if count >= 0 { used += count } else if errno != EINTR { throw .cannotWrite(path: path, reason: lastReason) }
      }
    }
    guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, reason: lastReason) }
  }

  /// Renames within a file system.
  static func move(_ source: String, to path: String) throws(RunError) {
    guard rename(source, path) == 0 else { throw .cannotWrite(path: path, reason: lastReason) }
  }

  /// False leaves the reason in `errno`; Foundation's own function loses it.
  private static func makeFolders(_ path: String) -> Bool {
    if mkdir(path, 0o755) == 0 { return true }
    let above = parent(of: path)
    switch errno {
    case EEXIST:
      var status = stat()
      if stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR { return true }
      errno = ENOTDIR
      return false
    case ENOENT where above != path && above != ".":
      return makeFolders(above) && mkdir(path, 0o755) == 0
    default:
      return false
    }
  }

  private static func setAside(_ path: String) throws(RunError) {
    try removeIfPresent(path + ".old")
    guard rename(path, path + ".old") == 0 || errno == ENOENT else {
      throw .cannotWrite(path: path, reason: lastReason)
    }
  }

  private static func removeIfPresent(_ path: String) throws(RunError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw .cannotWrite(path: path, reason: reason(of: error))
    }
  }

  /// The folder that a path lies in. (Foundation's own traps on a path of one letter.)
  static func parent(of path: String) -> String {
    var rest = path.unicodeScalars[...]
    while rest.count > 1, rest.last == "/" { rest.removeLast() }
    guard let slash = rest.lastIndex(of: "/") else { return "." }
    return slash == rest.startIndex ? "/" : String(rest[..<slash])
  }

  /// A name is on the disk only when its folder is.
  private static func synchronize(_ folder: String) throws(RunError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotWrite(path: folder, reason: lastReason) }
    defer { close(descriptor) }
    // Some network file systems can't sync folders and say EINVAL; nothing better can be done on them.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .cannotWrite(path: folder, reason: lastReason) }
  }

  /// The system's own words, which Foundation wraps in sentences of its own.
  static func reason(of error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    guard let cause, cause.domain == NSPOSIXErrorDomain else { return (error as NSError).localizedDescription }
    return String(cString: strerror(Int32(cause.code)))
  }
}
