import Foundation

/// A pole on a cart that is pushed left (0) or right (1): 1 a step until the pole falls or the cart leaves.
///
/// - Source: Barto, Sutton and Anderson 1983; constants of Gymnasium's CartPole-v1.
struct CartPole: Plant {
  struct State: BitwiseCopyable {
    var x, velocity, angle, angularVelocity: Double
  }

  static let action = ActionSpace.discrete(2)
  static let observed = ["x", "velocity", "angle", "angular_velocity"]

  var gravity = 9.8
  var cartMass = 1.0
  var poleMass = 0.1
  /// Half of the pole's length.
  var length = 0.5
  var force = 10.0
  var timeStep = 0.02
  var largestX = 2.4
  var largestAngle = 12 * 2 * Double.pi / 360
  var horizon = 500

  func initial(_ u: SIMD8<Double>) -> State {
    State(
      x: spread(u[0], -0.05, 0.05), velocity: spread(u[1], -0.05, 0.05), angle: spread(u[2], -0.05, 0.05),
      angularVelocity: spread(u[3], -0.05, 0.05))
  }

  func step(_ s: inout State, _ action: SIMD4<Double>) -> StepOutcome {
    let push = action[0] == 1 ? force : -force
    let (sine, cosine, mass) = (sin(s.angle), cos(s.angle), cartMass + poleMass)
    let temporary = (push + poleMass * length * s.angularVelocity * s.angularVelocity * sine) / mass
    let angular =
      (gravity * sine - cosine * temporary) / (length * (4.0 / 3.0 - poleMass * cosine * cosine / mass))
    let linear = temporary - poleMass * length * angular * cosine / mass
    // Explicit Euler: positions move by the old velocities.
    s.x += timeStep * s.velocity
    s.velocity += timeStep * linear
    s.angle += timeStep * s.angularVelocity
    s.angularVelocity += timeStep * angular
    return StepOutcome(reward: 1, terminated: abs(s.x) > largestX || abs(s.angle) > largestAngle)
  }

  /// Speeds stay far below their limit here, as the cart would leave and the pole would fall.
  func allows(_ s: State) -> Bool {
    abs(s.x) <= largestX && abs(s.angle) <= largestAngle && abs(s.velocity) <= 1000 && abs(s.angularVelocity) <= 1000
  }

  func observe(_ s: State, into numbers: UnsafeMutablePointer<Float>) {
    (numbers[0], numbers[1]) = (Float(s.x), Float(s.velocity))
    (numbers[2], numbers[3]) = (Float(s.angle), Float(s.angularVelocity))
  }
}
