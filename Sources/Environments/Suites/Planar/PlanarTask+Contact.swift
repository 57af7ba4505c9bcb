import Foundation

/// Quasi-static contact: a pusher that would enter the object moves it along the line between their centres by as much as they
/// overlap, and gives way itself by what joint and walls leave of that. Walls meet disks as squares: a slot takes what is
/// aligned with it, and nothing is led in by its corners.
extension PlanarTask {
  /// An axis-aligned wall.
  struct Wall {
    var low, high: SIMD2<Double>

    /// Whether the straight line between two points misses the wall grown by `margin`; along its edge it does.
    func isClear(_ from: SIMD2<Double>, _ to: SIMD2<Double>, margin: Double) -> Bool {
      var (enters, leaves) = (0.0, 1.0)
      for axis in 0..<2 {
        let (low, high, way) = (low[axis] - margin, high[axis] + margin, to[axis] - from[axis])
        if way == 0 {
          if from[axis] <= low || from[axis] >= high { return true }
        } else {
          let (first, second) = ((low - from[axis]) / way, (high - from[axis]) / way)
          enters = max(enters, min(first, second))
          leaves = min(leaves, max(first, second))
        }
      }
      return enters >= leaves - rounding
    }
  }

  /// Disks that touch a wall may be this far in it.
  private static let rounding = 1e-9

  var wallCount: Int {
    switch obstacle {
    case .none: 0
    case .wall: 1
    case .slot: 2
    }
  }

  func wall(_ index: Int, _ goal: SIMD2<Double>) -> Wall {
    switch obstacle {
    case .none: preconditionFailure("there is no wall")
    case .wall(let halfWidth, let halfHeight):
      Wall(low: SIMD2(goal.x - halfWidth, -halfHeight), high: SIMD2(goal.x + halfWidth, halfHeight))
    case .slot(let mouth, let halfHeight):
      index == 0
        ? Wall(low: SIMD2(mouth, -arena), high: SIMD2(arena, goal.y - halfHeight))
        : Wall(low: SIMD2(mouth, goal.y + halfHeight), high: SIMD2(arena, arena))
    }
  }

  /// Where the object is.
  func object(_ s: State) -> SIMD2<Double> {
    switch joint {
    case .free: s.base
    case .slider(let axis): s.base + s.displacement * axis
    case .dial(let arm): s.base + arm * SIMD2(cos(s.displacement), sin(s.displacement))
    }
  }

  /// Space between pusher and object, less than 0 where they overlap.
  func gap(_ s: State) -> Double { (object(s) - s.pusher).length - pusherRadius - objectRadius }

  /// Moves the pusher, and the object out of its way; where neither can give way, as in a corner, neither moves.
  func push(_ s: inout State, by motion: SIMD2<Double>) {
    var next = s
    next.displacement = max(s.displacement - spring, 0)
    next.pusher = slid(s.pusher, by: motion, radius: pusherRadius, s.goal)
    move(&next, by: overlap(next))
    next.pusher = slid(next.pusher, by: -overlap(next), radius: pusherRadius, s.goal)
    if gap(next) >= -Self.rounding { s = next }
  }

  /// Moves pusher and object by the part of `motion` that both can follow; where one can't follow the other, neither moves.
  func carry(_ s: inout State, by motion: SIMD2<Double>) {
    var next = s
    move(&next, by: slid(s.pusher, by: motion, radius: pusherRadius, s.goal) - s.pusher)
    let shift = object(next) - object(s)
    next.pusher = slid(s.pusher, by: shift, radius: pusherRadius, s.goal)
    if (next.pusher - s.pusher - shift).length <= Self.rounding { s = next }
  }

  /// How far the pusher is in the object, as a vector towards the object.
  private func overlap(_ s: State) -> SIMD2<Double> {
    let apart = object(s) - s.pusher
    let depth = pusherRadius + objectRadius - apart.length
    return depth > 0 ? depth / apart.length * apart : .zero
  }

  /// Moves the object by the part of `motion` that its joint, or walls, allow.
  private func move(_ s: inout State, by motion: SIMD2<Double>) {
    switch joint {
    case .free: s.base = slid(s.base, by: motion, radius: objectRadius, s.goal)
    case .slider(let axis): s.displacement = (s.displacement + (motion * axis).sum()).clamped(0, range)
    case .dial(let arm):
      let tangent = SIMD2(-sin(s.displacement), cos(s.displacement))
      s.displacement = (s.displacement + (motion * tangent).sum() / arm).clamped(0, range)
    }
  }

  /// Where a disk comes that moves in x, then in y, each until a wall stops it.
  private func slid(
    _ from: SIMD2<Double>, by motion: SIMD2<Double>, radius: Double, _ goal: SIMD2<Double>
  ) -> SIMD2<Double> {
    var centre = from
    for axis in 0..<2 {
      var end = (centre[axis] + motion[axis]).clamped(radius - arena, arena - radius)
      let other = centre[1 - axis]
      for index in 0..<wallCount {
        let wall = wall(index, goal)
        let (low, high) = (wall.low - radius, wall.high + radius)
        if other <= low[1 - axis] + Self.rounding || other >= high[1 - axis] - Self.rounding { continue }
        if centre[axis] <= low[axis] + Self.rounding { end = min(end, low[axis]) }
        if centre[axis] >= high[axis] - Self.rounding { end = max(end, high[axis]) }
      }
      centre[axis] = end
    }
    return centre
  }

  /// The shortest way of an object's centre around the wall, by corners that are `margin` away from it.
  ///
  /// - Returns: Its length, and where it turns first.
  func way(
    from: SIMD2<Double>, to goal: SIMD2<Double>, margin: Double
  ) -> (length: Double, next: SIMD2<Double>) {
    guard case .wall = obstacle else { return ((goal - from).length, goal) }
    let wall = wall(0, goal)
    if wall.isClear(from, goal, margin: objectRadius) { return ((goal - from).length, goal) }
    var best = (length: Double.infinity, next: goal)
    for x in [wall.low.x - margin, wall.high.x + margin] {
      // The goal is above the wall.
      let (near, far) = (SIMD2(x, wall.low.y - margin), SIMD2(x, wall.high.y + margin))
      let isPast = wall.isClear(from, far, margin: objectRadius)
      let first = isPast ? (far - from).length : (near - from).length + (far - near).length
      let length = first + (goal - far).length
      if length < best.length { best = (length, isPast ? far : near) }
    }
    return best
  }
}
