/// Small worlds whose best play is known exactly: goals and items in four rooms, and keys and doors.
///
/// - Source: the four rooms of Sutton, Precup, Singh 1999, section 2; their items after Barreto et al. 2017 (1606.05312), section 4.1;
///   keys and doors after the first room of Montezuma's Revenge.
public enum Rooms {
  public static let suite = Suite("rooms", .mazes) { tasks() }
  public static let pixelSuite = Suite("rooms-pixels", .mazes) { pixelTasks() }

  /// Up, right, down, left, wait.
  public static let action = ActionSpace.discrete(5)

  private static let fourRooms = """
    #############
    #.....#.....#
    #.....#.....#
    #...........#
    #.....#.....#
    #.....#.....#
    ###.#####.###
    #.....#.....#
    #.....#.....#
    #...........#
    #.....#.....#
    #.....#.....#
    #############
    """

  private static let sixItems = """
    #############
    #0....#.....#
    #.....#.....#
    #.....2.....#
    #.....#.1...#
    #.....#.....#
    ###.#####.###
    #.....#.....#
    #1....#.....#
    #...........#
    #.....#....0#
    #.2...#.....#
    #############
    """

  private static let keyAndDoor = """
    #############
    #...........#
    #@......d..G#
    ###H#########
    #..H........#
    #..Hsssssss.#
    #######H#####
    #......H....#
    #......H....#
    ####.####H###
    #........H..#
    #k.......H..#
    #############
    """

  /// 1 for reaching the goal, from any other cell of four rooms.
  ///
  /// - Precondition: The goal is a free cell.
  public static func goal(row: Int, column: Int, slip: Double = 0, horizon: Int = 100) -> RoomsRules {
    var map = Array(fourRooms)
    // A line is a character longer than the side.
    let place = row * (RoomsRules.side + 1) + column
    precondition(map[place] == ".", "row \(row), column \(column) of four rooms is a wall")
    map[place] = "G"
    return RoomsRules(map: String(map), rewards: [.goal: 1], slip: slip, horizon: horizon)
  }

  /// Six items of three classes, of which one of class c pays `weights[c]`, in four rooms. Items come back with the next
  /// episode, which only the horizon ends; success is to have all that pay.
  public static func items(
    weights: [Double], slip: Double = 0, showsWeights: Bool = false, horizon: Int = 100
  ) -> RoomsRules {
    precondition(
      weights.count == 3 && weights.contains { $0 > 0 }, "items have three classes, one of which pays, not \(weights)")
    return RoomsRules(
      map: sixItems, rewards: [.item0: weights[0], .item1: weights[1], .item2: weights[2]], slip: slip,
      showsWeights: showsWeights, horizon: horizon)
  }

  /// Down past the skull to the key, and back up to the door, behind which is the exit.
  public static func keysAndDoors(horizon: Int = 200) -> RoomsRules {
    RoomsRules(
      map: keyAndDoor, rewards: [.key: 1, .door: 2, .goal: 10, .skull: -1], hasGravity: true, horizon: horizon)
  }

  /// The task of these rules.
  ///
  /// - Parameter scores: What `RoomsOracle(rules).scores()` gives, where it is known.
  public static func task(
    _ id: String, _ rules: RoomsRules, look: RoomsLook = .planes, scores: Task.ReferenceScores? = nil
  ) -> Task {
    Task(
      id: id, observation: look.observation, action: action,
      actionMask: (0..<action.count).map { $0 < rules.actionCount }, scores: scores,
      parameters: [
        "map": rules.map.split(separator: "\n").joined(separator: "/"),
        "rewards": RoomsKind.allCases.compactMap { kind in rules.rewards[kind].map { "\(kind) \($0)" } }
          .joined(separator: ", "),
        "slip": "\(rules.slip)",
        "gravity": "\(rules.hasGravity)",
        "shows_weights": "\(rules.showsWeights)",
        "horizon": "\(rules.horizon)",
        "look": "\(look)",
      ], hasSuccessRule: true, palette: look == .planes ? RoomsLook.planeColors : []
    ) { replicas, seed, _ in
      SlotBatch(task: id, RoomsDynamics(rules, look), replicas: replicas, seed: seed)
    }
  }

  /// Suite `rooms`: a goal in each room, one with slip 1/3, three ways to value the same items, keys and doors.
  public static func tasks() -> [Task] {
    specifications.map { task($0.id, $0.rules, scores: $0.scores) }
  }

  /// Suite `rooms-pixels`: one goal and keys and doors in several palettes.
  public static func pixelTasks() -> [Task] {
    let looks: [(name: String, look: RoomsLook)] =
      (0..<4).map { ("palette_\($0)", .pixels(palette: $0)) } + [("permuted", .pixels(palette: 0, shift: 1))]
    return ["goal_northeast", "keys_doors"].flatMap { id in
      let known = specifications.first { $0.id == id }!
      return looks.map { task("\(id)_\($0.name)", known.rules, look: $0.look, scores: known.scores) }
    }
  }

  /// Scores are of `RoomsOracle`, which a test asks again.
  static let specifications: [(id: String, rules: RoomsRules, scores: Task.ReferenceScores)] = [
    ("goal_northwest", goal(row: 1, column: 1), bestPlay(1, random: 0.168118)),
    ("goal_northeast", goal(row: 3, column: 9), bestPlay(1, random: 0.28511)),
    ("goal_southwest", goal(row: 10, column: 2), bestPlay(1, random: 0.242922)),
    ("goal_southeast", goal(row: 9, column: 7), bestPlay(1, random: 0.297463)),
    ("goal_slippery", goal(row: 3, column: 9, slip: 1.0 / 3), bestPlay(1, random: 0.28511)),
    ("items_all", items(weights: [1, 1, 1], showsWeights: true), bestPlay(6, random: 1.337714)),
    ("items_two", items(weights: [1, 0.5, -1], showsWeights: true), bestPlay(3, random: 0.185096)),
    ("items_one", items(weights: [-1, -0.5, 1], showsWeights: true), bestPlay(2, random: -0.185096)),
    ("keys_doors", keysAndDoors(), bestPlay(13, random: -0.741436)),
  ]

  private static func bestPlay(_ reference: Double, random: Double) -> Task.ReferenceScores {
    Task.ReferenceScores(random: random, reference: reference, label: "best play")
  }
}
