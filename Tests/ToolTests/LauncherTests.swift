import Foundation
import Testing

/// `scripts/launcher` in a folder with a compiler and a tool that only say what they were told.
@Suite("Launcher")
struct LauncherTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scripts/launcher")

  /// What a shell prints.
  private func shell(_ command: String, in folder: URL, _ words: [String] = []) throws -> String {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command, "sh"] + words
    process.currentDirectoryURL = folder
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text
  }

  private func write(_ text: String, _ path: URL) throws {
    try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
  }

  @Test(
    "The tool beside ./polymath runs, wherever the clone lies, is moved to and is called from, and no name is run",
    arguments: [
      "plain", "a b", "it's", "a\"b", "$HOME", "$(touch PWNED)", "`touch PWNED`", "a\\b", "-dash", "new\nline", "end\n",
      "ü*?", "a;touch PWNED", "#", "%s",
    ])
  func names(name: String) throws {
    try inFolder { folder in
      let clone = folder.appending(path: "one").appending(component: name, directoryHint: .isDirectory)
      let built = ".build/machine/debug"
      try write("#!/bin/sh\nprintf '%s\\n' \"$PWD/\(built)\"\n", folder.appending(path: "bin/swift"))
      try write(
        "#!/bin/sh\nprintf '%s|' \"$POLYMATH_PYTHON\" \"$POLYMATH_PROGRAM\" \"$@\"\n",
        clone.appending(path: "\(built)/polymath"))
      try write(
        String(contentsOf: Self.script, encoding: .utf8), clone.appending(path: "scripts/launcher"))
      let made = try shell("PATH=\"$PWD/../../bin:$PATH\"; export PATH; exec ./scripts/launcher debug", in: clone)
      #expect(made == "")
      let called = try shell("exec \"$1/polymath\" 'a b' '$x'", in: folder, [clone.path])
      #expect(called == "\(clone.path)/.venv/bin/python|\(clone.path)/polymath|a b|$x|")
      // Moved, and called by a link from elsewhere.
      try FileManager.default.moveItem(at: folder.appending(path: "one"), to: folder.appending(path: "two"))
      let moved = folder.appending(path: "two").appending(component: name).path
      let linked = try shell("ln -s -- \"$1/polymath\" tool && exec ./tool", in: folder, [moved])
      #expect(linked == "\(moved)/.venv/bin/python|./tool|")
      let remains = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(!remains.contains { $0.split(separator: "/").last == "PWNED" })
    }
  }

  @Test("A clone without a build says so")
  func unbuilt() throws {
    try inFolder { folder in
      try write("#!/bin/sh\necho \"$PWD/.build/machine/debug\"\n", folder.appending(path: "bin/swift"))
      try write(String(contentsOf: Self.script, encoding: .utf8), folder.appending(path: "clone/scripts/launcher"))
      let text = try shell(
        "PATH=\"$PWD/bin:$PATH\"; export PATH; ./clone/scripts/launcher debug && ./clone/polymath || echo $?",
        in: folder)
      #expect(text.contains("nothing is built in") && text.hasSuffix("1\n"), "\(text)")
    }
  }
}
