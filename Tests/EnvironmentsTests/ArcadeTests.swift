import TestSupport
import Testing

@testable import Environments

/// One slot's observation, by row, column and plane.
struct Board {
  let bytes: ArraySlice<UInt8>
  init(_ observation: [UInt8], slot: Int = 0) { bytes = observation[1000 * slot..<1000 * (slot + 1)] }

  subscript(_ plane: Int, _ row: Int, _ column: Int) -> Bool {
    bytes[bytes.startIndex + (10 * row + column) * 10 + plane] == 1
  }

  func cells(_ plane: Int) -> [(row: Int, column: Int)] {
    bytes.withUnsafeBufferPointer { cells in
      var found: [(row: Int, column: Int)] = []
      var cell = 0
      while cell < 100 {
        if cells[10 * cell + plane] == 1 { found.append((cell / 10, cell % 10)) }
        cell += 1
      }
      return found
    }
  }
}

@Suite("Arcade")
struct ArcadeTests {
  /// Plays at random, and hands every slot's board before and after each step to `body`.
  private func play(
    _ task: Task, steps: Int = 600, actions: [Int32] = Array(0..<6),
    _ body: (_ before: Board, _ after: Board, _ play: Play, _ slot: Int) -> Void
  ) throws {
    let play = try Play(task, replicas: 0..<8)
    var numbers = SplitMix64(3)
    for _ in 0..<steps {
      let before = play.observation
      try play.step((0..<8).map { _ in actions.randomElement(using: &numbers)! })
      for slot in 0..<8 {
        let after = play.ended(slot) ? play.finalObservation : play.observation
        body(Board(before, slot: slot), Board(after, slot: slot), play, slot)
      }
    }
  }

  @Test(
    "Cells are 0 or 1, one is the player, and planes beyond a game's own are empty",
    arguments: [
      ("swarm", 6), ("bricks", 4), ("vault", 10), ("forage", 4), ("diver", 10), ("crossing", 7),
    ])
  func boards(id: String, planes: Int) throws {
    try play(Arcade.task(id), steps: 60) { _, after, _, _ in
      #expect(after.bytes.allSatisfy { $0 <= 1 })
      #expect(after.cells(0).count == 1)
      for plane in planes..<10 { #expect(after.cells(plane).isEmpty) }
    }
  }

  @Test("Without sticky actions, an action outside the mask is a noop", arguments: Arcade.ids)
  func masks(id: String) throws {
    let task = Arcade.task(id, stickyActions: 0)
    let (given, noop) = (try Play(task), try Play(task))
    var numbers = SplitMix64(5)
    for _ in 0..<500 {
      let action = Int32.random(in: 0..<6, using: &numbers)
      try given.step([action])
      try noop.step([task.actionMask[Int(action)] ? action : 0])
      #expect(given.observation == noop.observation && given.reward == noop.reward)
    }
  }

  @Test("Masks are MinAtar's minimal action sets; the vault has no fire")
  func maskValues() {
    let actions = Arcade.tasks().map { task in (0..<6).filter { task.actionMask[$0] } }
    #expect(
      actions == [[0, 1, 3, 5], [0, 1, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [0, 2, 4]])
  }

  @Test("A reward is a whole number of points times the scale", arguments: zip(Arcade.ids, [0.1, 1, 1, 10, 100, 1000]))
  func scales(id: String, scale: Float) throws {
    let (scaled, plain) = (try Play(Arcade.task(id)), try Play(Arcade.task(id, rewardScale: 1)))
    var numbers = SplitMix64(7)
    for _ in 0..<2000 {
      let action = Int32.random(in: 0..<6, using: &numbers)
      try scaled.step([action])
      try plain.step([action])
      #expect(plain.reward[0] == plain.reward[0].rounded() && scaled.reward[0] == plain.reward[0] * scale)
    }
  }

  @Test("Equal seeds give equal bytes, other seeds others", arguments: Arcade.ids)
  func replay(id: String) throws {
    func hash(seed: UInt64) throws -> Int {
      let play = try Play(Arcade.task(id), replicas: 0..<4, seed: seed)
      var (hasher, numbers) = (Hasher(), SplitMix64(9))
      for _ in 0..<1000 {
        try play.step((0..<4).map { _ in Int32.random(in: 0..<6, using: &numbers) })
        hasher.combine(play.observation)
        hasher.combine(play.reward)
        hasher.combine(play.terminated)
      }
      return hasher.finalize()
    }
    let first = try hash(seed: 1)
    #expect(try hash(seed: 1) == first)
    #expect(try hash(seed: 2) != first)
  }

  // MinAtar 1.0.15, uniform over its six actions, sticky 0.1, ramping on: mean return and standard error, measured by
  // Tests/Parity/arcade_parity.py (crossing has no ramping: both of its rows together).
  @Test(
    "Random play scores what it scores in MinAtar, within four standard errors",
    arguments: [
      ("swarm", 2.832, 0.028), ("bricks", 0.510, 0.009), ("forage", 0.512, 0.011), ("diver", 0.091, 0.004),
      ("crossing", 0.130, 0.006),
    ])
  func parity(id: String, mean: Double, error: Double) throws {
    let perSlot = id == "crossing" ? 32 : 80
    let ours = try randomReturns(Arcade.task(id, rewardScale: 1), actions: Array(0..<6), perSlot: perSlot)
    let standardError = (error * error + ours.error * ours.error).squareRoot()
    #expect(abs(ours.mean - mean) < 4 * standardError, "\(ours.mean) against \(mean)")
  }

  @Test("A vault or a game without end of its own is truncated at its horizon")
  func horizon() throws {
    for (id, horizon) in [("vault", 200), ("forage", 30)] {
      let play = try Play(Arcade.task(id, stickyActions: 0, horizon: horizon))
      for step in 1...horizon {
        try play.step([0])
        #expect(play.terminated[0] == 0 && play.truncated[0] == (step == horizon ? 1 : 0))
      }
    }
  }

  @Test("Bricks: each broken brick is a point, and a lost ball is the only end")
  func bricks() throws {
    try play(Arcade.task("bricks")) { before, after, play, slot in
      let broken = before.cells(3).count - after.cells(3).count
      if broken >= 0 { #expect(Float(broken) == play.reward[slot]) }
      #expect((play.terminated[slot] == 1) == (after.cells(1)[0].row == 9))
    }
  }

  @Test("Swarm: each alien lost is a point unless a new wave came")
  func swarm() throws {
    try play(Arcade.task("swarm", rewardScale: 1)) { before, after, play, slot in
      let lost = before.cells(1).count - after.cells(1).count
      if lost >= 0 { #expect(Float(lost) == play.reward[slot]) }
      #expect(after.cells(1).count == after.cells(2).count + after.cells(3).count)
    }
  }

  @Test("Forage: one thing a lane, and touching an enemy is the only end")
  func forage() throws {
    try play(Arcade.task("forage")) { _, after, play, slot in
      let lanes = (after.cells(1) + after.cells(3)).map(\.row)
      #expect(Set(lanes).count == lanes.count)
      let player = after.cells(0)[0]
      if play.terminated[slot] == 0 { #expect(!after[1, player.row, player.column]) }
    }
  }

  @Test("Diver: oxygen fills only at the surface")
  func diver() throws {
    try play(Arcade.task("diver", horizon: 0)) { before, after, play, slot in
      if after.cells(7).count > before.cells(7).count { #expect(after.cells(0)[0].row == 0) }
      #expect(play.truncated[slot] == 0)
    }
  }

  @Test("Crossing: a car a lane, a point at the top, an end after 2,501 steps")
  func crossing() throws {
    var step = 0
    try play(Arcade.task("crossing", rewardScale: 1), steps: 2501, actions: [2]) { before, after, play, slot in
      #expect(after.cells(1).map(\.row) == Array(1...8))
      if play.reward[slot] > 0 { #expect(before.cells(0)[0].row == 1 && after.cells(0)[0].row == 9) }
      #expect(play.terminated[slot] == (step / 8 == 2500 ? 1 : 0))
      step += 1
    }
  }
}
