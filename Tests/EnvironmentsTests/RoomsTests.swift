import TestSupport
import Testing

@testable import Environments

/// The state that one slot's planes show.
private func state(_ observation: [UInt8], slot: Int = 0, _ rules: RoomsRules) -> RoomsState {
  let board = observation[2197 * slot..<2197 * (slot + 1)]
  func shows(_ kind: RoomsKind, _ cell: Int) -> Bool { board[board.startIndex + 13 * cell + kind.rawValue] == 1 }
  let left = rules.things.enumerated().filter { shows($1.kind, $1.cell) }.reduce(UInt16(0)) { $0 | 1 << $1.offset }
  let round = rules.patrol.map(Int.init)
  let phase = round.indices.firstIndex {
    shows(.skull, round[$0]) && shows(.nextSkull, round[($0 + 1) % round.count])
  }
  return RoomsState(cell: UInt8((0..<169).first { shows(.player, $0) }!), phase: UInt8(phase ?? 0), left: left)
}

private func task(_ id: String) -> (id: String, rules: RoomsRules, scores: Task.ReferenceScores) {
  Rooms.specifications.first { $0.id == id }!
}

private let ids = Rooms.specifications.map(\.id)

@Suite("Rooms")
struct RoomsTests {
  @Test("Four rooms have 104 free cells and four gaps in their inner walls; any but the goal is a start")
  func fourRooms() {
    let rules = Rooms.goal(row: 1, column: 1)
    let free = (0..<169).filter { rules.places[$0].kind != .wall }
    #expect(free.count == 104 && rules.starts.count == 103)
    #expect(
      free.filter { $0 / 13 == 6 || $0 % 13 == 6 }.map { [$0 / 13, $0 % 13] } == [[3, 6], [6, 3], [6, 9], [9, 6]])
    #expect(RoomsOracle(rules).states.count == 103)
    #expect(RoomsOracle(Rooms.items(weights: [1, 1, 1])).states.count == 6464)
  }

  @Test("Scores in the file are the oracle's", arguments: ids)
  func references(id: String) {
    let (known, exact) = (task(id).scores, RoomsOracle(task(id).rules).scores())
    #expect(abs(known.random! - exact.random!) <= 5e-7, "\(exact)")
    #expect(abs(known.reference! - exact.reference!) <= 5e-7, "\(exact.reference!)")
  }

  @Test("Random play's mean return is the exact one", arguments: ids)
  func randomPlay(id: String) throws {
    let (_, rules, scores) = task(id)
    let played = try randomReturns(
      Rooms.task(id, rules), actions: Array(0..<Int32(rules.actionCount)), perSlot: 10)
    #expect(abs(played.mean - scores.random!) <= 4 * played.error, "\(played.mean) against \(scores)")
  }

  @Test("The oracle's values solve Bellman's equation", arguments: ["goal_slippery", "items_two", "keys_doors"])
  func residual(id: String) {
    let oracle = RoomsOracle(task(id).rules)
    let values = oracle.values(discount: 0.95)
    let worst = zip(values, oracle.backup(values, discount: 0.95)).map { abs($0 - $1) }.max()!
    #expect(worst <= 1e-9)
  }

  /// Discounted returns of the oracle's policy, less the values of the states that they began in.
  private func surplus(_ id: String, _ rules: RoomsRules, episodes: Int, slots: Int = 32) throws -> [Double] {
    let oracle = RoomsOracle(rules)
    let values = oracle.values(discount: 0.95)
    let policy = oracle.states.indices.map { Int32(oracle.action(in: $0, values, discount: 0.95)) }
    let play = try Play(Rooms.task(id, rules), replicas: 0..<slots)
    func value(_ slot: Int) -> Double { values[oracle.index(of: state(play.observation, slot: slot, rules))!] }
    var (expected, running) = ((0..<slots).map(value), [Double](repeating: 0, count: slots))
    var (discount, finished) = ([Double](repeating: 1, count: slots), [Int](repeating: 0, count: slots))
    var found: [Double] = []
    while finished.contains(where: { $0 < episodes }) {
      try play.step((0..<slots).map { policy[oracle.index(of: state(play.observation, slot: $0, rules))!] })
      for slot in 0..<slots {
        running[slot] += discount[slot] * Double(play.reward[slot])
        discount[slot] *= 0.95
        guard play.ended(slot) else { continue }
        if finished[slot] < episodes { found.append(running[slot] - expected[slot]) }
        finished[slot] += 1
        (running[slot], discount[slot], expected[slot]) = (0, 1, value(slot))
      }
    }
    return found
  }

  @Test(
    "Without slip, the oracle's policy earns exactly its values",
    arguments: ["goal_northwest", "items_two", "keys_doors"])
  func bestPlay(id: String) throws {
    let surplus = try surplus(id, task(id).rules, episodes: id == "goal_northwest" ? 10 : 1)
    #expect(surplus.map(abs).max()! <= 1e-9)
  }

  @Test("With slip, it earns them on average")
  func bestPlaySlips() throws {
    let surplus = try surplus("goal_slippery", task("goal_slippery").rules, episodes: 40)
    let count = Double(surplus.count)
    let mean = surplus.reduce(0, +) / count
    let error = (surplus.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / (count - 1) / count).squareRoot()
    #expect(abs(mean) <= 4 * error, "\(mean) ± \(error)")
  }

  @Test("A move goes in each of the other three directions with a third of the slip")
  func slip() throws {
    let rules = Rooms.goal(row: 1, column: 1, slip: 0.3)
    let counts = (0..<1000).reduce(into: [0, 0, 0, 0]) { $0[rules.move(after: 2, random: Double($1) / 1000)] += 1 }
    for (count, expected) in zip(counts, [100, 100, 700, 100]) { #expect(abs(count - expected) <= 1) }

    let play = try Play(Rooms.task("slips", rules), replicas: 0..<64)
    var (slipped, moved) = (0.0, 0.0)
    for step in 0..<400 {
      let before = (0..<64).map { Int(state(play.observation, slot: $0, rules).cell) }
      let action = step % 4
      try play.step(Array(repeating: Int32(action), count: 64))
      for slot in 0..<64 where !play.ended(slot) {
        let steps = [-13, 1, 13, -1]
        // Where a wall is near, a move that went elsewhere can't be told.
        guard steps.allSatisfy({ rules.places[before[slot] + $0].kind != .wall }) else { continue }
        moved += 1
        slipped += Int(state(play.observation, slot: slot, rules).cell) == before[slot] + steps[action] ? 0 : 1
      }
    }
    #expect(moved > 5000)
    #expect(abs(slipped / moved - 0.3) <= 4 * (0.3 * 0.7 / moved).squareRoot())
  }

  @Test("An item pays its class's weight once an episode, and an episode's end brings all back")
  func items() throws {
    let rules = Rooms.items(weights: [1, 0.5, -1], showsWeights: true, horizon: 60)
    let play = try Play(Rooms.task("items", rules), replicas: 0..<16)
    var (numbers, taken) = (SplitMix64(4), 0)
    for step in 1...600 {
      let before = (0..<16).map { state(play.observation, slot: $0, rules) }
      try play.step((0..<16).map { _ in Int32.random(in: 0..<4, using: &numbers) })
      for slot in 0..<16 {
        let ended = step % 60 == 0
        #expect(play.terminated[slot] == 0 && play.truncated[slot] == (ended ? 1 : 0))
        let after = state(ended ? play.finalObservation : play.observation, slot: slot, rules)
        let gone = rules.things.indices.filter { before[slot].left >> $0 & 1 != after.left >> $0 & 1 }
        #expect(Double(play.reward[slot]) == gone.map { rules.things[$0].reward }.reduce(0, +))
        #expect(gone.allSatisfy { rules.things[$0].cell == Int(after.cell) } && gone.count <= 1)
        #expect(
          (play.success[slot] == 1)
            == rules.things.indices.allSatisfy { rules.things[$0].reward < 0 || after.left >> $0 & 1 == 0 })
        if ended { #expect(state(play.observation, slot: slot, rules).left == 0b111111) }
        taken += gone.count
      }
    }
    #expect(taken > 100)
    // Two planes tell what pays from what costs; without them the same board shows neither.
    func marks(_ plane: Int, _ showsWeights: Bool) throws -> [Int] {
      let rules = Rooms.items(weights: [1, 0.5, -1], showsWeights: showsWeights)
      let board = try Play(Rooms.task("items", rules)).observation
      return (0..<169).filter { board[13 * $0 + plane] == 1 }
    }
    #expect(try marks(11, true) == rules.things.filter { $0.reward > 0 }.map(\.cell))
    #expect(try marks(12, true) == rules.things.filter { $0.reward < 0 }.map(\.cell))
    #expect(try marks(11, false).isEmpty && marks(12, false).isEmpty)
  }

  @Test("A state that can't be on the map is refused")
  func refusesState() throws {
    let play = try Play(Rooms.task("keys_doors", Rooms.keysAndDoors()))
    var state = try #require(try play.environment.saveState())
    state[12] = 0
    let error = #expect(throws: EnvironmentError.self) { try play.environment.restoreState(state) }
    #expect(error?.description.contains("is where this map has none") == true)
  }
}
