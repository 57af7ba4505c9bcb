import Layers
import Replay
import Tensors

/// How the policy of soft modularization routes, for analysis.
extension SAC: RoutedPolicy {
  public var routedModules: Int? {
    configuration.network == .softModularization ? configuration.routing.modules : nil
  }

  public var policyParameters: ParameterBuffer { policy.parameters }

  public func initialPolicyParameters(seed: UInt64) -> ParameterBuffer {
    let parameters = ParameterBuffer(policy.parameters.layout)
    parameters.initialize(seed: seed)
    return parameters
  }

  public func routing(_ observations: [Float], tasks: [Int], parameters: ParameterBuffer) -> Routing {
    guard let network = policy.network as? SoftModularization else {
      preconditionFailure("a policy of \(configuration.network.rawValue) has no routing")
    }
    let size = replay.observation
    precondition(
      observations.count == tasks.count * size,
      "\(observations.count) numbers are not \(tasks.count) observations of \(size)")
    let (layers, n) = (configuration.routing.layers - 1, configuration.routing.modules)
    var (weights, headWeights): ([Float], [Float]) = ([], [])
    let tape = Tape()
    // A thousand rows at a time: activations are many times larger than routing.
    for start in stride(from: 0, to: tasks.count, by: 1000) {
      let rows = start..<min(start + 1000, tasks.count)
      tape.begin(values: parameters)
      let x = tape.constant(
        Array(observations[rows.lowerBound * size..<rows.upperBound * size]), Shape(rows.count, size))
      let task = tape.memory(rows.count, of: Int32.self)
      for (index, row) in rows.enumerated() { task[index] = Int32(tasks[row]) }
      let routed = network.routed(x, TaskRows(tasks: alpha.count, task: task))
      for row in 0..<rows.count {
        for p in routed.routing {
          weights += UnsafeBufferPointer(start: p.values + row * n * n, count: n * n)
        }
      }
      if let last = routed.last { headWeights += UnsafeBufferPointer(start: last.values, count: last.count) }
    }
    return Routing(layers: layers, modules: n, weights: weights, headWeights: headWeights)
  }
}
