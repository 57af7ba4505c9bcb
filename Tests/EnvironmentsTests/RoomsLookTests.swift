import TestSupport
import Testing

@testable import Environments

@Suite("Looks of rooms")
struct RoomsLookTests {
  /// Plays the same actions in two looks of one task, and checks that one look's pixels are a renaming of the other's.
  private func renaming(_ rules: RoomsRules, _ first: RoomsLook, _ second: RoomsLook) throws -> [UInt32: UInt32] {
    let plays = try [first, second].map { try Play(Rooms.task("same", rules, look: $0), replicas: 0..<4) }
    func colors(_ play: Play) -> [UInt32] {
      stride(from: 0, to: play.observation.count, by: 3).map { pixel in
        (0..<3).reduce(0) { $0 << 8 | UInt32(play.observation[pixel + $1]) }
      }
    }
    var (names, differs, numbers) = ([UInt32: UInt32](), false, SplitMix64(6))
    for _ in 0..<60 {
      let actions = (0..<4).map { _ in Int32.random(in: 0..<Int32(rules.actionCount), using: &numbers) }
      for play in plays { try play.step(actions) }
      #expect(plays[0].reward == plays[1].reward && plays[0].terminated == plays[1].terminated)
      for (before, after) in zip(colors(plays[0]), colors(plays[1])) {
        differs = differs || names.updateValue(after, forKey: before) ?? after != after
      }
    }
    #expect(!differs)
    #expect(Set(names.values).count == names.count)
    return names
  }

  @Test("A palette changes every colour and no reward", arguments: [1, 2, 9])
  func palettes(palette: Int) throws {
    for rules in [Rooms.goal(row: 2, column: 10), Rooms.keysAndDoors()] {
      let names = try renaming(rules, .pixels(palette: 0), .pixels(palette: palette))
      #expect(names.count >= 4 && Set(names.keys).isDisjoint(with: names.values))
    }
  }

  @Test("A shift gives known colours other meanings, and changes no reward")
  func shift() throws {
    let names = try renaming(Rooms.keysAndDoors(), .pixels(palette: 0), .pixels(palette: 0, shift: 1))
    #expect(names.allSatisfy { $0 != $1 })
    #expect(Set(RoomsLook.colors(palette: 0, shift: 5)) == Set(RoomsLook.colors(palette: 0, shift: 0)))
  }

  @Test("No colour is in two palettes")
  func distinct() {
    #expect(Set((0..<10).flatMap { RoomsLook.colors(palette: $0, shift: 0) }).count == 120)
  }

  @Test("What shares a cell is drawn in the order of kinds")
  func order() {
    let rules = Rooms.keysAndDoors()
    let colors = RoomsLook.colors(palette: 0, shift: 0)
    let view = RoomsView(rules, .pixels(palette: 0))
    var bytes = [UInt8](repeating: 0, count: view.size)
    func color(_ row: Int, _ column: Int) -> UInt32 {
      (0..<3).reduce(0) { $0 << 8 | UInt32(bytes[3 * (13 * row + column) + $1]) }
    }
    // On a ladder, with the key taken, and the skull going right.
    view.draw(RoomsState(cell: 13 * 4 + 3, phase: 0, left: 1), into: &bytes)
    #expect(color(4, 3) == colors[RoomsKind.player.rawValue] && color(3, 3) == colors[RoomsKind.ladder.rawValue])
    #expect(color(5, 4) == colors[RoomsKind.skull.rawValue] && color(5, 5) == colors[RoomsKind.nextSkull.rawValue])
    #expect(color(2, 8) == colors[RoomsKind.door.rawValue] && color(11, 1) == colors[RoomsKind.floor.rawValue])
    #expect(color(2, 11) == colors[RoomsKind.goal.rawValue] && color(0, 0) == colors[RoomsKind.wall.rawValue])
  }
}
