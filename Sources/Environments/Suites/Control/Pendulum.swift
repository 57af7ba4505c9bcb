import Foundation

/// A pendulum whose motor is too weak to lift it at once; it costs to be away from the top, to be fast, and to push.
///
/// - Source: constants of Gymnasium's Pendulum-v1.
struct Pendulum: Plant {
  struct State: BitwiseCopyable {
    /// 0 is up.
    var angle, velocity: Double
  }

  static let action = ActionSpace.box(1)
  static let observed = ["cos_angle", "sin_angle", "angular_velocity"]

  var gravity = 10.0
  var mass = 1.0
  var length = 1.0
  var timeStep = 0.05
  var largestVelocity = 8.0
  var largestTorque = 2.0
  var horizon = 200

  func initial(_ u: SIMD8<Double>) -> State {
    State(angle: spread(u[0], -.pi, .pi), velocity: spread(u[1], -1, 1))
  }

  func step(_ s: inout State, _ action: SIMD4<Double>) -> StepOutcome {
    let torque = action[0] * largestTorque
    let turns = ((s.angle + .pi) / (2 * .pi)).rounded(.down)
    let angle = s.angle - 2 * .pi * turns
    let cost = angle * angle + 0.1 * s.velocity * s.velocity + 0.001 * torque * torque
    let acceleration = 3 * gravity / (2 * length) * sin(s.angle) + 3 / (mass * length * length) * torque
    s.velocity = (s.velocity + acceleration * timeStep).clamped(-largestVelocity, largestVelocity)
    s.angle += s.velocity * timeStep
    return StepOutcome(reward: -cost)
  }

  func allows(_ s: State) -> Bool {
    abs(s.velocity) <= largestVelocity && abs(s.angle) <= .pi + Double(horizon) * largestVelocity * timeStep
  }

  func observe(_ s: State, into numbers: UnsafeMutablePointer<Float>) {
    (numbers[0], numbers[1], numbers[2]) = (Float(cos(s.angle)), Float(sin(s.angle)), Float(s.velocity))
  }
}
