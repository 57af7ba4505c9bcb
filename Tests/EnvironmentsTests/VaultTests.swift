import TestSupport
import Testing

@testable import Environments

@Suite("Vault")
struct VaultTests {
  private static let task = Arcade.task("vault", stickyActions: 0)

  @Test("The key comes before the door, the door before the exit, and their points are 1, 2, 10 and -1")
  func rules() throws {
    let play = try Play(Self.task, replicas: 0..<8)
    var numbers = SplitMix64(11)
    for _ in 0..<2000 {
      let before = play.observation
      try play.step((0..<8).map { _ in Int32.random(in: 0..<5, using: &numbers) })
      for slot in 0..<8 {
        let was = Board(before, slot: slot)
        let now = Board(play.ended(slot) ? play.finalObservation : play.observation, slot: slot)
        let player = now.cells(0)[0]
        var points = was.cells(3).count - now.cells(3).count
        points += 2 * (was.cells(4).count - now.cells(4).count)
        if was.cells(4).count > now.cells(4).count { #expect(was.cells(8).count == 1 && now.cells(8).isEmpty) }
        if play.success[slot] == 1 { points += 10 } else if play.terminated[slot] == 1 { points -= 1 }
        #expect(play.reward[slot] == Float(points))
        #expect(play.success[slot] == (now[7, player.row, player.column] ? 1 : 0))
        #expect(!now[1, player.row, player.column])
        // The skull is where plane 6 said if plane 9 said that it moves, else where it was.
        let expected = was.cells(9).isEmpty ? was.cells(5) : was.cells(6)
        #expect(now.cells(5)[0] == expected[0])
        // No rise without a ladder.
        let from = was.cells(0)[0]
        if player.row < from.row { #expect(was[2, from.row, from.column]) }
      }
    }
  }

  @Test("Every layout, mirrored or not, can be left with all 13 points in 60 steps")
  func solvable() throws {
    let slots = 64
    let play = try Play(Self.task, replicas: 0..<slots, seed: 4)
    var solved: Set<[Int]> = []
    for slot in 0..<slots {
      let walls = Board(play.observation, slot: slot).cells(1).map { 10 * $0.row + $0.column }
      guard solved.insert(walls).inserted else { continue }
      let single = try Play(Self.task, replicas: slot..<slot + 1, seed: 4)
      #expect(try bestReturn(from: single) == 13)
    }
    #expect(solved.count == 8)
  }

  /// Return of the shortest way to the exit, by breadth-first search over boards: they show all of a state but the
  /// time.
  private func bestReturn(from play: Play) throws -> Float? {
    var seen: Set<[UInt8]> = []
    var frontier = [(state: try play.environment.saveState()!, points: Float(0))]
    for _ in 1...60 {
      var next: [(state: [UInt8], points: Float)] = []
      for (state, points) in frontier {
        for action in Int32(0)..<5 {
          try play.environment.restoreState(state)
          try play.step([action])
          if play.success[0] == 1 { return points + play.reward[0] }
          guard !play.ended(0), seen.insert(play.observation).inserted else { continue }
          next.append((try play.environment.saveState()!, points + play.reward[0]))
        }
      }
      frontier = next
    }
    return nil
  }
}
