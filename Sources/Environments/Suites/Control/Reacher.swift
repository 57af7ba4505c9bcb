import Foundation

/// An arm of two links in a plane without gravity, turned by torques at its joints so that its tip reaches a point: the distance
/// costs, and so does torque.
struct Reacher: Plant {
  struct State: BitwiseCopyable {
    var angles, velocities, goal: SIMD2<Double>
  }

  static let action = ActionSpace.box(2)
  static let observed = [
    "cos_angle_1", "sin_angle_1", "cos_angle_2", "sin_angle_2", "angular_velocity_1", "angular_velocity_2", "to_goal_x",
    "to_goal_y",
  ]
  static let hasSuccessRule = true

  /// Of each link.
  var length = 0.5
  var mass = 1.0
  var torque = 1.0
  var damping = 0.5
  var timeStep = 0.05
  /// Of the goal.
  var radius = 0.1
  var horizon = 100

  func initial(_ u: SIMD8<Double>) -> State {
    // A goal at equal areas of the ring from a fifth of the arm's reach to nine tenths of it.
    let distance = 2 * length * spread(u[2], 0.2 * 0.2, 0.9 * 0.9).squareRoot()
    let direction = spread(u[3], -.pi, .pi)
    return State(
      angles: SIMD2(spread(u[0], -.pi, .pi), spread(u[1], -.pi, .pi)), velocities: .zero,
      goal: SIMD2(distance * cos(direction), distance * sin(direction)))
  }

  func step(_ s: inout State, _ action: SIMD4<Double>) -> StepOutcome {
    let action = action.lowHalf
    // Two thin rods: M(angles) a + C(angles, velocities) = torques - damping velocities.
    let inertia = mass * length * length
    let (sine, cosine) = (sin(s.angles[1]), cos(s.angles[1]))
    let m11 = inertia * (5.0 / 3.0 + cosine), m12 = inertia * (1.0 / 3.0 + cosine / 2), m22 = inertia / 3
    let (v1, v2) = (s.velocities[0], s.velocities[1])
    let coriolis = SIMD2(-inertia / 2 * sine * (2 * v1 * v2 + v2 * v2), inertia / 2 * sine * v1 * v1)
    let net = torque * action - damping * s.velocities - coriolis
    let determinant = m11 * m22 - m12 * m12
    let acceleration = SIMD2(m22 * net[0] - m12 * net[1], m11 * net[1] - m12 * net[0]) / determinant
    s.velocities += timeStep * acceleration
    s.angles += timeStep * s.velocities
    let distance = toGoal(s)
    let length = (distance * distance).sum().squareRoot()
    return StepOutcome(reward: -length - 0.01 * (action * action).sum(), success: length <= radius)
  }

  /// Damping keeps the arm far slower than this.
  func allows(_ s: State) -> Bool {
    let fastest = 1000.0
    return s.velocities.isWithin(fastest) && s.angles.isWithin(.pi + Double(horizon) * timeStep * fastest)
      && s.goal.isWithin(2 * length)
  }

  private func toGoal(_ s: State) -> SIMD2<Double> {
    let (first, both) = (s.angles[0], s.angles[0] + s.angles[1])
    return s.goal - length * SIMD2(cos(first) + cos(both), sin(first) + sin(both))
  }

  func observe(_ s: State, into numbers: UnsafeMutablePointer<Float>) {
    let distance = toGoal(s)
    for axis in 0..<2 {
      numbers[2 * axis] = Float(cos(s.angles[axis]))
      numbers[2 * axis + 1] = Float(sin(s.angles[axis]))
      numbers[4 + axis] = Float(s.velocities[axis])
      numbers[6 + axis] = Float(distance[axis])
    }
  }
}
