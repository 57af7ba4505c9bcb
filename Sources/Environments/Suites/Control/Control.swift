/// Classical control: small systems whose physics are parameters. State and dynamics are in double precision.
///
/// Five equal Gymnasium 1.4.0's of the same names, step by step from the same states; the other two are the library's own.
public enum Control {
  public static let discreteSuite = Suite("control", .control) { discreteTasks() }
  public static let continuousSuite = Suite("control-continuous", .control) { continuousTasks() }

  /// Suite `control`: discrete actions.
  public static func discreteTasks() -> [Task] {
    [Task("cart_pole", CartPole()), Task("acrobot", Acrobot()), Task("mountain_car", MountainCar())]
  }

  /// Suite `control-continuous`: one or two numbers in [-1, 1].
  public static func continuousTasks() -> [Task] {
    [
      Task("pendulum", Pendulum()), Task("mountain_car_continuous", ContinuousMountainCar()),
      Task("point_mass", PointMass()), Task("reacher", Reacher()),
    ]
  }
}
