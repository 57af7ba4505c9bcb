import Layers
import Tensors
import TestSupport
import Testing

/// Networks of which a task's rows pass one module a layer.
@Suite("Hard routing, network")
struct HardRoutingTests {
  private static let layers = 3, modules = 4
  private let network: HardRouting
  private let values: ParameterBuffer

  init() {
    var configuration = SoftModularization.Configuration()
    (configuration.layers, configuration.modules, configuration.width) = (Self.layers, Self.modules, 8)
    configuration.embedding = 12
    var layout = ParameterLayout()
    network = HardRouting(&layout, "n", inputs: 6, outputs: 3, hidden: 16, configuration)
    values = ParameterBuffer(layout)
    values.initialize(seed: 4)
  }

  private static let x: [Float] = (0..<30).map { 0.7 * Float(($0 * 37) % 23) / 11 - 0.6 }
  private static let tasks: [Int32] = [0, 0, 1, 2, 2]
  /// Of three tasks; the second and third share their first two modules.
  private static let routes: [Int32] = [3, 0, 1, 2, 2, 0, 2, 2, 3]

  private func run(_ routes: [Int32], gradients: ParameterBuffer? = nil) -> [Float] {
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    let (task, route) = (tape.memory(5, of: Int32.self), tape.memory(routes.count, of: Int32.self))
    task.update(from: Self.tasks, count: 5)
    route.update(from: routes, count: routes.count)
    let y = network(tape.constant(Self.x, Shape(5, 6)), TaskRows(tasks: 3, task: task, routes: route))
    if gradients != nil {
      tape.backward(from: weightedSum(y, (0..<y.count).map { 1 + Float($0) / 4 }))
    }
    return Array(UnsafeBufferPointer(start: y.values, count: y.count))
  }

  @Test("Only chosen modules have a gradient, and only they matter")
  func chosenOnly() {
    let gradients = ParameterBuffer(values.layout)
    let before = run(Self.routes, gradients: gradients)
    for layer in 0..<Self.layers {
      let chosen = Set((0..<3).map { Int(Self.routes[$0 * Self.layers + layer]) })
      for part in ["weight", "bias"] {
        let name = "n.module.\(layer).\(part)"
        let place = values.layout.entries.first { $0.name == name }!.parameter
        let size = place.shape.count / Self.modules
        for module in 0..<Self.modules {
          let range = module * size..<(module + 1) * size
          #expect(gradients[place][range].contains { $0 != 0 } == chosen.contains(module), "\(name) \(module)")
          if !chosen.contains(module) { for i in range { values[place][i] = .nan } }
        }
      }
    }
    #expect(run(Self.routes) == before)
  }
}
