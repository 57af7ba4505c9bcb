import Foundation

/// Where a car is in the valley cos(3 x), and how fast.
struct CarState: BitwiseCopyable {
  var x, velocity: Double

  /// Moves by the velocity within the valley; a wall stands at its left end.
  mutating func move(_ acceleration: Double, largestVelocity: Double) {
    velocity = (velocity + acceleration).clamped(-largestVelocity, largestVelocity)
    x = (x + velocity).clamped(-1.2, 0.6)
    if x == -1.2 && velocity < 0 { velocity = 0 }
  }

  static func initial(_ u: SIMD8<Double>) -> CarState { CarState(x: spread(u[0], -0.6, -0.4), velocity: 0) }

  func isPossible(largestVelocity: Double) -> Bool { (-1.2...0.6).contains(x) && abs(velocity) <= largestVelocity }

  func observe(into numbers: UnsafeMutablePointer<Float>) { (numbers[0], numbers[1]) = (Float(x), Float(velocity)) }
}

/// A car too weak for its hill that must swing up, pushed left, not, or right: -1 a step until it is there.
///
/// - Source: Moore 1990; constants of Gymnasium's MountainCar-v0.
struct MountainCar: Plant {
  static let action = ActionSpace.discrete(3)
  static let observed = ["x", "velocity"]
  static let hasSuccessRule = true

  var force = 0.001
  var gravity = 0.0025
  var largestVelocity = 0.07
  var goal = 0.5
  var horizon = 200

  func initial(_ u: SIMD8<Double>) -> CarState { .initial(u) }

  func step(_ s: inout CarState, _ action: SIMD4<Double>) -> StepOutcome {
    s.move((action[0] - 1) * force + cos(3 * s.x) * -gravity, largestVelocity: largestVelocity)
    let arrived = s.x >= goal && s.velocity >= 0
    return StepOutcome(reward: -1, terminated: arrived, success: arrived)
  }

  func allows(_ s: CarState) -> Bool { s.isPossible(largestVelocity: largestVelocity) }

  func observe(_ s: CarState, into numbers: UnsafeMutablePointer<Float>) { s.observe(into: numbers) }
}

/// The same with a push in [-1, 1], which costs 0.1 of its square, and 100 for arriving.
///
/// - Source: constants of Gymnasium's MountainCarContinuous-v0.
struct ContinuousMountainCar: Plant {
  static let action = ActionSpace.box(1)
  static let observed = ["x", "velocity"]
  static let hasSuccessRule = true

  var power = 0.0015
  var gravity = 0.0025
  var largestVelocity = 0.07
  var goal = 0.45
  var horizon = 999

  func initial(_ u: SIMD8<Double>) -> CarState { .initial(u) }

  func step(_ s: inout CarState, _ action: SIMD4<Double>) -> StepOutcome {
    s.move(action[0] * power - gravity * cos(3 * s.x), largestVelocity: largestVelocity)
    let arrived = s.x >= goal && s.velocity >= 0
    return StepOutcome(
      reward: (arrived ? 100 : 0) - 0.1 * action[0] * action[0], terminated: arrived, success: arrived)
  }

  func allows(_ s: CarState) -> Bool { s.isPossible(largestVelocity: largestVelocity) }

  func observe(_ s: CarState, into numbers: UnsafeMutablePointer<Float>) { s.observe(into: numbers) }
}
