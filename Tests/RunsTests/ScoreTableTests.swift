import Algorithms
import Environments
import Foundation
import Testing

@testable import Runs

@Suite("Tables of scores")
struct ScoreTableTests {
  private let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString).tsv").path

  private var sample: ScoreTable {
    var table = ScoreTable(
      suite: "planar10", conditions: "success of 50 greedy episodes per task, seed 1001", tasks: ["reach", "push"])
    table.add(.init(run: "deep-1", arm: "soft-modularization wrap=a,b", seed: 1, scores: [0.02, 1]))
    table.add(.init(run: "mt-sac-2", arm: "mt-sac", seed: 2, scores: [0.1, 0]))
    return table
  }

  @Test("What is written is read, and a run has one row")
  func roundTrip() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    var table = sample
    try table.write(to: path)
    #expect(try ScoreTable(path: path) == table)
    table.add(.init(run: "deep-1", arm: "soft-modularization", seed: 1, scores: [0.5, 0.25]))
    #expect(table.rows.count == 2)
    #expect(table.row(ofRun: "deep-1")?.scores == [0.5, 0.25])
    #expect(table.row(ofRun: "deep-2") == nil)
  }

  @Test(
    "A damaged table is refused, with its line",
    arguments: [
      ("", "two lines"), ("reach\n", "two lines"), ("# x\nrun\tarm\tseed\treach\n", "two lines"),
      ("# x, y\nrun\tarm\tseed\treach\na-1\ta\t1\n", "a-1"),
      ("# x, y\nrun\tarm\tseed\treach\na-1\ta\t1\tnan\n", "a-1"),
      ("# x, y\nrun\tarm\tseed\treach\na-1\ta\t-1\t0.5\n", "a-1"),
      ("# x, y\nrun\tarm\tseed\treach\na-1\ta\t1\t0.5\na-1\ta\t1\t0.5\n", "two lines of the run a-1"),
    ])
  func damaged(text: String, reason: String) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    #expect {
      try ScoreTable(path: path)
    } throws: {
      "\($0)".contains(reason)
    }
  }

  @Test("Tables with the words of older versions are read")
  func olderWords() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = "# planar10, success of 50 greedy episodes a task, seed 1001\nrun\tarm\tseed\treach\na-1\ta\t1\t0.5\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    #expect(try ScoreTable(path: path).conditions == "success of 50 greedy episodes per task, seed 1001")
  }

  @Test("Lines may end as on Windows")
  func lineEnds() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("# planar10, y\r\nrun\tarm\tseed\treach\r\na-1\ta\t1\t0.5\r\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try ScoreTable(path: path).row(ofRun: "a-1")?.scores == [0.5])
  }

  @Test("An arm's name has nothing that a terminal obeys")
  func foreignArm() throws {
    let flags = [("suite", "gymnasium:X-v0"), ("env-module", "a\u{202e}\u{1b} b")]
    let arm = try RunConfiguration.resolve(flags: flags).arm
    #expect(arm.unicodeScalars.allSatisfy(\.isHarmless) && arm.contains("a%202e%1b%20b"), "\(arm)")
  }

  @Test("Runs are grouped by arms, whose names leave out what all have changed; a seed twice is refused")
  func groups() throws {
    let runs = [
      ("x/a-1", "mt-sac steps=9", UInt64(1)), ("x/b-1", "mt-sac steps=9 width=7", 1), ("x/a-2", "mt-sac steps=9", 2),
    ]
    #expect(
      try Arm.group(runs) == [Arm(name: "mt-sac", runs: [0, 2]), Arm(name: "mt-sac width=7", runs: [1])])
    #expect(try Arm.group([runs[0], runs[2]]) == [Arm(name: "mt-sac steps=9", runs: [0, 1])])
    #expect(throws: RunError.sameRun(path: "y/a-1", other: "x/a-1", arm: "mt-sac", seed: 1)) {
      try Arm.group(runs + [("y/a-1", "mt-sac steps=9", 1)])
    }
  }

  @Test("An arm is the algorithm and what was changed")
  func arm() throws {
    let blind = try RunConfiguration.resolve(
      flags: [
        ("suite", "planar10"), ("algorithm", "soft-modularization"), ("balance", "off"), ("routing-by-state", "false"),
        ("seed", "3"), ("threads", "2"),
      ])
    #expect(blind.arm == "soft-modularization routing-by-state=false balance=off")
    #expect(try RunConfiguration.resolve(flags: [("suite", "planar10"), ("algorithm", "mt-sac")]).arm == "mt-sac")
    #expect(
      try RunConfiguration.resolve(flags: [("suite", "planar10"), ("algorithm", "mt-sac"), ("protocol", "released")])
        .arm
        == "mt-sac protocol=released")
  }
}
