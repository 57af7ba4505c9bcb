import Foundation

/// The mark by which a user's own runs are known: an authentication code of `run.yaml` (HMAC-SHA256, RFC 2104) under a
/// key that only this user has on this machine.
///
/// The key is made with the first run, in `$XDG_STATE_HOME/polymath/key` or `~/.local/state/polymath/key`. A folder
/// that is moved or copied keeps its signature; one whose run.yaml is changed, or that comes from another user or
/// machine, has none that is right.
struct RunSignature {
  private static let keyBytes = 32
  private static let label = "hmac-sha256 "

  /// The folder of the key.
  let state: String

  /// - Parameter variables: Of the environment, which say where state is kept.
  init(variables: [String: String] = ProcessInfo.processInfo.environment) {
    let given = variables["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    state = "\(given ?? "\(variables["HOME"] ?? NSHomeDirectory())/.local/state")/polymath"
  }

  /// Signs the run.yaml in the folder of a run. Where no key can be kept the run has no signature, and trains all the
  /// same.
  func write(in directory: RunDirectory) throws(RunError) {
    guard let key = key() ?? newKey() else { return }
    let code = Self.code(of: try AtomicFile.read(directory.configuration), key: key)
    try AtomicFile.write("\(Self.label)\(code)\n".utf8, to: directory.signature)
  }

  /// Whether this user has signed what run.yaml says.
  func isValid(in directory: RunDirectory) -> Bool {
    guard let key = key(), let signed = try? AtomicFile.read(directory.signature),
      let text = try? AtomicFile.read(directory.configuration)
    else { return false }
    return String(decoding: signed, as: UTF8.self) == "\(Self.label)\(Self.code(of: text, key: key))\n"
  }

  /// The key, where there is one that nobody else can read.
  private func key() -> [UInt8]? {
    let descriptor = open("\(state)/key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: Self.keyBytes + 1)
    return read(descriptor, &bytes, bytes.count) == Self.keyBytes ? Array(bytes.prefix(Self.keyBytes)) : nil
  }

  /// Makes the key. Of two processes that do so at once, both have that of the first.
  private func newKey() -> [UInt8]? {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<Self.keyBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try? FileManager.default.createDirectory(
      atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let draft = "\(state)/key.\(UUID().uuidString)"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { unlink(draft) }
    let written = Foundation.write(descriptor, bytes, bytes.count)
    guard fsync(descriptor) == 0, close(descriptor) == 0, written == bytes.count else { return nil }
    link(draft, "\(state)/key")
    return key()
  }

  /// HMAC-SHA256 of a message: 64 hexadecimal digits. The key is at most a block long.
  static func code(of message: [UInt8], key: [UInt8]) -> String {
    precondition(key.count <= 64, "a key is at most 64 bytes")
    let padded = key + [UInt8](repeating: 0, count: 64 - key.count)
    let digest = SHA256.hex(padded.map { $0 ^ 0x36 } + message)
    let bytes = stride(from: 0, to: 64, by: 2).map { place in
      UInt8(digest.dropFirst(place).prefix(2), radix: 16)!
    }
    return SHA256.hex(padded.map { $0 ^ 0x5c } + bytes)
  }
}
