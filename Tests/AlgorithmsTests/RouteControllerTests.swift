import Engine
import Environments
import Foundation
import Testing

@testable import Algorithms

/// The controller of hard routing: when routes change, and what episodes teach it.
@Suite("Route controller")
struct RouteControllerTests {
  private static let space = ObservationSpace([ObservationLeaf(name: "vector", element: .float32, shape: [1])])

  /// Two columns of one task and one of another, `steps` steps a round.
  private static func controller(lag: Int = 1) -> RouteController {
    RouteController(
      tasks: ["a", "b"], layers: 3, modules: 4, columnTasks: [0, 0, 1], lag: lag, seed: 2)
  }

  private static func block(steps: Int = 2) -> RoundBlock {
    let block = RoundBlock(steps: steps, columns: 3, observation: space, action: .box(1), recurrentSize: 0)
    block.valid.update(repeating: 1, count: (steps + 1) * 3)
    return block
  }

  private func route(_ controller: RouteController, _ version: Int, _ task: Int) -> [Int32] {
    (0..<3).map { controller.routes(version: version)[task * 3 + $0] }
  }

  @Test("Returns are those of whole episodes, over rounds; lost ones don't count")
  func returns() {
    let (controller, block) = (Self.controller(), Self.block())
    for column in 0..<3 { block.isFirst[column] = 1 }
    for row in 3..<9 { block.reward[row] = Float(row) }
    controller.observe(block, columns: 0..<3)
    controller.learn(version: 0)
    #expect(controller.episodes == [0, 0])
    // The first column's episode ends after two rounds; the second's after one more step, and another begins. The
    // third's is lost.
    for column in 0..<3 { block.isFirst[column] = 0 }
    (block.isFirst[6], block.isFirst[4], block.isFirst[8], block.valid[8]) = (1, 1, 1, 0)
    controller.observe(block, columns: 0..<3)
    controller.learn(version: 0)
    let (first, second) = (3.0 + 6 + 3 + 6, 4.0 + 7 + 4)
    #expect(controller.episodes == [2, 0])
    #expect(abs(controller.mean[0] - (first + second) / 2) <= 1e-12)
    let deviation = (first - second) / 2
    #expect(abs(controller.variance[0] - deviation * deviation) <= 1e-12)
  }

  @Test("A route stays until an episode of its task ends, and old versions stay as they were")
  func versions() {
    let (controller, block) = (Self.controller(lag: 2), Self.block())
    var seen = Set<[Int32]>()
    for round in 0..<40 {
      let ends = round % 2 == 1
      (block.isFirst[6], block.isFirst[7]) = (0, ends ? 1 : 0)
      let before = (0..<2).map { route(controller, round, $0) }
      let older = round > 0 ? route(controller, round - 1, 0) : []
      controller.observe(block, columns: 0..<3)
      controller.learn(version: round)
      controller.publish(version: round + 1)
      #expect((0..<2).map { route(controller, round, $0) } == before)
      if round > 0 { #expect(route(controller, round - 1, 0) == older) }
      #expect(route(controller, round + 1, 1) == before[1])
      if !ends { #expect(route(controller, round + 1, 0) == before[0]) }
      seen.insert(route(controller, round + 1, 0))
    }
    #expect(seen.count > 10)
  }

  @Test("One step of REINFORCE, by hand")
  func reinforce() {
    let (controller, block) = (Self.controller(), Self.block(steps: 1))
    for value in [1, 5] as [Float] {
      (block.reward[5], block.isFirst[2], block.isFirst[5]) = (value, 1, 1)
      controller.observe(block, columns: 0..<3)
      controller.learn(version: 0)
    }
    // Two returns, 1 and 5: the first says nothing, the second is one deviation above the mean.
    let chosen = route(controller, 0, 1)
    for layer in 0..<3 {
      for module in 0..<4 {
        let expected = 0.1 * ((Int32(module) == chosen[layer] ? 1 : 0) - 0.25)
        #expect(abs(controller.logits[(3 + layer) * 4 + module] - expected) <= 1e-12)
      }
    }
    #expect(controller.logits[..<12].allSatisfy { $0 == 0 } && controller.entropy(0) == 1 && controller.entropy(1) < 1)
  }

  @Test("It finds the route that pays, and plays it when it acts for good")
  func learns() throws {
    let (controller, block) = (Self.controller(lag: 0), Self.block(steps: 1))
    let best: [[Int32]] = [[0, 3, 1], [2, 2, 2]]
    for round in 0..<3000 {
      for (column, task) in [0, 0, 1].enumerated() {
        let right = zip(route(controller, round, task), best[task]).count { $0 == $1 }
        block.reward[3 + column] = (task == 0 ? 1000 : 0.01) * Float(right)
        (block.isFirst[column], block.isFirst[3 + column]) = (1, 1)
      }
      controller.observe(block, columns: 0..<3)
      controller.learn(version: round)
      controller.publish(version: round + 1)
    }
    var archive = StateArchive()
    controller.saveModel(into: &archive)
    let other = Self.controller()
    try other.restoreModel(from: archive)
    for version in 0...1 { #expect((0..<2).map { route(other, version, $0) } == best) }
    #expect(controller.entropy(0) < 0.5)
  }

  @Test("A saved state names only modules that there are")
  func badState() {
    var archive = StateArchive()
    let controller = Self.controller()
    controller.saveTraining(into: &archive)
    #expect(throws: Never.self) { try controller.restoreTraining(from: archive) }
    var changed = StateArchive()
    for entry in archive.entries {
      if entry.name == "routing.routes1" {
        changed.add(entry.name, [Double](repeating: 4, count: 6))
      } else {
        changed.add(entry.name, entry.element, shape: entry.shape, entry.bytes)
      }
    }
    #expect(throws: EngineError.self) { try controller.restoreTraining(from: changed) }
  }
}
