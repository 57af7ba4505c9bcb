import Foundation
import TestSupport
import Testing

@testable import Environments

let planarRules = Dictionary(uniqueKeysWithValues: Planar.rules.map { ($0.id, $0.task) })

/// `object` stands for the base of a joint.
func planarState(
  pusher: SIMD2<Double>, object: SIMD2<Double>, goal: SIMD2<Double> = SIMD2(0, 0.9), displacement: Double = 0
) -> PlanarTask.State {
  PlanarTask.State(pusher: pusher, base: object, goal: goal, displacement: displacement)
}

@Suite("Planar contact")
struct PlanarContactTests {
  @Test("A straight push moves the object by as much as the pusher, once they touch")
  func pushes() {
    let task = planarRules["push"]!
    var s = planarState(pusher: SIMD2(-0.5, 0.1), object: SIMD2(0, 0.1))
    // 0.38 lie between them: seven steps of 0.05 and 0.03 of the eighth.
    for step in 1...20 {
      _ = task.step(&s, SIMD4(1, 0, 1, 0))
      #expect(abs(s.pusher.x - (-0.5 + 0.05 * Double(step))) <= 1e-12)
      #expect(abs(s.base.x - max(0, s.pusher.x + 0.12)) <= 1e-12)
      #expect(s.base.y == 0.1 && s.held == 0)
    }
    // The way back leaves it.
    let before = s.base
    for _ in 0..<5 { _ = task.step(&s, SIMD4(-1, 0, 1, 0)) }
    #expect(s.base == before)
  }

  @Test("An oblique push moves the object along the line between the centres")
  func obliquePush() {
    var s = planarState(pusher: SIMD2(-0.08, -0.1), object: .zero)
    _ = planarRules["push"]!.step(&s, SIMD4(1, 0, -1, 0))
    let normal = SIMD2(0.03, 0.1) / SIMD2(0.03, 0.1).length
    #expect((s.base - (0.12 - SIMD2(0.03, 0.1).length) * normal).length <= 1e-12)
    #expect(s.pusher == SIMD2(-0.03, -0.1))
  }

  @Test("The arena's edge and the wall stop the object, and with it the pusher")
  func stops() {
    let (push, wall) = (planarRules["push"]!, planarRules["push_around_wall"]!)
    var s = planarState(pusher: SIMD2(0.5, 0), object: SIMD2(0.7, 0))
    for _ in 0..<40 { _ = push.step(&s, SIMD4(1, 0, -1, 0)) }
    #expect((s.base - SIMD2(0.94, 0)).length <= 1e-12 && (s.pusher - SIMD2(0.82, 0)).length <= 1e-12)
    s = planarState(pusher: SIMD2(0.1, -0.6), object: SIMD2(0.1, -0.4), goal: SIMD2(0, 0.5))
    for _ in 0..<40 { _ = wall.step(&s, SIMD4(0, 1, -1, 0)) }
    #expect((s.base - SIMD2(0.1, -0.11)).length <= 1e-12 && (s.pusher - SIMD2(0.1, -0.23)).length <= 1e-12)
  }

  @Test("A closed grip carries what it touches, an open one doesn't, and some objects can't be held")
  func grip() {
    let start = planarState(pusher: SIMD2(0, -0.13), object: .zero)
    for (id, grip, follows) in [("pull", 1.0, true), ("pull", -1, false), ("push", 1, false)] {
      var s = start
      for _ in 0..<4 { _ = planarRules[id]!.step(&s, SIMD4(0.5, -1, grip, 0)) }
      let moved = SIMD2(0.1, -0.2)
      #expect((s.pusher - start.pusher - moved).length <= 1e-12)
      #expect((s.base - (follows ? moved : .zero)).length <= 1e-12)
      #expect(s.held == (follows ? 1 : 0))
    }
    // Nothing is gripped over a gap of 0.03, and nothing stays held once the grip opens.
    var s = planarState(pusher: SIMD2(0, -0.15), object: .zero)
    _ = planarRules["pull"]!.step(&s, SIMD4(0, -1, 1, 0))
    #expect(s.held == 0 && s.base == .zero)
    s = start
    _ = planarRules["pull"]!.step(&s, SIMD4(0, -1, 1, 0))
    let released = s.base
    _ = planarRules["pull"]!.step(&s, SIMD4(0, -1, -1, 0))
    #expect(s.held == 0 && s.base == released)
  }

  @Test("What is carried against a wall stops, and its carrier with it")
  func carriesToWall() {
    var s = planarState(pusher: SIMD2(0, 0.8), object: SIMD2(0, 0.93))
    _ = planarRules["pull"]!.step(&s, SIMD4(1, 1, 1, 0))
    #expect((s.base - SIMD2(0.05, 0.94)).length <= 1e-12 && (s.pusher - SIMD2(0.05, 0.81)).length <= 1e-12)
  }

  @Test("A drawer moves along its axis only, by the pull along it, and no further than its range")
  func drawer() {
    let task = planarRules["open_drawer"]!
    var s = planarState(pusher: SIMD2(0.2, 0.81), object: SIMD2(0.2, 0.94))
    _ = task.step(&s, SIMD4(1, 0, 1, 0))
    #expect(s.displacement == 0 && s.pusher == SIMD2(0.2, 0.81))
    _ = task.step(&s, SIMD4(1, -1, 1, 0))
    #expect(abs(s.displacement - 0.05) <= 1e-12 && (s.pusher - SIMD2(0.2, 0.76)).length <= 1e-12)
    for _ in 0..<40 { _ = task.step(&s, SIMD4(0, -1, 1, 0)) }
    #expect(abs(s.displacement - 0.6) <= 1e-12 && (task.object(s) - SIMD2(0.2, 0.34)).length <= 1e-12)
    // A push from the side leaves it.
    s = planarState(pusher: SIMD2(0, 0.64), object: SIMD2(0.2, 0.94), displacement: 0.3)
    for _ in 0..<4 { _ = task.step(&s, SIMD4(1, 0, -1, 0)) }
    #expect(abs(s.displacement - 0.3) <= 1e-12 && (s.pusher - SIMD2(0.08, 0.64)).length <= 1e-12)
  }

  @Test("A dial turns by the tangential part of a motion over its arm, and a radial one turns nothing")
  func dial() {
    let task = planarRules["turn_dial"]!
    let start = planarState(pusher: SIMD2(0.43, 0), object: .zero, displacement: 0)
    var s = start
    _ = task.step(&s, SIMD4(1, 0.6, 1, 0))
    #expect(abs(s.displacement - 0.1) <= 1e-12)
    #expect((s.pusher - start.pusher - 0.3 * SIMD2(cos(0.1) - 1, sin(0.1))).length <= 1e-12)
    s = start
    for _ in 0..<3 { _ = task.step(&s, SIMD4(-1, 0, -1, 0)) }
    #expect(s.displacement == 0 && (s.pusher - SIMD2(0.42, 0)).length <= 1e-12)
  }

  @Test("A button comes back by its spring when it is let go, and stays while it is touched")
  func button() {
    let task = planarRules["press"]!
    var s = planarState(pusher: SIMD2(0.82, 0), object: SIMD2(0.84, 0), goal: SIMD2(0.94, 0), displacement: 0.1)
    let held = task.step(&s, .zero)
    #expect(abs(s.displacement - 0.1) <= 1e-12 && held.success)
    for step in 1...12 {
      _ = task.step(&s, SIMD4(-1, 0, 0, 0))
      #expect(abs(s.displacement - max(0, 0.1 - 0.01 * Double(step))) <= 1e-12)
    }
  }

  @Test(
    "A peg goes into the slot where it is aligned to 0.02, and no further than its mouth where not",
    arguments: [
      (0, true), (0.019, true), (-0.019, true), (0.021, false), (-0.021, false), (0.3, false),
    ])
  func slot(offset: Double, enters: Bool) {
    let task = planarRules["insert"]!
    var s = planarState(pusher: SIMD2(0.2, 0.3 + offset), object: SIMD2(0.33, 0.3 + offset), goal: SIMD2(0.85, 0.3))
    var solved = false
    for _ in 0..<40 { solved = task.step(&s, SIMD4(1, 0, 1, 0)).success }
    #expect(solved == false && abs(s.base.x - (enters ? 0.94 : 0.54)) <= 1e-12)
    #expect(abs(s.base.y - 0.3 - offset) <= 1e-12)
  }

  @Test("The way around the wall is the shorter of two, by its corners")
  func way() {
    let task = planarRules["push_around_wall"]!
    // The wall, with the object's radius, is 0.82 wide and 0.22 high.
    let (from, goal) = (SIMD2(0.1, -0.11), SIMD2(0.0, 0.5))
    let way = task.way(from: from, to: goal, margin: 0.06)
    #expect(abs(way.length - (0.31 + 0.22 + SIMD2(0.41, 0.39).length)) <= 1e-12)
    #expect((way.next - SIMD2(0.41, -0.11)).length <= 1e-12)
    #expect(task.way(from: SIMD2(0.1, 0.11), to: goal, margin: 0.06).length == SIMD2(0.1, 0.39).length)
    #expect(planarRules["push"]!.way(from: from, to: goal, margin: 0.06).length == (goal - from).length)
  }

  @Test("Disks stay in the arena, out of walls and of each other, whatever is done", arguments: Planar.rules.map(\.id))
  func invariants(id: String) {
    let task = planarRules[id]!
    var numbers = SplitMix64(7)
    for _ in 0..<15 {
      let uniform = SIMD8((0..<8).map { _ in Double.random(in: 0..<1, using: &numbers) })
      var s = task.initial(uniform)
      var action = SIMD4<Double>.zero
      for step in 0..<150 {
        // One action for a while, so that things are driven into corners; from time to time towards the object.
        if step % 8 == 0 {
          let towards = task.object(s) - s.pusher
          let aims = Bool.random(using: &numbers)
          for axis in 0..<2 {
            action[axis] =
              aims ? towards[axis] / towards.length : Double(Int.random(in: -2...2, using: &numbers)) / 2
          }
          action[2] = Double.random(in: -1...1, using: &numbers)
        }
        let (before, object) = (s, task.object(s))
        let outcome = task.step(&s, action)
        #expect(outcome.reward > 0 && outcome.reward <= task.rewardMaximum && !outcome.terminated)
        #expect(outcome.success == (outcome.reward == task.rewardMaximum))
        #expect(task.gap(s) >= -1e-9)
        expectFree(task, s, s.pusher, task.pusherRadius)
        expectFree(task, s, task.object(s), task.objectRadius)
        #expect(0...task.range ~= s.displacement && s.goal == before.goal)
        if case .free = task.joint {} else { #expect(s.base == before.base) }
        // What isn't touched rests.
        if task.spring == 0 && task.gap(before) > 0.08 && s.held == 0 { #expect(task.object(s) == object) }
      }
    }
  }

  private func expectFree(_ task: PlanarTask, _ s: PlanarTask.State, _ centre: SIMD2<Double>, _ radius: Double) {
    #expect(max(abs(centre.x), abs(centre.y)) <= task.arena - radius + 1e-9)
    if case .none = task.obstacle { return }
    for index in 0..<task.wallCount {
      let wall = task.wall(index, s.goal)
      let inside = zip(
        [wall.low.x - centre.x, wall.low.y - centre.y], [centre.x - wall.high.x, centre.y - wall.high.y])
      #expect(inside.contains { max($0, $1) >= radius - 1e-9 })
    }
  }

  @Test("A mirrored scene goes the mirrored way, to the bit", arguments: ["reach", "push", "pull", "push_around_wall"])
  func mirror(id: String) {
    let task = planarRules[id]!
    var numbers = SplitMix64(3)
    let flip = SIMD2(-1.0, 1.0)
    for _ in 0..<20 {
      var s = task.initial(SIMD8((0..<8).map { _ in Double.random(in: 0..<1, using: &numbers) }))
      var mirrored = planarState(pusher: flip * s.pusher, object: flip * s.base, goal: flip * s.goal)
      for _ in 0..<150 {
        let towards = task.object(s) - s.pusher
        let noise = SIMD2((0..<2).map { _ in Double.random(in: -1...1, using: &numbers) })
        let motion = (towards / towards.length + noise) / 2
        let grip = Double.random(in: -1...1, using: &numbers)
        let outcome = task.step(&s, SIMD4(motion.x, motion.y, grip, 0))
        #expect(task.step(&mirrored, SIMD4(-motion.x, motion.y, grip, 0)).reward == outcome.reward)
        #expect(mirrored.pusher == flip * s.pusher && mirrored.base == flip * s.base && mirrored.held == s.held)
      }
    }
  }
}
