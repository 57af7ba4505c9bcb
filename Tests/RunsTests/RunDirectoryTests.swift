import Foundation
import Testing

@testable import Runs

@Suite("The folder of a run")
struct RunDirectoryTests {
  private func inFolder(_ body: (RunDirectory) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(RunDirectory.make(path: path))
  }

  private func write(_ text: String, _ names: String..., in directory: RunDirectory) throws {
    for name in names {
      let file = URL(fileURLWithPath: "\(directory.path)/\(name)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was thrown"
  }

  @Test("One lock per folder: a second one is refused with the process that holds the first, until that ends")
  func lock() throws {
    try inFolder { directory in
      var first: RunLock? = try RunLock(folder: directory.path)
      let refused = message { _ = try RunLock(folder: directory.path) }
      #expect(refused.contains("process \(getpid()) on ") && refused.contains(CommandLine.arguments[0]), "\(refused)")
      try #require(first).check()
      first = nil
      _ = try RunLock(folder: directory.path)
    }
  }

  @Test("What another wrote into a lock file reaches the terminal as one line without control characters")
  func hostileHolder() throws {
    try inFolder { directory in
      let lock = try RunLock(folder: directory.path)
      for text in [
        #"{"process":1,"host":"a\u001b[2J\u0007","command":["x\r\ny","\u009b31m"]}"#, "\u{1b}[2J", "",
        String(repeating: "9", count: 100_000),
      ] {
        let file = try #require(FileHandle(forWritingAtPath: "\(directory.path)/lock"))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(text.utf8))
        let refused = message { _ = try RunLock(folder: directory.path) }
        #expect(refused.contains("is being trained by"))
        #expect(!refused.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(refused)")
      }
      try lock.check()
    }
  }

  @Test("A folder that was deleted, moved or replaced is no longer the one that was locked", arguments: 0..<3)
  func lost(how: Int) throws {
    try inFolder { directory in
      let lock = try RunLock(folder: directory.path)
      let moved = directory.path + "-moved"
      defer { try? FileManager.default.removeItem(atPath: moved) }
      switch how {
      case 0: try FileManager.default.removeItem(atPath: directory.path)
      case 1: try FileManager.default.moveItem(atPath: directory.path, toPath: moved)
      default:
        try FileManager.default.moveItem(atPath: directory.path, toPath: moved)
        _ = try RunLock(folder: RunDirectory.make(path: directory.path).path)
      }
      #expect(throws: RunError.folderLost(path: directory.path)) { try lock.check() }
    }
  }

  @Test("A new run takes an empty folder, or what a start left that was cut off; never another folder")
  func claim() throws {
    try inFolder { directory in
      _ = try directory.claim(overwrite: false)
      try write("sui", "run.yaml.partial", in: directory)
      for overwrite in [false, true] { _ = try directory.claim(overwrite: overwrite) }
      try write("mine", "notes.txt", in: directory)
      for overwrite in [false, true] {
        let refused = message { _ = try directory.claim(overwrite: overwrite) }
        #expect(refused.contains("is not the folder of a run"), "\(refused)")
      }
      try write("suite: arcade\n", "run.yaml", in: directory)
      #expect(throws: RunError.runExists(path: directory.path)) { _ = try directory.claim(overwrite: false) }
      let lock = try directory.claim(overwrite: true)
      #expect(throws: RunError.self) { _ = try directory.claim(overwrite: true) }
      try lock.check()
    }
  }

  @Test("A run that is replaced goes aside, and nobody else's files; it comes back whole wherever a kill struck")
  func replaced() throws {
    let files = ["analysis/routing.csv", "checkpoints/10/state.json", "metrics.jsonl", "run.yaml"]
    // The names that were moved aside, or back, before the kill; nil for a new run that had begun.
    for moved in [nil, [], ["checkpoints"], ["checkpoints", "analysis", "metrics.jsonl", "run.yaml"]] as [[String]?] {
      try inFolder { directory in
        for file in files + ["notes.md", "figures/a.txt"] { try write("old", file, in: directory) }
        if let moved {
          try write("", "replaced-run.partial/x", in: directory)
          try FileManager.default.removeItem(atPath: "\(directory.path)/replaced-run.partial/x")
          for name in moved {
            try FileManager.default.moveItem(
              atPath: "\(directory.path)/\(name)", toPath: "\(directory.path)/replaced-run.partial/\(name)")
          }
        } else {
          try directory.setAside()
          #expect(try names(directory.path) == ["figures", "notes.md", "replaced-run"])
          for file in ["run.yaml", "baselines.json", "metrics.jsonl"] { try write("new", file, in: directory) }
        }
        #expect(throws: RunError.runExists(path: directory.path)) { _ = try directory.claim(overwrite: false) }
        _ = try directory.claim(overwrite: true)
        #expect(
          try names(directory.path)
            == ["analysis", "checkpoints", "figures", "lock", "metrics.jsonl", "notes.md", "run.yaml"])
        for file in files { #expect(try AtomicFile.text("\(directory.path)/\(file)") == "old") }
      }
    }
  }

  @Test("A file is no folder for a run, and is told to be a file")
  func file() throws {
    try inFolder { directory in
      try write("import gymnasium", "lines.py", in: directory)
      let refused = message { _ = try RunDirectory(path: "\(directory.path)/lines.py").claim(overwrite: true) }
      #expect(refused.contains("it is a file"), "\(refused)")
    }
  }

  @Test("A folder named by mistake gets no file")
  func mistake() throws {
    try inFolder { directory in
      try write("mine", "notes.txt", in: directory)
      for overwrite in [false, true] { _ = try? directory.claim(overwrite: overwrite) }
      #expect(try names(directory.path) == ["notes.txt"])
    }
  }

  @Test("A run that logged nothing is removed with its folder, but for what somebody else put there")
  func discards() throws {
    try inFolder { directory in
      try write("x", "run.yaml", "tasks.lock", "metrics.jsonl", "lock", in: directory)
      directory.discard()
      #expect(!directory.exists)
    }
    try inFolder { directory in
      try write("x", "run.yaml", "notes.txt", in: directory)
      directory.discard()
      #expect(try names(directory.path) == ["notes.txt"])
    }
  }

  @Test("What a kill left of a checkpoint is cleared away, and nothing else")
  func remains() throws {
    try inFolder { directory in
      try write(
        "", "run.yaml", "notes.old", "checkpoints/10/state.json", "checkpoints/20.partial/state.json",
        "checkpoints/30.old/state.json", "checkpoints/best.old/state.json", "replaced-run.old/run.yaml",
        in: directory)
      try directory.clearRemains()
      #expect(try names(directory.path) == ["checkpoints", "notes.old", "run.yaml"])
      #expect(try names("\(directory.path)/checkpoints") == ["10", "best.old"])
    }
  }
}
