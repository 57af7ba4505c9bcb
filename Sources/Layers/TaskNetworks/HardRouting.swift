import Tensors

/// Layers of modules of which a task's rows pass one a layer: a route that somebody else chooses, for policy and
/// critics alike.
///
/// An embedding f(s) of the state, then in each layer the module that the route names, with a ReLU after it, then one
/// head. Other modules are neither evaluated nor differentiated.
///
/// - Source: the baseline Hard Routing of Yang et al. 2020 (2003.13661) after Rosenbaum et al. 2018, "Routing networks"
///   (1711.01239). The paper gives one sentence: four layers of four modules, and a controller. That f and the modules
///   are those of soft modularization, and the ReLUs and the head, are our reading.
public struct HardRouting: TaskNetwork {
  private let state: [Linear]
  /// A module stands where a task does in other networks.
  private let modules: [TaskLinear]
  private let head: Linear

  /// - Parameters:
  ///   - hidden: Units of the state's hidden layer.
  ///   - configuration: L, n, d and D.
  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, hidden: Int,
    _ configuration: SoftModularization.Configuration
  ) {
    let (embedding, width) = (configuration.embedding, configuration.width)
    state = [
      Linear(&layout, "\(name).state.fc0", inputs: inputs, outputs: hidden, start: .hidden),
      Linear(&layout, "\(name).state.fc1", inputs: hidden, outputs: embedding, start: .hidden),
    ]
    modules = (0..<configuration.layers).map {
      TaskLinear(
        &layout, "\(name).module.\($0)", tasks: configuration.modules, inputs: $0 == 0 ? embedding : width,
        outputs: width, start: .hidden)
    }
    head = Linear(&layout, "\(name).head", inputs: width, outputs: outputs, start: .last)
  }

  /// - Precondition: the rows come with routes.
  public func callAsFunction(_ x: Tensor, _ rows: TaskRows) -> Tensor {
    guard let routes = rows.routes else { preconditionFailure("hard routing needs the tasks' routes") }
    let count = x.shape[0]
    var y = relu(state[1](relu(state[0](x))))
    for (layer, module) in modules.enumerated() {
      let chosen = x.tape.memory(count, of: Int32.self)
      for row in 0..<count { chosen[row] = routes[Int(rows.task[row]) * modules.count + layer] }
      y = relu(module(y, task: chosen))
    }
    return head(y)
  }
}
