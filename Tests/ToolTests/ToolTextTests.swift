import Algorithms
import Environments
import Foundation
import Runs
import Testing

@testable import PolymathTool

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

  @Test("Cells of a table are printable, and columns as wide as what is shown")
  func printableTable() {
    #expect(table([["\u{1b}[2J", "1"], ["a\u{202e}", "22"]]) == ["\\u{1b}[2J   1", "a\\u{202e}  22"])
  }

  @Test("A list may have spaces after or before its commas")
  func spaces() {
    #expect(Complaint.joinLists(["--tasks", "a,", "b,", "c", "d"]) == ["--tasks", "a,b,c", "d"])
    #expect(Complaint.joinLists(["--tasks=a", ",b", "--x,", "y"]) == ["--tasks=a,b", "--x,", "y"])
    #expect(Complaint.joinLists(["a,", "--x"]) == ["a,", "--x"])
  }

  @Test(
    "An unknown option is told with what was probably meant, and with the command's help where nobody can tell",
    arguments: [
      ("train --overwite", "train has no option --overwite: did you mean --overwrite?"),
      ("train --task a", "did you mean --tasks?"), ("evaluate --task a", "did you mean --tasks?"),
      ("play --tasks a", "did you mean --task?"), ("train --episodes 9", "option of evaluate, compare"),
      ("evaluate --unroll 3", "option of train"), ("evaluate --episode 3", "did you mean --episodes?"),
      ("evaluate --num-episodes 3", "did you mean --episodes?"), ("play --deterministic", "did you mean --greedy?"),
      ("train --batch-size 9", "did you mean --batch, a setting of SAC's algorithms?"),
      ("train --batch_size=9 --algorithm=mt-sac", "did you mean --batch?"),
      ("train --hidden-size 9", "did you mean --width, a setting of SAC's algorithms?"),
      ("train --algorithm sac --hidden-size 9", "did you mean --width?"),
      ("train --tau 1", "did you mean --target-rate, a setting of SAC's algorithms?"),
      ("train --algorithm sac --ent-coef 1", "did you mean --entropy-cost, a setting of IMPALA's algorithms?"),
      ("train --nenvs 2", "did you mean --environments-per-task?"), ("train --frame-stack 4", "did you mean --wrap?"),
      ("train --resume-from a", "did you mean --resume?"), ("train --dir a", "did you mean --out?"),
      ("train --verbose", " train --help lists all)"), ("evaluate --n 3", " evaluate --help lists all)"),
      ("bench --nosuch", " bench training --help lists all)"),
      ("analyze curves --nosuch", " analyze curves --help lists all)"), ("--nosuch", " --help lists all)"),
    ])
  func unknownOptions(line: String, hint: String) throws {
    let told = try #require(Complaint.unknownOption(line.split(separator: " ").map(String.init)))
    #expect(told.hasSuffix(hint))
  }

  @Test(
    "A known option is none of the unknown",
    arguments: ["evaluate -- --x", "play a --help", "train --lstm 0 --width=3", "bench --help", "--version", "-x", ""])
  func knownOptions(line: String) {
    #expect(Complaint.unknownOption(line.split(separator: " ").map(String.init)) == nil)
  }

  @Test("What a Python lacks is told with the command that installs it")
  func remedies() {
    func remedy(_ packages: [String]) -> String? {
      Complaint.remedy(of: EnvironmentError.packageMissing(task: "t", reason: "r", packages: packages, python: "/a b"))
    }
    #expect(remedy(["ale-py", "gymnasium"]) == ": run `make gymnasium`" && remedy([]) == nil)
    #expect(remedy(["MinAtar"]) == ": run `make minatar`")
    #expect(remedy(["gymnasium", "metaworld"]) == ": run `make metaworld`")
    #expect(remedy(["minigrid"]) == ": run `'/a b' -m pip install minigrid`")
    #expect(
      Complaint.remedy(of: EnvironmentError.pythonMissing(reason: "r", packages: ["gymnasium"]))
        == ", or run `make gymnasium`")
    #expect(Complaint.remedy(of: RunError.notARun(path: "p")) == nil)
  }

  @Test("A table that is too wide loses its most expendable columns, and no others")
  func narrowTable() {
    let columns: [ScoreColumn<Int>] = [
      .init("task") { "line\($0)" }, .init("return", expendable: 1) { "\($0)" }, .init("none") { _ in nil },
      .init("bar", expendable: 2) { _ in "##########" },
    ]
    #expect(
      table(of: [1, 2], columns) == [
        "task   return         bar", "line1       1  ##########", "line2       2  ##########",
      ])
    #expect(table(of: [1, 2], columns, width: 25).first == "task   return         bar")
    #expect(table(of: [1, 2], columns, width: 24) == ["task   return", "line1       1", "line2       2"])
    #expect(table(of: [1, 2], columns, width: 12) == ["task", "line1", "line2"])
    #expect(table(of: [1, 2], columns, width: 3) == ["task", "line1", "line2"])
  }

  @Test("What is drawn over fits the terminal, with its last text whole")
  func fittingLines() {
    let (rows, texts) = (["task", "one", "two", "three"], ["a note of two", "10 of 20 steps"])
    #expect(fitting(rows, texts, (20, 7)) == rows + texts)
    #expect(fitting(rows, texts, (8, 9)) == rows + ["a note", "of two", "10 of 20", "steps"])
    #expect(fitting(rows, texts, (20, 6)) == ["task", "one", "two", "(2 more lines)", "10 of 20 steps"])
    #expect(fitting(rows, texts, (3, 99)).allSatisfy { $0.count <= 3 })
    for height in 5...9 { #expect(fitting(rows, texts, (8, height)).count < height) }
  }

  @Test("A forecast takes the speed since the first report, and needs five seconds of it")
  func forecasts() {
    var forecast = Forecast()
    #expect(forecast.left(steps: 160, of: 1_160, seconds: 8) == .infinity)
    #expect(forecast.left(steps: 360, of: 1_160, seconds: 12.9) == .infinity)
    #expect(forecast.left(steps: 660, of: 1_160, seconds: 13) == 5)
    #expect(forecast.left(steps: 1_160, of: 1_160, seconds: 18) == 0)
    #expect(duration(forecast.left(steps: 160, of: 1_160, seconds: 14)) == "n/a")
    var short = Forecast()
    #expect(short.left(steps: 20, of: 20, seconds: 1) == 0)
  }

  @Test("What is rounded to zero has no sign")
  func zeros() {
    #expect(percent(-0.001) == "0 %" && percent(-0.006) == "-1 %" && percent(-0.0) == "0 %" && percent(0.5) == "50 %")
    #expect(short(-0.0) == "0.00" && short(-0.25) == "-0.25" && short(-12.34) == "-12.3")
    #expect(decimal(-0.0004, digits: 3) == "0.000" && decimal(-0.0006, digits: 3) == "-0.001")
  }

  @Test("Scores of four and more digits are grouped, as counts are")
  func groupedScores() {
    #expect(short(999.4) == "999" && short(999.6) == "1,000" && short(1234.5) == "1,234" && short(1235.5) == "1,236")
    #expect(short(-57_980) == "-57,980" && short(9_999_999) == "9,999,999" && short(1e7) == "1e+07")
    #expect(short(57_980) == grouped(57_980))
  }

  @Test("Durations and rates of any size are text")
  func sizes() {
    #expect(duration(3_661) == "1 h 1 min" && duration(.infinity) == "n/a" && duration(1e300) == "n/a")
    #expect(duration(-.nan) == "n/a" && grouped(1e300) == "n/a" && grouped(-.infinity) == "n/a")
    #expect(grouped(1234.6) == "1,234" && grouped(Int.min) == "-9,223,372,036,854,775,808")
  }
}
