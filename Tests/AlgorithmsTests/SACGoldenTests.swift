import Engine
import Environments
import Foundation
import Layers
import Replay
import Tensors
import TestSupport
import Testing

@testable import Algorithms

/// Golden numbers instead of random ones.
private struct GoldenRandomness: UpdateRandomness {
  let noise: [[Float]]
  let rows: Int

  func indices(task: Int, update: Int, below limit: Int, into indices: UnsafeMutableBufferPointer<UInt32>) {
    for place in indices.indices { indices[place] = UInt32(place) }
  }

  func noise(task: Int, step: Int, into numbers: UnsafeMutableBufferPointer<Float>) {
    for i in numbers.indices { numbers[i] = noise[step][task * numbers.count + i] }
  }

  func order(tasks: Int, update: Int) -> [Int] { Array(0..<tasks) }
}

/// Updates of SAC against PyTorch in float64 (`Tests/Golden/generate_sac.py`).
@Suite("SAC, golden")
struct SACGoldenTests {
  static let golden = Golden("sac_update")

  private static func configuration(_ golden: Golden) -> SAC.Configuration {
    let sizes = Self.golden
    var configuration = SAC.Configuration()
    switch golden.string("network") {
    case "mt-sac": configuration.network = .mlp
    case "mt-mh-sac": configuration.network = .multiHead
    case "sac": configuration.network = .separate
    case "experts": configuration.network = .mixtureOfExperts
    case "hard": configuration.network = .hardRouting
    default: configuration.network = .softModularization
    }
    configuration.width = sizes.int("hidden")
    configuration.routing.definition = golden.string("network") == "soft-paper" ? .paper : .code
    (configuration.routing.layers, configuration.routing.modules) = (sizes.int("layers"), sizes.int("modules"))
    configuration.routing.width = sizes.int("width")
    (configuration.routing.embedding, configuration.routing.routingWidth) = (
      sizes.int("embedding"), sizes.int("gating")
    )
    (configuration.replay.batch, configuration.replay.capacity, configuration.replay.warmUp) = (2, 2, 0)
    configuration.replay.updates = golden.list("updates").count
    configuration.balance = SAC.Balance(rawValue: golden.string("balance"))!
    configuration.replay.discount = golden.float("discount")
    configuration.replay.learningRate = golden.float("rate")
    configuration.replay.adam.epsilon = golden.float("epsilon")
    configuration.replay.targetRate = golden.float("polyak")
    configuration.replay.gradientNorm = golden.double("clip_norm")
    configuration.logDeviations = golden.float("log_std_low")...golden.float("log_std_high")
    configuration.correction = golden.string("squashing") == "corrected" ? golden.float("correction") : 0
    return configuration
  }

  static func tasks(_ count: Int, observation: Int, action: Int) -> [Task] {
    let leaf = ObservationLeaf(name: "vector", element: .float32, shape: [observation])
    return (0..<count).map { index in
      Task(
        id: "task\(index)", observation: ObservationSpace([leaf]), action: .box(action),
        actionMask: Array(repeating: true, count: action), scores: nil, parameters: [:]
      ) { _, _, _ in fatalError("these tasks are not played") }
    }
  }

  private struct Parts {
    let parts: [(name: String, buffer: ParameterBuffer, prefix: String)]

    init(_ sac: SAC) {
      parts = [
        ("actor", sac.policy.parameters, "actor."), ("critic1", sac.q1.parameters, "critic1."),
        ("critic2", sac.q2.parameters, "critic2."), ("target1", sac.q1.targets, "critic1."),
        ("target2", sac.q2.targets, "critic2."),
      ]
    }

    func forEach(_ body: (_ part: String, _ name: String, _ buffer: ParameterBuffer, _ parameter: Parameter) -> Void) {
      for (part, buffer, prefix) in parts {
        for entry in buffer.layout.entries {
          body(part, String(entry.name.dropFirst(prefix.count)), buffer, entry.parameter)
        }
      }
    }
  }

  /// Every task has its route, `[tasks, layers]`, and no episode has ended.
  private static func set(_ routes: [Double], of controller: RouteController) throws {
    let zeros = [Double](repeating: 0, count: golden.int("tasks"))
    var state = StateArchive()
    for name in ["episodes", "mean", "variance", "return"] { state.add("routing.\(name)", zeros) }
    state.add("routing.routes0", routes)
    try controller.restoreTraining(from: state)
  }

  /// Sum of cos(i) x_i: a number that every element enters.
  private func probe(_ numbers: some Sequence<Float>) -> Double {
    numbers.enumerated().reduce(0) { $0 + cos(Double($1.offset)) * Double($1.element) }
  }

  @Test("Two updates are PyTorch's", arguments: SACGoldenTests.golden.cases, [1, 3])
  func updates(golden: Golden, shards: Int) throws {
    let sizes = Self.golden
    let tasks = Self.tasks(sizes.int("tasks"), observation: sizes.int("observations"), action: sizes.int("actions"))
    let shape = try RunShape(
      tasks: tasks.count, environmentsPerTask: 1, unroll: 1, groups: shards, shards: shards, lag: 0)
    let configuration = Self.configuration(golden)
    let sac = try SAC(configuration, shape: shape, tasks: tasks, seed: 1)
    let parts = Parts(sac)
    let network = sizes.object("networks").object(golden.string("network"))
    parts.forEach { part, name, buffer, parameter in
      _ = buffer[parameter].update(from: network.object(part).floats(name))
    }
    if let controller = sac.controller { try Self.set(sizes.doubles("routes"), of: controller) }
    fillReplay(sac.replay, masks: golden.flag("terminated_masks"))
    let updates = golden.list("updates")
    sac.trainer.randomness = GoldenRandomness(
      noise: updates.flatMap { [$0.floats("noise"), $0.floats("next_noise")] }, rows: 2)
    sac.temperature.logAlpha = sizes.doubles("log_alpha")

    let block = RoundBlock(
      steps: 1, columns: shape.columnsPerShard, observation: tasks[0].observation, action: tasks[0].action,
      recurrentSize: 0)
    let tape = Tape()
    func run(_ phases: Range<Int>) throws {
      for phase in phases {
        for shard in 0..<shards { sac.work(phase: phase, shard: shard, round: 0, block: block, tape: tape) }
        try sac.finish(phase: phase, round: 0)
      }
    }
    try run(0..<1)
    for (number, update) in updates.enumerated() {
      var before: [[Float]] = []
      parts.forEach { _, _, buffer, parameter in before.append(Array(buffer[parameter])) }
      try run(1 + 4 * number..<5 + 4 * number)

      func expect(_ value: Double, _ name: String, _ tolerance: Double) {
        let expected = update.double(name)
        #expect(abs(value - expected) <= tolerance * max(1, abs(expected)), "\(name) of update \(number)")
      }
      for (network, name) in [(sac.policy, "actor"), (sac.q1, "critic1"), (sac.q2, "critic2")] {
        expect(network.loss, "\(name)_loss", 2e-5)
        let norms = update.doubles("\(name)_gradient_norms")
        #expect(network.parts.count == norms.count)
        for (agent, expected) in norms.enumerated() {
          let norm = network.parts[agent].norm
          #expect(abs(norm - expected) <= 5e-5 * max(1, expected), "norm of \(name) in update \(number)")
        }
      }
      for (value, expected) in zip(sac.temperature.logAlpha, update.doubles("log_alpha")) {
        #expect(abs(value - expected) <= 2e-6)
      }
      for (value, expected) in zip(sac.weights, update.floats("weights")) { #expect(abs(value - expected) <= 1e-5) }

      var index = 0
      parts.forEach { part, name, buffer, parameter in
        let change = probe(zip(buffer[parameter], before[index]).map { $0 - $1 })
        let scale = Double(configuration.replay.learningRate) * Double(parameter.shape.count).squareRoot()
        let expected = update.object("change_probes").object(part).double(name)
        #expect(abs(change - expected) <= 1e-3 * scale, "\(part).\(name) of update \(number)")
        if update.has("parameters") {
          let all = update.object("parameters").object(part).floats(name)
          #expect(zip(buffer[parameter], all).allSatisfy { abs($0 - $1) <= 1e-6 })
        }
        index += 1
      }
    }
  }

  private func fillReplay(_ replay: TaskReplay, masks: Bool) {
    let sizes = Self.golden
    let (size, dimension) = (sizes.int("observations"), sizes.int("actions"))
    let (observation, next) = (sizes.floats("observation"), sizes.floats("next_observation"))
    let (action, reward, terminated) = (sizes.floats("action"), sizes.floats("reward"), sizes.ints("terminated"))
    for (row, task) in sizes.ints("task").enumerated() {
      replay.append(
        task: task, observation: Array(observation[row * size..<(row + 1) * size]),
        action: Array(action[row * dimension..<(row + 1) * dimension]), reward: reward[row],
        next: Array(next[row * size..<(row + 1) * size]), terminated: masks && terminated[row] != 0)
    }
  }

  @Test("Weights of balance", arguments: Golden("sac_balance").list("weights"))
  func balance(golden: Golden) {
    var temperature = Temperature(dimensions: Array(repeating: 4, count: golden.doubles("log_alpha").count))
    temperature.logAlpha = golden.doubles("log_alpha")
    for (balance, name) in [(SAC.Balance.code, "code"), (.paper, "paper")] {
      for (value, expected) in zip(temperature.weights(balance), golden.doubles(name)) {
        #expect(abs(Double(value) - expected) <= 1e-6 * max(1, abs(expected)))
      }
    }
    #expect(temperature.weights(.off).allSatisfy { $0 == 1 })
    // Equal temperatures weigh equally: 1 in the code's normalisation, 1 / M in the paper's.
    temperature.logAlpha = temperature.logAlpha.map { _ in -0.7 }
    #expect(temperature.weights(.code).allSatisfy { abs($0 - 1) <= 1e-6 })
    #expect(temperature.weights(.paper).allSatisfy { abs($0 * Float(temperature.logAlpha.count) - 1) <= 1e-6 })
  }
}
