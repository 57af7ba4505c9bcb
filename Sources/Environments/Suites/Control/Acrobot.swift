import Foundation

/// Two links that hang from a joint, with a motor (-1, 0 or 1 for actions 0, 1, 2) between them only: -1 a step until the tip is
/// one link's length above the joint.
///
/// - Source: Sutton 1996; constants and equations ("book") of Gymnasium's Acrobot-v1.
struct Acrobot: Plant {
  struct State: BitwiseCopyable {
    var angles, velocities: SIMD2<Double>
  }

  static let action = ActionSpace.discrete(3)
  static let observed = [
    "cos_angle_1", "sin_angle_1", "cos_angle_2", "sin_angle_2", "angular_velocity_1", "angular_velocity_2",
  ]
  static let hasSuccessRule = true

  var gravity = 9.8
  var length = 1.0
  var masses = SIMD2(1.0, 1.0)
  /// Of the links' centres of mass along them.
  var centres = SIMD2(0.5, 0.5)
  var inertia = 1.0
  var timeStep = 0.2
  var largestVelocities = SIMD2(4 * Double.pi, 9 * Double.pi)
  var horizon = 500

  func initial(_ u: SIMD8<Double>) -> State {
    State(
      angles: SIMD2(spread(u[0], -0.1, 0.1), spread(u[1], -0.1, 0.1)),
      velocities: SIMD2(spread(u[2], -0.1, 0.1), spread(u[3], -0.1, 0.1)))
  }

  func step(_ s: inout State, _ action: SIMD4<Double>) -> StepOutcome {
    let torque = action[0] - 1
    // One step of the classical Runge-Kutta method.
    let k1 = derivative(s, torque)
    let k2 = derivative(moved(s, k1, timeStep / 2), torque)
    let k3 = derivative(moved(s, k2, timeStep / 2), torque)
    let k4 = derivative(moved(s, k3, timeStep), torque)
    s.angles += timeStep / 6 * (k1.angles + 2 * k2.angles + 2 * k3.angles + k4.angles)
    s.velocities += timeStep / 6 * (k1.velocities + 2 * k2.velocities + 2 * k3.velocities + k4.velocities)
    s.angles = SIMD2(wrapped(s.angles[0]), wrapped(s.angles[1]))
    s.velocities.clamp(lowerBound: -largestVelocities, upperBound: largestVelocities)
    let above = -cos(s.angles[0]) - cos(s.angles[1] + s.angles[0]) > 1
    return StepOutcome(reward: above ? 0 : -1, terminated: above, success: above)
  }

  func allows(_ s: State) -> Bool {
    // Doubles, as the observation, keep angles in -pi...pi but for rounding.
    s.angles.isWithin(.pi + 1e-9) && abs(s.velocities[0]) <= largestVelocities[0]
      && abs(s.velocities[1]) <= largestVelocities[1]
  }

  private func moved(_ s: State, _ by: State, _ time: Double) -> State {
    State(angles: s.angles + time * by.angles, velocities: s.velocities + time * by.velocities)
  }

  private func derivative(_ s: State, _ torque: Double) -> State {
    let (angle1, angle2) = (s.angles[0], s.angles[1])
    let (velocity1, velocity2) = (s.velocities[0], s.velocities[1])
    let (m1, m2, c1, c2) = (masses[0], masses[1], centres[0], centres[1])
    let d1 =
      m1 * c1 * c1 + m2 * (length * length + c2 * c2 + 2 * length * c2 * cos(angle2)) + inertia + inertia
    let d2 = m2 * (c2 * c2 + length * c2 * cos(angle2)) + inertia
    let phi2 = m2 * c2 * gravity * cos(angle1 + angle2 - .pi / 2)
    let phi1 =
      -m2 * length * c2 * velocity2 * velocity2 * sin(angle2)
      - 2 * m2 * length * c2 * velocity2 * velocity1 * sin(angle2)
      + (m1 * c1 + m2 * length) * gravity * cos(angle1 - .pi / 2) + phi2
    let acceleration2 =
      (torque + d2 / d1 * phi1 - m2 * length * c2 * velocity1 * velocity1 * sin(angle2) - phi2)
      / (m2 * c2 * c2 + inertia - d2 * d2 / d1)
    let acceleration1 = -(d2 * acceleration2 + phi1) / d1
    return State(angles: s.velocities, velocities: SIMD2(acceleration1, acceleration2))
  }

  private func wrapped(_ angle: Double) -> Double {
    var angle = angle
    while angle > .pi { angle -= 2 * .pi }
    while angle < -.pi { angle += 2 * .pi }
    return angle
  }

  func observe(_ s: State, into numbers: UnsafeMutablePointer<Float>) {
    for link in 0..<2 {
      numbers[2 * link] = Float(cos(s.angles[link]))
      numbers[2 * link + 1] = Float(sin(s.angles[link]))
      numbers[4 + link] = Float(s.velocities[link])
    }
  }
}
