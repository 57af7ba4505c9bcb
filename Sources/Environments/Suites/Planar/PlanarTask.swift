import Foundation

/// A disk that acts (the pusher) and a disk that it moves (the object), free or on a joint, in a square arena: one of the
/// two has to come to a goal that is seen. Motion is quasi-static: what isn't touched rests.
///
/// Action: the pusher's motion in x and y, and the grip, closed above 0. An episode is truncated at the horizon, never
/// terminated; success may hold at any step.
/// - Source: the tasks are after Yu et al. 2019 (Meta-World, 1910.10897), in a plane.
struct PlanarTask: Plant {
  /// Numbers between two bounds for each axis.
  struct Region: Sendable, CustomStringConvertible {
    var x, y: ClosedRange<Double>
    var description: String { "x \(x), y \(y)" }

    func point(_ u: Double, _ v: Double) -> SIMD2<Double> {
      SIMD2(spread(u, x.lowerBound, x.upperBound), spread(v, y.lowerBound, y.upperBound))
    }
  }

  /// What has to come to the goal.
  enum Moved: Sendable { case pusher, object }

  /// How the object can move: anywhere, along an axis, or on a circle whose radius is `arm`. Displacement is the way along the
  /// axis, or the angle from the x axis.
  enum Joint: Sendable {
    case free
    case slider(axis: SIMD2<Double>)
    case dial(arm: Double)
  }

  /// What stands in the arena. Its place follows from the goal's, so that it is seen.
  enum Obstacle: Sendable {
    case none
    /// Around (goal x, 0).
    case wall(halfWidth: Double, halfHeight: Double)
    /// All that lies right of `mouth` is solid, but for a slot at the goal's height.
    case slot(mouth: Double, halfHeight: Double)
  }

  struct State: BitwiseCopyable {
    var pusher: SIMD2<Double>
    /// Of the pusher, in the last step.
    var motion = SIMD2<Double>.zero
    /// Where the object is at displacement 0; a dial's centre.
    var base: SIMD2<Double>
    var goal = SIMD2<Double>.zero
    var displacement = 0.0
    /// 0 or 1. Two halves of eight bytes, so that a state has no padding.
    var grip: Int32 = 0
    var held: Int32 = 0
  }

  static let action = ActionSpace.box(3)
  /// The pusher (motion in units of the largest, grip 0 or 1), the object's six numbers (displacement as a fraction of its
  /// range; held is 0 or 1), and the goal.
  static let observed = [
    "pusher_x", "pusher_y", "motion_x", "motion_y", "grip", "object_x", "object_y", "cos_angle", "sin_angle",
    "displacement", "held", "goal_x", "goal_y",
  ]
  static let hasSuccessRule = true

  /// The most that a step pays.
  var rewardMaximum: Double
  var moved = Moved.object
  var joint = Joint.free
  /// Displacements are in 0...range.
  var range = 0.0
  /// Of the displacement, and of the goal's; exchanged in half of the episodes where `eitherWay`.
  var startDisplacement = 0.0...0.0
  var goalDisplacement = 0.0...0.0
  var eitherWay = false
  /// Displacement lost a step by what isn't held.
  var spring = 0.0
  var canBeHeld = false
  var obstacle = Obstacle.none
  var pusherStart = Region(x: -0.5...0.5, y: -0.9...(-0.6))
  /// Of the object, or of its joint's base.
  var objectStart: Region
  /// Of a free object's goal.
  var goalRegion = Region(x: 0...0, y: 0...0)
  /// Distance to the goal at which the task is solved.
  var tolerance = 0.05
  /// Distance to the goal at which being near it pays 1/e of what it could.
  var goalLength = 0.5

  /// The arena is a square with sides of twice this.
  var arena = 1.0
  var pusherRadius = 0.06
  var objectRadius = 0.06
  /// Of an action's numbers at 1, a step.
  var largestMotion = 0.05
  /// Space between pusher and object over which the grip holds.
  var gripReach = 0.02
  /// Distance to the object at which being near it pays 1/e of what touching it pays.
  var approachLength = 0.5
  var horizon = 150

  func initial(_ u: SIMD8<Double>) -> State {
    var s = State(pusher: pusherStart.point(u[0], u[1]), base: objectStart.point(u[2], u[3]))
    if case .free = joint {
      s.goal = goalRegion.point(u[4], u[5])
    } else {
      let start = spread(u[4], startDisplacement.lowerBound, startDisplacement.upperBound)
      let goal = spread(u[5], goalDisplacement.lowerBound, goalDisplacement.upperBound)
      let swapped = eitherWay && u[6] < 0.5
      s.displacement = swapped ? start : goal
      s.goal = object(s)
      s.displacement = swapped ? goal : start
    }
    return s
  }

  func step(_ s: inout State, _ action: SIMD4<Double>) -> StepOutcome {
    let before = s.pusher
    s.grip = action[2] > 0 ? 1 : 0
    s.held = canBeHeld && s.grip == 1 && (s.held == 1 || gap(s) <= gripReach) ? 1 : 0
    let motion = largestMotion * action.lowHalf
    if s.held == 1 { carry(&s, by: motion) } else { push(&s, by: motion) }
    s.motion = s.pusher - before
    return outcome(s)
  }

  /// Pays `rewardMaximum` at the goal, elsewhere
  ///
  ///     rewardMaximum (0.2 exp(-gap to the object / approachLength) + 0.6 exp(-way to the goal / goalLength))
  ///
  /// where a pusher that has to reach the goal itself has its way there for both.
  func outcome(_ s: State) -> StepOutcome {
    let place = moved == .pusher ? s.pusher : object(s)
    let success = (s.goal - place).length <= tolerance
    let toGoal = way(from: place, to: s.goal, margin: objectRadius).length
    let toObject = moved == .pusher ? toGoal : gap(s)
    let nearness = 0.2 * exp(-toObject / approachLength) + 0.6 * exp(-toGoal / goalLength)
    return StepOutcome(reward: rewardMaximum * (success ? 1 : nearness), success: success)
  }

  func allows(_ s: State) -> Bool {
    let side = arena + 1e-9
    let isInside = s.pusher.isWithin(side) && s.base.isWithin(side) && s.goal.isWithin(2 * side)
    // The two touch at most, but for rounding: where centres meet there is no way out.
    return isInside && s.motion.isWithin(2 * side) && (0...range).contains(s.displacement) && gap(s) >= -1e-3
      && (0...1).contains(s.grip) && (0...1).contains(s.held)
  }

  func observe(_ s: State, into numbers: UnsafeMutablePointer<Float>) {
    let object = object(s)
    var angle = 0.0
    if case .dial = joint { angle = s.displacement }
    for axis in 0..<2 {
      numbers[axis] = Float(s.pusher[axis])
      numbers[2 + axis] = Float(s.motion[axis] / largestMotion)
      numbers[5 + axis] = Float(object[axis])
      numbers[11 + axis] = Float(s.goal[axis])
    }
    numbers[4] = Float(s.grip)
    (numbers[7], numbers[8]) = (Float(cos(angle)), Float(sin(angle)))
    (numbers[9], numbers[10]) = (Float(range > 0 ? s.displacement / range : 0), Float(s.held))
  }
}

extension SIMD2<Double> {
  var length: Double { (self * self).sum().squareRoot() }
}
