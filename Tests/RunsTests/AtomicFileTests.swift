import Foundation
import Testing

@testable import Runs

@Suite("Atomic files")
struct AtomicFileTests {
  /// Runs `body` in a folder of its own, which is gone afterwards.
  private func inFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test("What is written is read back, replaces what was there and leaves nothing beside it")
  func replace() throws {
    try inFolder { folder in
      for text in ["first, and longer", "", "second"] {
        try AtomicFile.write(text.utf8, to: "\(folder)/a")
        #expect(try AtomicFile.read("\(folder)/a") == Array(text.utf8))
        #expect(try Array(AtomicFile.map("\(folder)/a")) == Array(text.utf8))
      }
      #expect(try names(folder) == ["a"])
    }
  }

  @Test(
    "A path's folder is found in every form of path",
    arguments: [
      ("a", "."), ("ab/c", "ab"), ("a/b/", "a"), ("/a", "/"), ("/", "/"), ("//a", "/"), ("./a", "."), ("../a", ".."),
      ("ü/é", "ü"), ("a/b//", "a"),
    ])
  func parents(path: String, folder: String) { #expect(AtomicFile.parent(of: path) == folder) }

  @Test("A full disk leaves the old file, and the message names the file that was asked for")
  func fullDisk() throws {
    try inFolder { folder in
      try AtomicFile.write("old".utf8, to: "\(folder)/a")
      // Every write to /dev/full finds no space.
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/a.partial", withDestinationPath: "/dev/full")
      let expected = RunError.cannotWrite(path: "\(folder)/a", reason: "No space left on device")
      #expect(throws: expected) { try AtomicFile.write("new".utf8, to: "\(folder)/a") }
      #expect(try AtomicFile.read("\(folder)/a") == Array("old".utf8))
      #expect(try names(folder) == ["a"])
    }
  }

  @Test("Paths that can't be read or written say why, in one line")
  func badPaths() throws {
    try inFolder { folder in
      try AtomicFile.write([1], to: "\(folder)/file")
      let wrong: [(RunError, () throws -> Void)] = [
        (
          .cannotRead(path: "\(folder)/none", reason: "No such file or directory"),
          { _ = try AtomicFile.read("\(folder)/none") }
        ),
        (.cannotRead(path: folder, reason: "Is a directory"), { _ = try AtomicFile.read(folder) }),
        (.cannotRead(path: folder, reason: "Is a directory"), { _ = try AtomicFile.map(folder) }),
        (
          .cannotWrite(path: "\(folder)/file/a", reason: "Not a directory"),
          { try AtomicFile.write([1], to: "\(folder)/file/a") }
        ),
        (
          .cannotWrite(path: "\(folder)/file/a", reason: "Not a directory"),
          { try AtomicFile.writeFolder("\(folder)/file/a") { _ in } }
        ),
      ]
      for (expected, attempt) in wrong {
        #expect(throws: expected) { try attempt() }
        #expect(!expected.description.contains("\n"))
      }
      #expect(try names(folder) == ["file"])
    }
  }

  @Test("A folder appears as a whole, replaces one of its name and clears what interrupted writes left")
  func folders() throws {
    try inFolder { folder in
      let path = "\(folder)/checkpoints/10"
      for leftover in ["\(path).partial", "\(path).old"] {
        try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
        try AtomicFile.write("stale".utf8, to: "\(leftover)/stale")
      }
      for text in ["one", "two"] {
        try AtomicFile.writeFolder(path) { temporary in
          #expect(try names(temporary).isEmpty)
          try AtomicFile.write(text.utf8, to: "\(temporary)/state")
        }
        #expect(try names(path) == ["state"])
        #expect(try AtomicFile.read("\(path)/state") == Array(text.utf8))
        #expect(try names("\(folder)/checkpoints") == ["10"])
      }
      try AtomicFile.removeFolder(path)
      #expect(try names("\(folder)/checkpoints").isEmpty)
    }
  }

  @Test("A folder whose writing fails leaves the old one")
  func failedFolder() throws {
    try inFolder { folder in
      struct Failure: Error {}
      let path = "\(folder)/10"
      try AtomicFile.writeFolder(path) { try AtomicFile.write("old".utf8, to: "\($0)/state") }
      #expect(throws: Failure.self) {
        try AtomicFile.writeFolder(path) { temporary in
          try AtomicFile.write("new".utf8, to: "\(temporary)/state")
          throw Failure()
        }
      }
      #expect(try AtomicFile.read("\(path)/state") == Array("old".utf8))
      #expect(try names(folder) == ["10"])
    }
  }

  @Test("Only files are read: a pipe, a folder, a device or a link to one is refused at once")
  func kinds() throws {
    try inFolder { folder in
      #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/zeros", withDestinationPath: "/dev/zero")
      for path in ["\(folder)/pipe", "\(folder)/zeros", folder, "/dev/null"] {
        #expect(throws: RunError.self) { try AtomicFile.read(path) }
        #expect(throws: RunError.self) { try AtomicFile.map(path) }
        #expect(throws: RunError.self) { try ScoreTable(path: path) }
        #expect(throws: RunError.self) { try TensorFile(path: path) }
        #expect(throws: RunError.self) { try Manifest(path: path) }
        #expect(throws: RunError.self) { try Checkpoint.State(in: path) }
      }
      // The system says that these have 0 bytes.
      #expect(try !AtomicFile.text("/proc/self/status").isEmpty)
    }
  }

  @Test("A file of words that is too long is refused by its size")
  func limits() throws {
    try inFolder { folder in
      let path = "\(folder)/a"
      try AtomicFile.write([UInt8](repeating: 97, count: 100), to: path)
      #expect(try AtomicFile.text(path, limit: 100).count == 100)
      #expect(throws: RunError.self) { try AtomicFile.text(path, limit: 99) }
      // Holes take no space on the disk.
      #expect(truncate(path, 1 << 40) == 0)
      #expect(throws: RunError.self) { try ScoreTable(path: path) }
      #expect(throws: RunError.self) { try Manifest(path: path) }
    }
  }

  @Test("A line of a foreign file is shown without what a terminal would obey, and cut")
  func foreign() throws {
    try inFolder { folder in
      let text = "# a, b\nrun\tarm\tseed\tx\n\u{1b}[2J" + String(repeating: "x", count: 100_000) + "\r"
      try AtomicFile.write(text.utf8, to: "\(folder)/scores")
      do {
        _ = try ScoreTable(path: "\(folder)/scores")
        Issue.record("it was taken")
      } catch {
        #expect("\(error)".contains("\\u{1b}[2J") && "\(error)".count < 1000 && !"\(error)".contains("\u{1b}"))
      }
    }
  }

  /// Lengths at which the padding changes its shape, hashed by Python's hashlib.
  @Test(
    "SHA-256 pads every length",
    arguments: [
      (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
      (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
      (63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
      (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
      (119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
      (120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
    ])
  func padding(length: Int, expected: String) {
    #expect(SHA256.hex(repeatElement(UInt8(ascii: "a"), count: length)) == expected)
    var pieces = SHA256()
    for start in stride(from: 0, to: length, by: 7) {
      pieces.update(repeatElement(UInt8(ascii: "a"), count: min(7, length - start)))
    }
    #expect(pieces.finalize() == expected)
  }
}
