import Foundation
import TestSupport
import Testing

@testable import Environments

@Suite("Planar tasks")
struct PlanarTests {
  private static let tasks = Planar.tasks()

  @Test("Ten tasks share one space; rewards' maxima differ by two orders of magnitude")
  func suite() throws {
    let set = try Suites.make("planar10")
    #expect(
      set.ids == [
        "reach", "push", "pull", "slide_to", "press", "open_drawer", "close_drawer", "turn_dial", "insert",
        "push_around_wall",
      ])
    #expect(set.observation.summary == "state float32 [13] x 1.0" && set.action == .box(3))
    #expect(Planar.rules.map(\.task.rewardMaximum) == [0.1, 1, 2, 0.5, 0.2, 5, 1, 2, 10, 5])
    for line in ["tolerance: 0.05", "range: 0.6", "spring: 0.01", "joint: slider(axis: SIMD2<Double>(0.0, -1.0))"] {
      #expect(set.lockfile.contains("      \(line)\n"))
    }
  }

  @Test("Observations hold what they are named after")
  func observation() {
    let task = planarRules["turn_dial"]!
    var s = planarState(pusher: SIMD2(0.25, -0.5), object: SIMD2(0.5, 0), goal: SIMD2(0.5, 0.3), displacement: .pi / 4)
    (s.motion, s.grip, s.held) = (SIMD2(0.025, -0.05), 1, 1)
    var numbers = [Float](repeating: .nan, count: PlanarTask.observed.count)
    task.observe(s, into: &numbers)
    let half = Float(0.5).squareRoot()
    let expected = [0.25, -0.5, 0.5, -1, 1, 0.5 + 0.3 * half, 0.3 * half, half, half, 0.25, 1, 0.5, 0.3]
    for (number, value) in zip(numbers, expected) { #expect(abs(number - value) <= 1e-6) }
  }

  @Test(
    "The task is solved within its tolerance of the goal, where it pays its maximum",
    arguments: [
      ("reach", 0.049, true), ("reach", 0.051, false), ("push", 0.049, true), ("push", 0.051, false),
      ("press", 0.019, true), ("press", 0.021, false), ("insert", 0.049, true), ("insert", 0.051, false),
    ])
  func success(id: String, distance: Double, solved: Bool) {
    let task = planarRules[id]!
    let place = SIMD2(-0.5, -0.5), elsewhere = SIMD2(0.1, 0.2)
    let reaches = task.moved == .pusher
    let s = planarState(
      pusher: reaches ? place : elsewhere, object: reaches ? elsewhere : place, goal: place + SIMD2(0, distance))
    let outcome = task.outcome(s)
    #expect(outcome.success == solved)
    let near = 0.2 * exp(-(reaches ? distance : task.gap(s)) / 0.5) + 0.6 * exp(-distance / task.goalLength)
    #expect(abs(outcome.reward - task.rewardMaximum * (solved ? 1 : near)) <= 1e-12)
  }

  @Test(
    "Drawers and dials are solved at the goal's displacement",
    arguments: ["open_drawer", "close_drawer", "turn_dial", "slide_to"])
  func mechanismSuccess(id: String) {
    let task = planarRules[id]!
    var s = task.initial(SIMD8(repeating: 0.25))
    #expect(!task.outcome(s).success)
    // Exchanged where either way is possible, as the seventh number is below a half.
    let ranges = task.eitherWay ? task.startDisplacement : task.goalDisplacement
    s.displacement = ranges.lowerBound + 0.25 * (ranges.upperBound - ranges.lowerBound)
    #expect(task.outcome(s).success)
  }

  @Test("Episodes begin apart from the goal and with disks apart, in many places", arguments: Planar.rules.map(\.id))
  func starts(id: String) {
    let task = planarRules[id]!
    var numbers = SplitMix64(5)
    for _ in 0..<500 {
      let s = task.initial(SIMD8((0..<8).map { _ in Double.random(in: 0..<1, using: &numbers) }))
      #expect(task.gap(s) > 0 && !task.outcome(s).success)
      let object = task.object(s)
      #expect(max(abs(object.x), abs(object.y)) <= 0.94 + 1e-12 && max(abs(s.goal.x), abs(s.goal.y)) <= 0.94 + 1e-12)
    }
  }

  @Test(
    "The expert solves at least 95 % of episodes and random play few; both score what the table says",
    arguments: Planar.rules.map(\.id))
  func scores(id: String) throws {
    let task = Self.tasks.first { $0.id == id }!
    let expert = PlanarExpert(task: planarRules[id]!)
    var numbers = SplitMix64(1)
    let best = try score(task, slots: 200) { expert.action($0) }
    let random = try score(task, slots: 200) { _ in (0..<3).map { _ in Float.random(in: -1...1, using: &numbers) } }
    #expect(best.success >= 0.95, "the expert solved \(best.success)")
    #expect(random.success <= 0.3, "random play solved \(random.success)")
    let scores = try #require(task.scores)
    #expect(abs(random.mean - scores.random!) <= 4 * random.error, "random play scored \(random)")
    // The very episodes of the table.
    #expect(abs(best.mean - scores.reference!) <= 1e-3 * best.mean, "the expert scored \(best)")
  }

  @Test("Episodes are truncated after 150 steps and never terminated")
  func ends() throws {
    let play = try Play(Self.tasks[0])
    let expert = PlanarExpert(task: planarRules["reach"]!)
    var successes = 0
    for step in 1...300 {
      try play.step(box: expert.action(play.row(0)))
      #expect(play.truncated[0] == (step % 150 == 0 ? 1 : 0) && play.terminated[0] == 0)
      successes += Int(play.success[0])
    }
    #expect(successes > 200)
  }
}

/// One episode of every slot: mean return, its standard error, and the share in which success held at any step.
private func score(
  _ task: Task, slots: Int, policy: ([Float]) -> [Float]
) throws -> (mean: Double, error: Double, success: Double) {
  let play = try Play(task, replicas: 0..<slots)
  var (returns, solved) = ([Double](repeating: 0, count: slots), [Bool](repeating: false, count: slots))
  repeat {
    try play.step(box: (0..<slots).flatMap { policy(play.row($0)) })
    for slot in 0..<slots {
      returns[slot] += Double(play.reward[slot])
      if play.success[slot] == 1 { solved[slot] = true }
    }
  } while !play.ended(0)
  let mean = returns.reduce(0, +) / Double(slots)
  let variance = returns.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(slots - 1)
  return (mean, (variance / Double(slots)).squareRoot(), Double(solved.count { $0 }) / Double(slots))
}
