import Foundation
import TestSupport
import Testing

@testable import Environments

@Suite("Classical control")
struct ControlTests {
  private static let tasks = Control.discreteTasks() + Control.continuousTasks()

  @Test("keeps the promises of environments", arguments: tasks.map(\.id))
  func promises(id: String) throws {
    #expect(try EnvironmentCheck.failures(of: Self.tasks.first { $0.id == id }!, steps: 3_000) == [])
  }

  @Test("does what Gymnasium's environments do, from the same states", arguments: Golden("control").cases)
  func parity(_ golden: Golden) {
    switch golden.string("name") {
    case "cart_pole":
      expectParity(golden, CartPole()) {
        CartPole.State(x: $0[0], velocity: $0[1], angle: $0[2], angularVelocity: $0[3])
      }
    case "acrobot":
      expectParity(golden, Acrobot()) {
        Acrobot.State(angles: SIMD2($0[0], $0[1]), velocities: SIMD2($0[2], $0[3]))
      }
    case "mountain_car": expectParity(golden, MountainCar()) { CarState(x: $0[0], velocity: $0[1]) }
    case "mountain_car_continuous":
      expectParity(golden, ContinuousMountainCar()) { CarState(x: $0[0], velocity: $0[1]) }
    case "pendulum": expectParity(golden, Pendulum()) { Pendulum.State(angle: $0[0], velocity: $0[1]) }
    default: Issue.record("\(golden) is no plant")
    }
  }

  private func expectParity<P: Plant>(_ golden: Golden, _ plant: P, state: ([Double]) -> P.State) {
    let (states, actions) = (golden.doubles("state"), golden.doubles("action"))
    let (observations, rewards) = (golden.doubles("observation"), golden.doubles("reward"))
    let terminated = golden.doubles("terminated")
    let (steps, observed) = (actions.count, P.observed.count)
    let size = states.count / steps
    #expect(steps == 500)
    var numbers = [Float](repeating: .nan, count: observed)
    for step in 0..<steps {
      var current = state(Array(states[step * size..<(step + 1) * size]))
      let outcome = plant.step(&current, SIMD4(actions[step], 0, 0, 0))
      plant.observe(current, into: &numbers)
      #expect(abs(outcome.reward - rewards[step]) <= 1e-6 * (1 + abs(rewards[step])), "reward of step \(step)")
      #expect(outcome.terminated == (terminated[step] != 0), "end at step \(step)")
      for (index, number) in numbers.enumerated() {
        let expected = observations[step * observed + index]
        #expect(
          abs(Double(number) - expected) <= 1e-6 * (1 + abs(expected)), "\(P.observed[index]) after step \(step)")
      }
    }
  }

  @Test("A point mass that is pushed towards its goal arrives, and a reacher without friction keeps its energy")
  func ownPlants() {
    let mass = PointMass()
    var s = mass.initial(SIMD8(lowHalf: SIMD4(0, 0.1, 0.9, 1), highHalf: .zero))
    var arrived = false
    for _ in 0..<mass.horizon where !arrived {
      let push = (s.goal - s.position) * 4 - s.velocity * 4
      let action = push.clamped(lowerBound: SIMD2(repeating: -1), upperBound: SIMD2(repeating: 1))
      arrived = mass.step(&s, SIMD4(lowHalf: action, highHalf: .zero)).success
    }
    #expect(arrived)

    // Without friction and torque the energy of two thin rods stays what it was.
    var arm = Reacher()
    (arm.damping, arm.timeStep) = (0, 1e-4)
    var r = arm.initial(SIMD8(lowHalf: SIMD4(0.3, 0.8, 0.5, 0.5), highHalf: .zero))
    r.velocities = SIMD2(2, -1)
    func energy() -> Double {
      let (a, b) = (r.angles[0], r.angles[0] + r.angles[1])
      let (va, vb) = (r.velocities[0], r.velocities[0] + r.velocities[1])
      let centre = arm.length * SIMD2(-sin(a) * va - sin(b) * vb / 2, cos(a) * va + cos(b) * vb / 2)
      let inertia = arm.mass * arm.length * arm.length
      return inertia / 6 * va * va + arm.mass / 2 * (centre * centre).sum() + inertia / 24 * vb * vb
    }
    let before = energy()
    for _ in 0..<20_000 { _ = arm.step(&r, .zero) }
    #expect(abs(energy() - before) <= 1e-3 * before)
  }

  @Test("Tasks of different lengths are padded, marked, and unharmed")
  func padding() throws {
    let set = try TaskSet(name: "s", tasks: Control.continuousTasks(), context: .oneHot)
    #expect(set.observation.leaves[0].shape == [8 + 4])
    #expect(set.action == .box(2))
    #expect(set.tasks.map(\.actionMask) == [[true, false], [true, false], [true, true], [true, true]])
    for (index, task) in set.tasks.enumerated() {
      #expect(try EnvironmentCheck.failures(of: task, steps: 1_000) == [])
      let (padded, own) = (try Play(task, replicas: 0..<2), try Play(Control.continuousTasks()[index], replicas: 0..<2))
      var numbers = SplitMix64(3)
      let length = Control.continuousTasks()[index].observation.leaves[0].elementCount
      for _ in 0..<1_200 {
        let action = (0..<4).map { _ in Float.random(in: -1...1, using: &numbers) }
        try padded.step(box: action)
        try own.step(box: Control.continuousTasks()[index].action.dimension == 1 ? [action[0], action[2]] : action)
        #expect(padded.reward == own.reward && padded.success == own.success)
        #expect(padded.terminated == own.terminated && padded.truncated == own.truncated)
        for slot in 0..<2 {
          let row = padded.row(slot)
          #expect(Array(row[..<length]) == own.row(slot))
          #expect(row[length..<8].allSatisfy { $0 == 0 })
          #expect(Array(row[8...]) == (0..<4).map { $0 == index ? 1 : 0 })
        }
      }
    }
  }

  @Test("Images can't say which task they are of")
  func images() {
    let error = #expect(throws: EnvironmentError.self) { try Suites.make("arcade", context: .oneHot) }
    #expect(error?.description.hasPrefix("arcade: only vectors can say which task they are of") == true)
  }
}
