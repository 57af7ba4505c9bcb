import Testing

@testable import Environments

private let (up, right, down, left, wait) = (0, 1, 2, 3, 4)
/// Bits of things, in the map's reading order.
private let (door, key): (UInt16, UInt16) = (0b01, 0b10)

@Suite("Keys and doors")
struct KeysAndDoorsTests {
  private let rules = Rooms.keysAndDoors()

  private func at(_ row: Int, _ column: Int, phase: Int = 0, left: UInt16 = door | key) -> RoomsState {
    RoomsState(cell: UInt8(13 * row + column), phase: UInt8(phase), left: left)
  }

  /// Row and column after each of the moves.
  private func path(_ moves: [Int], from start: RoomsState) -> [[Int]] {
    var state = start
    return moves.map { move in
      state = rules.outcome(of: move, in: state).state
      return [Int(state.cell) / 13, Int(state.cell) % 13]
    }
  }

  @Test("Vertical moves need a ladder, and without floor or ladder the player falls whatever he does")
  func gravity() {
    #expect(path([up, wait], from: at(2, 1)) == [[2, 1], [2, 1]])
    #expect(path([down, down, up, up, up], from: at(2, 3)) == [[3, 3], [4, 3], [3, 3], [2, 3], [2, 3]])
    #expect(path([down], from: at(2, 2)) == [[2, 2]])
    // Off the ladder's side, and through the hole.
    #expect(path([right, left], from: at(4, 3, phase: 6)) == [[4, 4], [5, 4]])
    #expect(path([left, right, up, wait, left], from: at(8, 5)) == [[8, 4], [9, 4], [10, 4], [11, 4], [11, 3]])
  }

  @Test("The door stays shut until the key is taken, then pays 2 and opens")
  func shut() {
    #expect(path([right, right], from: at(2, 6)) == [[2, 7], [2, 7]])
    let taken = rules.outcome(of: left, in: at(11, 2))
    #expect(taken.reward == 1 && taken.state.left == door && !taken.terminated)
    let opened = rules.outcome(of: right, in: at(2, 7, left: door))
    #expect(opened.reward == 2 && opened.state.left == 0 && !opened.terminated && !opened.success)
    let out = rules.outcome(of: right, in: at(2, 10, left: 0))
    #expect(out.reward == 10 && out.terminated && out.success)
  }

  @Test("Nothing but the key opens the door, and nothing but the open door leads to the exit")
  func necessary() {
    for state in RoomsOracle(rules).states {
      if state.left & key != 0 { #expect(state.left & door != 0) }
      if state.left & door != 0 { #expect(!(state.cell / 13 <= 2 && state.cell % 13 >= 8)) }
    }
  }

  @Test("The skull goes to and fro, a cell a step, and kills whom it meets or changes places with")
  func skull() {
    #expect(rules.patrol.map { $0 % 13 } == [4, 5, 6, 7, 8, 9, 10, 9, 8, 7, 6, 5])
    for (state, move) in [(at(5, 6, phase: 1), wait), (at(5, 6, phase: 1), left), (at(5, 3, phase: 10), right)] {
      let outcome = rules.outcome(of: move, in: state)
      // From column 3 to column 4 the skull is met one step later.
      let meets = state.cell % 13 != 3
      #expect(outcome.terminated == meets && outcome.reward == (meets ? -1 : 0) && !outcome.success)
    }
    // Behind the skull it is safe.
    let behind = rules.outcome(of: right, in: at(5, 3, phase: 0))
    #expect(!behind.terminated && behind.reward == 0)
  }

  @Test("Best play takes the key, then the door, then the exit, from every phase of the skull")
  func bestPlay() throws {
    let oracle = RoomsOracle(rules)
    let values = oracle.values(discount: 0.95)
    for start in rules.starts {
      var (state, rewards, steps) = (start, [Double](), 0)
      while true {
        let index = try #require(oracle.index(of: state))
        let outcome = rules.outcome(of: oracle.action(in: index, values, discount: 0.95), in: state)
        steps += 1
        if outcome.reward != 0 { rewards.append(outcome.reward) }
        if outcome.terminated { break }
        state = outcome.state
        try #require(steps <= rules.horizon)
      }
      #expect(rewards == [1, 2, 10])
    }
  }
}
