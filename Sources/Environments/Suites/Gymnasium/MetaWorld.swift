import Foundation

/// Meta-World's robotic tasks (Yu et al. 2019), one worker process a task and group (`make metaworld` installs it).
///
/// 39 numbers are seen, four in [-1, 1] are done, and an episode is truncated after 500 steps. It is a success where
/// `success` held at any step. Rewards are the package's second version. Each environment draws 50 goals of its own from
/// its seed and picks one of them an episode, so an evaluation's goals are others than the training's.
public enum MetaWorld {
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

  /// The versions that `make metaworld` installs.
  private static let versions = WorkerPython.pins("requirements-metaworld.txt", of: ["gymnasium", "metaworld"])

  static func tasks(_ names: [String]) -> [Task] { names.map { task($0) } }

  static func task(_ name: String, rewardVersion: String = "v2") -> Task {
    var options = Gymnasium.Options()
    options.arguments = ["env_name": "\(name)-v3", "reward_function_version": rewardVersion]
    options.modules = ["metaworld"]
    return Gymnasium.task(
      "Meta-World/MT1", name: name.replacing("-", with: "_"), options: options,
      leaf: ObservationLeaf(name: "observation", element: .float32, shape: [39]), action: .box(4), horizon: 500,
      versions: versions, seedArgument: "seed", hasSuccessRule: true)
  }
}
