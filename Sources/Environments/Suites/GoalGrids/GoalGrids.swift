/// Goals on an empty 8x8 grid: the smallest tasks in which rewards of very different size compete for one network.
///
/// An episode starts in a random cell other than the goal and ends at the goal, or is truncated at the task's horizon. Each
/// task has a goal cell of its own, shown in a plane of its own, so that a shared network can tell the tasks apart.
/// - Source: design of the winner-take-all study, after Hessel et al. 2018 (PopArt-IMPALA, 1809.04474), section 1.
public enum GoalGrids {
  public static let suite = Suite("goals", .mazes) { tasks() }
  public static let denseSuite = Suite("goals-dense", .mazes) { denseAndSparse() }

  static let side = 8
  /// The player, then the goal of each of four tasks.
  static let planes = 5

  /// What an agent sees: `planes`, uint8 `[8, 8, 5]`, row, column, plane; plane 0 is the player, plane 1 + i the goal
  /// of task i.
  public static let observation = ObservationSpace([
    ObservationLeaf(name: "planes", element: .uint8, shape: [side, side, planes])
  ])

  /// Left, up, right, down; a step off the grid leaves the player where it is.
  public static let action = ActionSpace.discrete(4)

  private static let palette: [UInt32] = [0x4fc3f7, 0xffd54f, 0x81c784, 0xff8a65, 0xba68c8]

  /// What one grid pays for, and when its episodes end.
  struct Rules: Hashable, Sendable {
    /// Cell 8 row + column, and the plane it shows in; nil where there is none.
    var goal: Int?
    var plane = 1
    var goalReward: Float = 0
    var stepReward: Float = 0
    /// Whether a step off the grid ends the episode, unpaid, instead of leaving the player where it is.
    var edgesAreCliffs = false
    /// Steps after which an episode is truncated.
    var horizon = 20
  }

  /// Suite `goals`: four tasks that differ in their goals, and in what reaching them is worth: 0.1, 1, 10, 100.
  public static func tasks() -> [Task] {
    [
      task("goal_tenth", Rules(goal: cell(row: 1, column: 1), plane: 1, goalReward: 0.1)),
      task("goal_one", Rules(goal: cell(row: 1, column: 6), plane: 2, goalReward: 1)),
      task("goal_ten", Rules(goal: cell(row: 6, column: 1), plane: 3, goalReward: 10)),
      task("goal_hundred", Rules(goal: cell(row: 6, column: 6), plane: 4, goalReward: 100)),
    ]
  }

  /// Suite `goals-dense`: 1 at every step that does not leave the grid, which ends the episode, beside 1 at a goal. All
  /// rewards are equally large here, and still one task has nearly all of them.
  public static func denseAndSparse() -> [Task] {
    [
      task("dense", Rules(stepReward: 1, edgesAreCliffs: true, horizon: 200)),
      task("sparse", Rules(goal: cell(row: 6, column: 6), plane: 2, goalReward: 1)),
    ]
  }

  private static func cell(row: Int, column: Int) -> Int { side * row + column }

  private static func task(_ id: String, _ rules: Rules) -> Task {
    Task(
      id: id, observation: observation, action: action, actionMask: [true, true, true, true],
      scores: rules.goal.map {
        Task.ReferenceScores(
          random: Double(rules.goalReward) * randomSuccess(goal: $0, horizon: rules.horizon),
          reference: Double(rules.goalReward), label: "best play")
      },
      parameters: [
        "goal": rules.goal.map { "row \($0 / side), column \($0 % side)" } ?? "none",
        "goal_plane": "\(rules.plane)",
        "goal_reward": "\(rules.goalReward)",
        "step_reward": "\(rules.stepReward)",
        "edges": rules.edgesAreCliffs ? "cliffs" : "walls",
        "horizon": "\(rules.horizon)",
      ], hasSuccessRule: rules.goal != nil, palette: palette
    ) { replicas, seed, _ in SlotBatch(task: id, rules, replicas: replicas, seed: seed) }
  }

  /// Where an action leads.
  static func next(_ cell: Int, _ action: Int32) -> Int {
    let (row, column) = (cell / side, cell % side)
    switch action {
    case 0: return column > 0 ? cell - 1 : cell
    case 1: return row > 0 ? cell - side : cell
    case 2: return column < side - 1 ? cell + 1 : cell
    case 3: return row < side - 1 ? cell + side : cell
    default: return cell
    }
  }

  /// Exact probability that uniformly random play reaches the goal in time, over all starts.
  static func randomSuccess(goal: Int, horizon: Int) -> Double {
    let cells = side * side
    var presence = (0..<cells).map { $0 == goal ? 0 : 1 / Double(cells - 1) }
    var reached = 0.0
    for _ in 0..<horizon {
      var following = [Double](repeating: 0, count: cells)
      for cell in 0..<cells {
        for action in Int32(0)..<4 { following[next(cell, action)] += presence[cell] / 4 }
      }
      reached += following[goal]
      following[goal] = 0
      presence = following
    }
    return reached
  }
}
