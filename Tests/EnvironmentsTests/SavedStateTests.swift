import TestSupport
import Testing

@testable import Environments

/// States of native environments come from files: what play can reach is taken, what it can't is refused or harmless.
@Suite("Saved states of native environments")
struct SavedStateTests {
  static let suites = ["arcade", "control", "control-continuous", "goals", "goals-dense", "planar10", "rooms"]

  private func act(_ play: Play, _ task: Task, _ numbers: inout SplitMix64) throws {
    switch task.action {
    case .discrete:
      let allowed = task.actionMask.indices.filter { task.actionMask[$0] }.map(Int32.init)
      try play.step((0..<play.slots).map { _ in allowed.randomElement(using: &numbers)! })
    case .box(let dimension):
      try play.step(
        box: (0..<play.slots * dimension).map { _ in Float.random(in: -1...1, using: &numbers) })
    }
  }

  @Test("Every state that play reaches is taken", arguments: suites)
  func reached(suite: String) throws {
    var numbers = SplitMix64(1)
    for task in try Suites.make(suite).tasks {
      let (play, copy) = (try Play(task, replicas: 0..<4), try Play(task, replicas: 0..<4))
      for step in 0..<600 {
        let state = try #require(try play.environment.saveState())
        do { try copy.environment.restoreState(state) } catch {
          Issue.record("step \(step) of \(task.id): \(error)")
          break
        }
        try act(play, task, &numbers)
      }
    }
  }

  @Test("A state with bytes that were changed is refused, or plays on with finite numbers", arguments: suites)
  func changed(suite: String) throws {
    var numbers = SplitMix64(2)
    for task in try Suites.make(suite).tasks {
      let play = try Play(task, replicas: 0..<4)
      for _ in 0..<20 { try act(play, task, &numbers) }
      let state = try #require(try play.environment.saveState())
      var refused = 0
      for _ in 0..<100 {
        var changed = state
        for _ in 0..<Int.random(in: 1...4, using: &numbers) {
          changed[Int.random(in: 0..<state.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
        }
        do { try play.environment.restoreState(changed) } catch {
          refused += 1
          #expect(!"\(error)".contains("\n"))
          continue
        }
        for _ in 0..<10 {
          try act(play, task, &numbers)
          #expect(play.reward.allSatisfy { $0.isFinite }, "\(task.id)")
          guard task.observation.leaves[0].isVector else { continue }
          for slot in 0..<play.slots { #expect(play.row(slot).allSatisfy { $0.isFinite }, "\(task.id)") }
        }
      }
      #expect(refused > 0, "\(task.id) took every state")
    }
  }

  @Test("Counts that no life has are refused: an episode beyond its horizon, or longer than the life")
  func counts() {
    #expect(problemOfCounts(life: 20, episode: 19, horizon: 20) == nil)
    #expect(problemOfCounts(life: 20, episode: 20, horizon: 20) != nil)
    #expect(problemOfCounts(life: 5, episode: 6, horizon: 20) != nil)
    #expect(problemOfCounts(life: .max, episode: 0, horizon: 20) != nil)
    #expect(problemOfCounts(life: 5, episode: -1, horizon: nil) != nil)
  }
}
