import Foundation

/// A hand-written policy for every planar task, which reads the observation only: what the tasks' scores are compared with.
struct PlanarExpert {
  let task: PlanarTask

  private var contact: Double { task.pusherRadius + task.objectRadius }

  /// - Parameter observation: The numbers that `PlanarTask.observed` names.
  /// - Returns: Three numbers in [-1, 1].
  func action(_ observation: [Float]) -> [Float] {
    func point(_ index: Int) -> SIMD2<Double> { SIMD2(Double(observation[index]), Double(observation[index + 1])) }
    let (pusher, object, goal) = (point(0), point(5), point(11))
    if task.moved == .pusher { return action(motion: goal - pusher, grips: false) }
    let target = target(object, goal)
    if !task.canBeHeld { return action(motion: pushing(object, to: target, from: pusher), grips: false) }
    if observation[10] == 1 { return action(motion: target - object, grips: true) }
    // A slot must be entered from behind the peg; anything else is gripped where the pusher comes to it.
    var direction = (object - pusher) / (object - pusher).length
    if case .slot = task.obstacle { direction = SIMD2(1, 0) }
    let motion = approach(object, along: direction, gap: task.gripReach / 2, from: pusher)
    return action(motion: motion, grips: motion.length < task.gripReach / 4)
  }

  /// Where the object goes first.
  private func target(_ object: SIMD2<Double>, _ goal: SIMD2<Double>) -> SIMD2<Double> {
    if case .slot(let mouth, _) = task.obstacle {
      let outside = mouth - 2 * task.objectRadius
      let isAligned = abs(object.y - goal.y) <= 0.1 * task.objectRadius
      return isAligned || object.x > outside + task.objectRadius ? goal : SIMD2(min(object.x, outside), goal.y)
    }
    return task.way(from: object, to: goal, margin: 2 * task.objectRadius).next
  }

  /// From behind the object, straight to the target.
  private func pushing(
    _ object: SIMD2<Double>, to target: SIMD2<Double>, from pusher: SIMD2<Double>
  ) -> SIMD2<Double> {
    let left = target - object
    if left.length < 1e-3 { return .zero }
    let direction = left / left.length
    let motion = approach(object, along: direction, gap: 0, from: pusher)
    let isBehind = motion.length < task.pusherRadius / 2
    return isBehind ? motion + min(left.length, task.largestMotion) * direction : motion
  }

  /// To the place from which the object lies along `direction`, around it where that is on its other side.
  private func approach(
    _ object: SIMD2<Double>, along direction: SIMD2<Double>, gap: Double, from pusher: SIMD2<Double>
  ) -> SIMD2<Double> {
    let from = pusher - object
    let angle = atan2(from.y, from.x)
    let turn = remainder(atan2(-direction.y, -direction.x) - angle, 2 * .pi)
    if abs(turn) < 0.35 { return -(contact + gap) * direction - from }
    let next = angle + turn.clamped(-0.6, 0.6)
    return (contact + task.pusherRadius) * SIMD2(cos(next), sin(next)) - from
  }

  private func action(motion: SIMD2<Double>, grips: Bool) -> [Float] {
    // A motion that is too long for one step keeps its direction.
    let longest = max(abs(motion.x), abs(motion.y), task.largestMotion)
    return [Float(motion.x / longest), Float(motion.y / longest), grips ? 1 : -1]
  }
}
