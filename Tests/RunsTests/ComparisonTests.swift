import Foundation
import Testing

@testable import Runs

@Suite("Comparisons of runs")
struct ComparisonTests {
  private var logged: Comparison.Options {
    var options = Comparison.Options()
    (options.scoring, options.bySuccess) = (.logged, true)
    return options
  }

  @Test("Runs that differ in their seed are an arm, with intervals where it has two")
  func arms() throws {
    let runs = [
      try loggedRun("mt-sac", seed: 1, end: 0.5), try loggedRun("mt-sac", seed: 2, end: 1),
      try loggedRun("mt-mh-sac", seed: 1, end: 0.75),
    ]
    defer { runs.forEach { try? FileManager.default.removeItem(atPath: $0) } }
    let comparison = try Comparison(runs, options: logged)
    #expect(comparison.suite == "planar10" && comparison.tasks == ["reach", "push"])
    #expect(comparison.conditions == "success of the last 100 training episodes per task")
    let arms = comparison.arms
    #expect(arms.map(\.name) == ["mt-sac", "mt-mh-sac"])
    #expect(arms[0].scores == [[0.5, 0.25], [1, 0.25]] && arms[1].scores == [[0.75, 0.25]])
    #expect(arms[0].interval(by: .mean).estimate == 0.5)
    // The middle half of 0.5, 1, 0.25 and 0.25.
    #expect(arms[0].interval(by: .interquartileMean).estimate == 0.375)
    #expect(arms[0].interval(task: 0).bounds.map { [$0.low, $0.high] } == [0.5, 1])
    #expect(arms[0].difference(to: arms[1], by: .mean).estimate == 0)
    // One seed says nothing about the next.
    #expect(arms[1].interval(by: .mean).bounds == nil && arms[0].difference(to: arms[1], by: .mean).bounds == nil)
  }

  @Test("A file of scores keeps finished runs only, and what it has is not scored again")
  func scores() throws {
    let path = try loggedRun("mt-sac", seed: 1, end: 0.5)
    let file = path + ".tsv"
    defer { [path, file].forEach { try? FileManager.default.removeItem(atPath: $0) } }
    var options = logged
    options.scores = file
    #expect(throws: RunError.unfinished(path: path, steps: 0, of: 1000)) { try Comparison([path], options: options) }
    // The words of older versions.
    let name = URL(fileURLWithPath: path).lastPathComponent
    let text =
      "# planar10, success of the last 100 training episodes a task\nrun\tarm\tseed\treach\tpush\n"
      + "\(name)\tmt-sac\t1\t0.5\t0.25\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    try FileManager.default.removeItem(atPath: path)
    let comparison = try Comparison([path], options: options)
    #expect(comparison.recorded == 1 && comparison.arms == [ScoredArm(name: "mt-sac", scores: [[0.5, 0.25]])])
    options.bySuccess = false
    #expect(throws: RunError.self) { try Comparison([path], options: options) }
  }

  @Test("One seed twice, unknown references and scores that are not in the log are refused")
  func refused() throws {
    let runs = [try loggedRun("mt-sac", seed: 1, end: 0.5), try loggedRun("mt-sac", seed: 1, end: 1)]
    defer { runs.forEach { try? FileManager.default.removeItem(atPath: $0) } }
    #expect(throws: RunError.self) { try Comparison(runs, options: logged) }
    var options = logged
    options.references = ["nosuch": 1]
    #expect {
      try Comparison([runs[0]], options: options)
    } throws: {
      "\($0)".hasPrefix("--reference names nosuch, which is none of the tasks")
    }
    options = logged
    options.bySuccess = false
    // Nothing but success is in its log.
    #expect(throws: RunError.self) { try Comparison([runs[0]], options: options) }
  }
}
