/// A mass on a plane that is pushed to a point: the distance to it costs, and so does pushing.
struct PointMass: Plant {
  struct State: BitwiseCopyable {
    var position, velocity, goal: SIMD2<Double>
    var distance: Double { ((goal - position) * (goal - position)).sum().squareRoot() }
  }

  static let action = ActionSpace.box(2)
  static let observed = ["x", "y", "velocity_x", "velocity_y", "to_goal_x", "to_goal_y"]
  static let hasSuccessRule = true

  var mass = 1.0
  var force = 1.0
  var friction = 0.5
  var timeStep = 0.1
  /// Of the goal.
  var radius = 0.1
  var horizon = 100

  func initial(_ u: SIMD8<Double>) -> State {
    State(
      position: SIMD2(spread(u[0], -1, 1), spread(u[1], -1, 1)), velocity: .zero,
      goal: SIMD2(spread(u[2], -1, 1), spread(u[3], -1, 1)))
  }

  func step(_ s: inout State, _ action: SIMD4<Double>) -> StepOutcome {
    let action = action.lowHalf
    s.velocity += timeStep / mass * (force * action - friction * s.velocity)
    s.position += timeStep * s.velocity
    return StepOutcome(
      reward: -s.distance - 0.01 * (action * action).sum(), success: s.distance <= radius)
  }

  func allows(_ s: State) -> Bool {
    // Where friction eats up the force, but for rounding.
    let fastest = force / friction * (1 + 1e-9)
    return s.velocity.isWithin(fastest) && s.position.isWithin(1 + Double(horizon) * timeStep * fastest)
      && s.goal.isWithin(1)
  }

  func observe(_ s: State, into numbers: UnsafeMutablePointer<Float>) {
    for axis in 0..<2 {
      numbers[axis] = Float(s.position[axis])
      numbers[2 + axis] = Float(s.velocity[axis])
      numbers[4 + axis] = Float(s.goal[axis] - s.position[axis])
    }
  }
}
