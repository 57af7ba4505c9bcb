/// Meta-World's robotic tasks (Yu et al. 2019), in worker processes (`make metaworld` installs it).
///
/// 39 numbers are seen, four in [-1, 1] are done, and an episode is truncated after 500 steps. It is a success where
/// `success` held at any step. Every task has 50 goals, of which each episode has one.
public enum MetaWorld {
  /// One of the benchmark's sets.
  static func suite(_ name: String, _ tasks: [String]) -> Suite {
    Suite(name, traits(tasks.count)) { try Self.tasks(tasks, $0) }
  }

  /// `metaworld-mt1:NAME,NAME...`.
  static let listed = Suite("metaworld-mt1", describe: { traits(1) }, listsTasks: true) { entries, options in
    try entries.map { try task($0, options.arguments) }
  }

  /// McLean et al. 2025 (2505.11289) train for two million steps a task.
  private static func traits(_ tasks: Int) -> Suite.Traits {
    Suite.Traits(tasks: tasks, .vectors, .box, .manipulation, isHeavy: true, publishedSteps: 2_000_000)
  }

  /// In the order of the benchmark.
  static let mt10 = [
    "reach", "push", "pick-place", "door-open", "drawer-open", "drawer-close", "button-press-topdown",
    "peg-insert-side",
    "window-open", "window-close",
  ]
  static let mt25 =
    mt10 + [
      "coffee-pull", "pick-out-of-hole", "disassemble", "pick-place-wall", "basketball", "stick-pull",
      "button-press-wall", "faucet-open", "door-lock", "lever-pull", "sweep-into", "faucet-close", "coffee-button",
      "button-press-topdown-wall", "dial-turn",
    ]
  static let mt50 = [
    "assembly", "basketball", "bin-picking", "box-close", "button-press-topdown", "button-press-topdown-wall",
    "button-press", "button-press-wall", "coffee-button", "coffee-pull", "coffee-push", "dial-turn", "disassemble",
    "door-close", "door-lock", "door-open", "door-unlock", "hand-insert", "drawer-close", "drawer-open", "faucet-open",
    "faucet-close", "hammer", "handle-press-side", "handle-press", "handle-pull-side", "handle-pull", "lever-pull",
    "pick-place-wall", "pick-out-of-hole", "pick-place", "plate-slide", "plate-slide-side", "plate-slide-back",
    "plate-slide-back-side", "peg-insert-side", "peg-unplug-side", "soccer", "stick-push", "stick-pull", "push",
    "push-wall", "push-back", "reach", "reach-wall", "shelf-place", "sweep-into", "sweep", "window-open",
    "window-close",
  ]

  static let packages = PythonPackages.pinned(
    in: "requirements-metaworld.txt", ["gymnasium", "metaworld"])

  /// What can be chosen about the tasks.
  private struct Options: Encodable {
    var name: String
    /// `v1` or `v2`; the scales of the first differ by four orders of magnitude, and three tasks can't be solved with it.
    var rewardVersion = "v2"
    /// What the goals are drawn from.
    var goalSeed = 1
    /// Steps after which an episode is truncated; the simulation ends at 500.
    var horizon = 500
  }

  /// The tasks of these names, in their order.
  ///
  /// - Parameter arguments: `reward_version` (v1, v2), `goal_seed`, `horizon`.
  /// - Throws: `EnvironmentError.refused` for any other name or value.
  static func tasks(_ names: [String], _ arguments: [String: String]) throws -> [Task] {
    try names.map { try task(TaskEntry($0), arguments) }
  }

  /// One task, with arguments of its own beside those of all.
  static func task(_ entry: TaskEntry, _ arguments: [String: String]) throws -> Task {
    let (name, id) = (entry.name, entry.id)
    guard mt50.contains(name) else {
      throw EnvironmentError.unknownTask(suite: "metaworld-mt1", task: name, nearest: nearest(to: name, among: mt50))
    }
    var options = Options(name: "\(name)-v3")
    for (argument, value) in entry.arguments(besides: arguments) {
      switch (argument, Int(value)) {
      case ("reward_version", _) where ["v1", "v2"].contains(value): options.rewardVersion = value
      case ("goal_seed", let seed?) where (0..<1 << 32).contains(seed): options.goalSeed = seed
      case ("horizon", let steps?) where (1...500).contains(steps): options.horizon = steps
      default:
        throw EnvironmentError.refused(
          task: id,
          reason: "\(argument)=\(value) is none of reward_version=v1 or v2, goal_seed=0 to 2^32 - 1, and "
            + "horizon=1 to 500")
      }
    }
    return Gymnasium.task(
      id, kind: "metaworld", options: options,
      leaf: ObservationLeaf(name: "observation", element: .float32, shape: [39]), action: .box(4),
      parameters: [
        "suite": "metaworld", "environment": options.name, "reward_version": options.rewardVersion,
        "goals": "50, drawn from seed \(options.goalSeed)", "horizon": "\(options.horizon)",
      ], packages: packages, hasSuccessRule: true)
  }
}
