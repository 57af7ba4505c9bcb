import Foundation
import Runs
import Testing

@testable import Tool

@Suite("Text of the tool")
struct ToolTextTests {
  @Test(
    "A path's tilde is the home folder once and for all, and no other folder",
    arguments: [
      ("~", "HOME"), ("~/a", "HOME/a"), ("~other/a", "./~other/a"), ("a~", "a~"), ("./~", "./~"), ("a", "a"),
      ("/", "/"),
    ])
  func tilde(text: String, expected: String) throws {
    let home = try #require(ProcessInfo.processInfo.environment["HOME"])
    #expect(try path(text) == expected.replacing("HOME", with: home))
  }

  @Test(
    "A suggested command is what a shell reads back",
    arguments: [
      "plain", "a b", "ü 1", "it's", "$(x)", "`x`", "a\\b", "a\nb", "~", "*", "", "\"", "-x", "a;b", "#", "!", "x=y",
    ])
  func quoting(word: String) throws {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "printf '[%s]' \(Shell.quoted(word))"]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text == "[\(word)]")
  }

  @Test("Lines are broken between words, and their indentation stays")
  func wrapping() {
    #expect(wrapped("one two three", to: 7) == ["one two", "three"])
    #expect(wrapped("one two three", to: 8) == ["one two", "three"])
    #expect(wrapped("a verylongword b", to: 5) == ["a", "verylongword", "b"])
    #expect(wrapped("  a b\n\nc", to: 5) == ["  a b", "", "c"])
    #expect(wrapped("", to: 5) == [""])
  }

  @Test("A list may have spaces after or before its commas")
  func spaces() {
    #expect(Complaint.joinLists(["--tasks", "a,", "b,", "c", "d"]) == ["--tasks", "a,b,c", "d"])
    #expect(Complaint.joinLists(["--tasks=a", ",b", "--x,", "y"]) == ["--tasks=a,b", "--x,", "y"])
    #expect(Complaint.joinLists(["a,", "--x"]) == ["a,", "--x"])
  }

  @Test("Durations and rates of any size are text")
  func sizes() {
    #expect(duration(3_661) == "1 h 1 min" && duration(.infinity) == "n/a" && duration(1e300) == "n/a")
    #expect(duration(-.nan) == "n/a" && grouped(1e300) == "n/a" && grouped(-.infinity) == "n/a")
    #expect(grouped(1234.6) == "1,234" && grouped(Int.min) == "-9,223,372,036,854,775,808")
  }
}
