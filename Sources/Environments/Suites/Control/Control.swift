/// Classical control: small systems whose physics are parameters. State and dynamics are in double precision.
///
/// Five equal Gymnasium 1.4.0's of the same names, step by step from the same states; the other two are the library's own.
public enum Control {
  /// Suite `control`: discrete actions.
  public static func discreteTasks() -> [Task] {
    [task("cart_pole", CartPole()), task("acrobot", Acrobot()), task("mountain_car", MountainCar())]
  }

  /// Suite `control-continuous`: one or two numbers in [-1, 1].
  public static func continuousTasks() -> [Task] {
    [
      task("pendulum", Pendulum()), task("mountain_car_continuous", ContinuousMountainCar()),
      task("point_mass", PointMass()), task("reacher", Reacher()),
    ]
  }

  static func task<P: Plant>(_ id: String, _ plant: P) -> Task {
    let physics = Mirror(reflecting: plant).children.map { ($0.label!, "\($0.value)") }
    return Task(
      id: id,
      observation: ObservationSpace([ObservationLeaf(name: "state", element: .float32, shape: [P.observed.count])]),
      action: P.action, actionMask: Array(repeating: true, count: P.action.count), scores: nil,
      parameters: Dictionary(uniqueKeysWithValues: physics + [("observed", P.observed.joined(separator: " "))]),
      hasSuccessRule: P.hasSuccessRule
    ) { replicas, seed, _ in ControlEnvironment(task: id, plant: plant, replicas: replicas, seed: seed) }
  }
}
