import Analysis
import Foundation
import Testing

@testable import Runs

@Suite("Learning curves")
struct LearningCurvesTests {
  @Test("Seeds are an arm, and a curve begins when all is known and ends with the shortest run")
  func arms() throws {
    let runs = [
      try loggedRun("mt-sac", seed: 1, end: 0.5), try loggedRun("mt-sac", seed: 2, end: 1),
      try loggedRun("mt-mh-sac", seed: 1, end: 0.75, records: [250, 500]),
    ]
    defer { runs.forEach { try? FileManager.default.removeItem(atPath: $0) } }
    let curves = try LearningCurves(runs, points: 4)
    #expect(curves.arms.map(\.name) == ["mt-sac", "mt-mh-sac"])
    #expect(curves.metric == .success)
    #expect(curves.panels.map(\.title) == ["all tasks (IQM)", "reach", "push"])
    let reach = curves.panels[1].curves
    #expect(reach[0].map(\.steps) == [500, 750, 1000])
    #expect(reach[0].map(\.estimate) == [0.375, 0.375, 0.75])
    #expect(reach[0][2].low == 0.5 && reach[0][2].high == 1)
    #expect(reach[1] == [.init(steps: 500, estimate: 0.375, low: 0.375, high: 0.375)])
    // The middle half of 0.5, 1, 0.25 and 0.25.
    #expect(curves.panels[0].curves[0].last?.estimate == 0.375)
  }

  @Test("A line that was not written to its end, or is none, doesn't count")
  func torn() throws {
    let path = try loggedRun("mt-sac", seed: 1, end: 0.5)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = path + "/metrics.jsonl"
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    let text = [lines[0], "\0\0", lines[1], "{\"steps\":1000,\"rea"].joined(separator: "\n")
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let curves = try LearningCurves([path], points: 2)
    #expect(curves.panels[1].curves[0].map(\.steps) == [500])
  }

  @Test(
    "Logs of one line and of absurd numbers become pictures of finite coordinates",
    arguments: [
      (["5"], ["0.5"]), (["0"], ["1"]), (["-7"], ["1"]), (["9223372036854775807"], ["1e308"]),
      (["1", "9007199254740993"], ["-1e308", "1e308"]), (["3", "3"], ["1", "1"]), (["7", "5"], ["1e-320", "0"]),
    ])
  func absurd(steps: [String], values: [String]) throws {
    let path = try loggedRun("mt-sac", seed: 1, end: 0)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let lines = zip(steps, values).map { "{\"steps\":\($0),\"reach/return\":\($1),\"push/return\":\($1)}\n" }
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: path + "/metrics.jsonl"))
    let svg = try LearningCurves([path], metric: .return).svg
    #expect(!svg.contains("nan") && !svg.contains("inf") && svg.hasSuffix("</svg>\n"))
  }

  @Test("A picture replaces a picture of its kind, and no other file")
  func replaceable() throws {
    let path = try loggedRun("mt-sac", seed: 1, end: 0.5)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = path + "/curves.svg"
    try LearningCurves.checkReplaceable(file)
    try AtomicFile.write(LearningCurves([path]).svg.utf8, to: file)
    try LearningCurves.checkReplaceable(file)
    for text in ["", "precious", "<svg></svg>"] {
      try AtomicFile.write(text.utf8, to: file)
      #expect(throws: RunError.foreignFile(path: file)) { try LearningCurves.checkReplaceable(file) }
    }
    #expect(throws: RunError.foreignFile(path: path)) { try LearningCurves.checkReplaceable(path) }
  }

  @Test("The newest record's numbers, and what it doesn't know")
  func newest() throws {
    let path = try loggedRun("mt-sac", seed: 1, end: 0.5)
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try LearningCurves.newest(.success, of: ["push", "reach"], in: path) == [0.25, 0.5])
    #expect(try LearningCurves.newest(.normalized, of: ["push", "reach"], in: path) == [nil, nil])
    try Data().write(to: URL(fileURLWithPath: path + "/metrics.jsonl"))
    #expect(try LearningCurves.newest(.success, of: ["push"], in: path) == [nil])
  }

  @Test("What can't be drawn is refused with the run's name")
  func refused() throws {
    let runs = [try loggedRun("mt-sac", seed: 1, end: 0.5), try loggedRun("mt-sac", seed: 2, end: 1)]
    defer { runs.forEach { try? FileManager.default.removeItem(atPath: $0) } }
    #expect {
      try LearningCurves(runs, metric: .normalized)
    } throws: {
      "\($0)".contains("no normalized of every task")
    }
    #expect(throws: RunError.sameRun(path: runs[0], other: runs[0], arm: "mt-sac steps=1000", seed: 1)) {
      try LearningCurves([runs[0], runs[0]])
    }
    try Data("suite: planar10\ntasks: [push]\nalgorithm: mt-sac\n".utf8).write(
      to: URL(fileURLWithPath: runs[1] + "/run.yaml"))
    #expect {
      try LearningCurves(runs, metric: .success)
    } throws: {
      "\($0)".contains(runs[1]) && "\($0)".contains("[\"push\"]")
    }
    #expect(throws: RunError.notARun(path: "nowhere")) { try LearningCurves(["nowhere"], metric: .success) }
  }
}
