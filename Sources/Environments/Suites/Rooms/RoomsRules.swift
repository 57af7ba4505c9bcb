/// What a cell can show, in drawing order: of what shares a cell, pixels show the first. Planes are in this order too, the
/// floor left out.
public enum RoomsKind: Int, CaseIterable, Sendable {
  case player, skull
  /// Where the skull is after the next step.
  case nextSkull
  /// A goal or an exit: reaching it ends the episode.
  case goal
  case key, door
  /// Things to take, of three classes.
  case item0, item1, item2
  case ladder, wall, floor
}

/// All that changes in an episode.
public struct RoomsState: Hashable, BitwiseCopyable, Sendable {
  /// 13 row + column.
  public var cell: UInt8
  /// Index into the skull's round; 0 where there is none.
  public var phase: UInt8
  /// Bit i: thing i of the map, in reading order, is still there.
  public var left: UInt16
}

/// What one move comes to.
public struct RoomsOutcome: Hashable, Sendable {
  public let state: RoomsState
  public let reward: Double
  public let terminated: Bool
  public let success: Bool
}

/// What happens on one map, and what it pays: all that an environment plays and `RoomsOracle` solves.
///
/// A map is 13 lines of 13 characters, the border wall: `#` wall, `.` floor, `H` ladder, `G` goal, `k` key, `d` door, `0` `1` `2`
/// items, `s` the skull's way, two or more cells of one row, `@` start. Without `@` every floor cell is a start, all equally
/// likely.
public struct RoomsRules: Sendable {
  public static let side = 13

  struct Thing: Sendable {
    let kind: RoomsKind
    let cell: Int
    let reward: Double
  }

  struct Place: Sendable {
    var kind = RoomsKind.floor
    /// Index of its thing, -1 where there is none.
    var thing = -1
  }

  public let map: String
  /// For reaching a goal, meeting the skull, or taking a key, a door or an item; 0 where left out.
  public let rewards: [RoomsKind: Double]
  /// Probability that a move goes in one of the other three directions instead.
  public let slip: Double
  /// Whether what has neither floor nor ladder below it falls, and only ladders lead up.
  public let hasGravity: Bool
  /// Whether two planes show which items pay and which cost. Tasks that differ in nothing else look alike without.
  public let showsWeights: Bool
  /// Steps after which an episode is truncated.
  public let horizon: Int

  let places: [Place]
  let things: [Thing]
  /// Where the skull is in each phase, there and back; empty without one.
  let patrol: [UInt8]
  /// States an episode begins in, all equally likely: every start in every phase.
  public let starts: [RoomsState]
  private let keys, doors, wanted: UInt16
  private let hasGoal: Bool

  /// - Precondition: The map is as described, with 16 things at most and a start; `slip` is in 0...1, `horizon` above 0.
  public init(
    map: String, rewards: [RoomsKind: Double], slip: Double = 0, hasGravity: Bool = false, showsWeights: Bool = false,
    horizon: Int
  ) {
    let cells = map.split(separator: "\n").flatMap { Array($0) }
    let side = Self.side
    precondition(cells.count == side * side, "a map of rooms has \(side) lines of \(side) characters")
    precondition(0...1 ~= slip && horizon > 0, "slip \(slip) is not in 0...1, or horizon \(horizon) not above 0")
    var (places, things) = (Array(repeating: Place(), count: cells.count), [Thing]())
    var (patrol, given, free): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    for (cell, character) in cells.enumerated() {
      let isBorder = [0, side - 1].contains(cell / side) || [0, side - 1].contains(cell % side)
      precondition(!isBorder || character == "#", "the border of a map of rooms is wall")
      switch character {
      case ".": free.append(UInt8(cell))
      case "@": given.append(UInt8(cell))
      case "s": patrol.append(UInt8(cell))
      case "#": places[cell].kind = .wall
      case "H": places[cell].kind = .ladder
      case "G": places[cell].kind = .goal
      default:
        guard let kind = Self.kinds[character] else { preconditionFailure("maps of rooms have no \(character)") }
        places[cell].thing = things.count
        things.append(Thing(kind: kind, cell: cell, reward: rewards[kind] ?? 0))
      }
    }
    precondition(things.count <= 16, "a map of rooms has 16 things at most, this one has \(things.count)")
    precondition(patrol.count != 1, "a skull needs two cells or more")
    func bits(_ matches: (Thing) -> Bool) -> UInt16 {
      things.indices.filter { matches(things[$0]) }.reduce(0) { $0 | 1 << $1 }
    }
    (self.map, self.rewards, self.slip, self.hasGravity) = (map, rewards, slip, hasGravity)
    (self.showsWeights, self.horizon, self.places, self.things) = (showsWeights, horizon, places, things)
    self.patrol = patrol + patrol.dropFirst().dropLast().reversed()
    hasGoal = places.contains { $0.kind == .goal }
    keys = bits { $0.kind == .key }
    doors = bits { $0.kind == .door }
    wanted = bits { $0.reward > 0 }
    let phases = UInt8(max(self.patrol.count, 1))
    let all = bits { _ in true }
    starts = (given.isEmpty ? free : given).flatMap { cell in
      (0..<phases).map { RoomsState(cell: cell, phase: $0, left: all) }
    }
    precondition(!starts.isEmpty, "a map of rooms needs a start")
  }

  private static let kinds: [Character: RoomsKind] = [
    "k": .key, "d": .door, "0": .item0, "1": .item1, "2": .item2,
  ]

  /// Up, right, down, left, and with gravity to wait.
  public var actionCount: Int { hasGravity ? 5 : 4 }

  /// The probability that `action` becomes `move`. Chance has no other part in what follows.
  /// - Source: Sutton, Precup, Singh 1999, section 2, where slip is 1/3.
  public func probability(of move: Int, after action: Int) -> Double {
    if move == action { return action < 4 ? 1 - slip : 1 }
    return move < 4 && action < 4 ? slip / 3 : 0
  }

  /// The move in whose share of [0, 1) `random` lies, when the probabilities are laid end to end.
  public func move(after action: Int, random: Double) -> Int {
    var rest = random
    for move in 0..<4 {
      rest -= probability(of: move, after: action)
      if rest < 0 { return move }
    }
    return action
  }

  /// What a move leads to, for certain. Things are taken by entering their cell, a door once there is no key left to take.
  public func outcome(of move: Int, in state: RoomsState) -> RoomsOutcome {
    var next = state
    let (from, to) = (Int(state.cell), destination(of: move, in: state))
    next.cell = UInt8(to)
    var (reward, killed) = (0.0, false)
    let place = places[to]
    if place.thing >= 0, state.left >> place.thing & 1 == 1 {
      next.left &= ~(1 << place.thing)
      reward += things[place.thing].reward
    }
    if !patrol.isEmpty {
      next.phase = Int(state.phase) + 1 < patrol.count ? state.phase + 1 : 0
      let (before, after) = (Int(patrol[Int(state.phase)]), Int(patrol[Int(next.phase)]))
      // Who changes places with the skull meets it too.
      killed = to == after || (to == before && from == after)
      if killed { reward += rewards[.skull] ?? 0 }
    }
    let arrived = place.kind == .goal && !killed
    if arrived { reward += rewards[.goal] ?? 0 }
    return RoomsOutcome(
      state: next, reward: reward, terminated: arrived || killed,
      success: hasGoal ? arrived : next.left & wanted == 0)
  }

  private func destination(of move: Int, in state: RoomsState) -> Int {
    let cell = Int(state.cell)
    let below = cell + Self.side
    if hasGravity, places[cell].kind != .ladder {
      if places[below].kind != .ladder, !isSolid(below, state) { return below }
      if move == 0 { return cell }
    }
    let to: Int
    switch move {
    case 0: to = cell - Self.side
    case 1: to = cell + 1
    case 2: to = below
    case 3: to = cell - 1
    default: return cell
    }
    return isSolid(to, state) ? cell : to
  }

  private func isSolid(_ cell: Int, _ state: RoomsState) -> Bool {
    let place = places[cell]
    if place.kind == .wall { return true }
    return place.thing >= 0 && state.left & doors & (1 << place.thing) != 0 && state.left & keys != 0
  }
}
