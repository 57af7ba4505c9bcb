import Tensors

/// Layers of modules that all tasks share, and a routing network that mixes them anew for every state of every task.
///
/// Layer l has n modules. Routing gives, for each target module i of the next layer, a distribution P_l[i, j] over
/// the modules j of this one, from f(s) * h(z): an embedding of the state times one of the task.
///
/// - Source: Yang et al. 2020, "Multi-task reinforcement learning with soft modularization" (2003.13661), section 4,
///   and its released code, which is another function than the paper's equations (`Definition`).
public struct SoftModularization: TaskNetwork {
  /// Two networks have the name. W are dense layers, each with its own parameters and biases.
  public enum Definition: String, CaseIterable, Sendable {
    /// The released code, which made the published results. Two dense layers read f(s) * h(z) before routing does, each
    /// routing layer sees all earlier P, modules are mixed before the ReLU, and the last layer is mixed into one head:
    ///
    ///     e = W relu(W relu(f(s) * h(z))),  P_1 = softmax(W_d relu(e))
    ///     P_l = softmax(W_d relu((W_u [P_1, ..., P_(l-1)]) * e)),  q the same of all P
    ///     y_1 = W relu(f(s)),  y_(l+1) = W relu(P_l y_l),  output = W relu(q y_L)
    case code
    /// Equations 5 to 10. Logits go from layer to layer, ReLUs come before mixing, and heads are added:
    ///
    ///     p_1 = W_d relu(f(s) * h(z)),  p_(l+1) = W_d relu((W_u p_l) * f(s) * h(z)),  P_l = softmax(p_l)
    ///     y_1 = relu(W relu(f(s))),  y_(l+1) = relu(W P_l y_l),  output = sum_j (W P_(L-1) y_(L-1))_j
    ///
    /// Left open there, and chosen as in the code: the biases, a W_d for each layer, the ReLU of f(s) before the modules,
    /// and how parameters start.
    case paper
  }

  public struct Configuration: Hashable, Sendable {
    /// L and n.
    public var layers = 2, modules = 2
    /// d: units of a module.
    public var width = 256
    /// D: size of the embeddings of state and task.
    public var embedding = 400
    /// Units of the routing network's layers, in the code's definition.
    public var routingWidth = 256
    public var definition = Definition.code
    /// Whether routing sees the state; otherwise the task alone decides, an ablation of the paper.
    public var routesByState = true

    /// The shallow network of the paper, better on ten tasks.
    public init() {}

    /// The deep one, better on fifty.
    public static var deep: Configuration {
      var deep = Configuration()
      (deep.layers, deep.modules, deep.width) = (4, 4, 128)
      return deep
    }
  }

  /// What a pass leaves: `[rows, outputs]`, and the routing.
  public struct Routed {
    public let output: Tensor
    /// P_1, ..., P_(L-1), each `[rows, n, n]`: row i is a distribution over the modules that module i of the next layer
    /// listens to.
    public let routing: [Tensor]
    /// q, `[rows, 1, n]`: how the last layer's modules are mixed; nil in the paper's definition, which adds them.
    public let last: Tensor?
  }

  private let configuration: Configuration
  private let state0, state1, task: Linear
  /// The code's two dense layers on f(s) * h(z).
  private let routingMLP: [Linear]
  /// To the logits of P_1, ..., and in the code's definition of q.
  private let logits: [Linear]
  /// W_u: from earlier routing to what f(s) * h(z), in the code its two dense layers, is multiplied by; for all of
  /// `logits` but the first.
  private let up: [Linear]
  private let first: Linear
  private let modules: [GroupedLinear]
  private let head: Linear?

  /// - Parameter hidden: Units of the state's hidden layer; 400 in the paper.
  /// - Precondition: at least two layers, and a module.
  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, tasks: Int, hidden: Int,
    _ configuration: Configuration
  ) {
    let (layers, n, width) = (configuration.layers, configuration.modules, configuration.width)
    let (embedding, routingWidth) = (configuration.embedding, configuration.routingWidth)
    precondition(layers >= 2 && n >= 1, "routing lies between layers: \(layers) layers of \(n) modules")
    self.configuration = configuration
    func linear(_ part: String, _ inputs: Int, _ outputs: Int, _ start: LayerInitialization) -> Linear {
      Linear(&layout, "\(name).\(part)", inputs: inputs, outputs: outputs, start: start)
    }
    state0 = linear("state.fc0", inputs, hidden, .hidden)
    state1 = linear("state.fc1", hidden, embedding, .hidden)
    task = linear("task", tasks, embedding, .hidden)
    let square = n * n
    switch configuration.definition {
    case .code:
      routingMLP = [
        linear("gate.fc0", embedding, routingWidth, .hidden), linear("gate.fc1", routingWidth, routingWidth, .hidden),
      ]
      logits =
        (0..<layers - 1).map { linear("routing.\($0)", routingWidth, square, .last) }
        + [linear("routing.last", routingWidth, n, .last)]
      up =
        (1..<layers - 1).map { linear("skip.\($0)", $0 * square, routingWidth, .hidden) }
        + [linear("skip.last", (layers - 1) * square, routingWidth, .hidden)]
    case .paper:
      routingMLP = []
      logits = (0..<layers - 1).map { linear("routing.\($0)", embedding, square, .last) }
      up = (1..<layers - 1).map { linear("up.\($0)", square, embedding, .hidden) }
    }
    // The modules of the first layer read the same: one product.
    first = Linear(
      &layout, "\(name).module.0", inputs: embedding, outputs: n * width,
      initializer: LayerInitialization.hidden.weight(outputs: width), bias: LayerInitialization.hidden.bias)
    let isPaper = configuration.definition == .paper
    modules = (1..<layers).map { layer in
      let isHead = isPaper && layer == layers - 1
      return GroupedLinear(
        &layout, "\(name).module.\(layer)", modules: n, inputs: width, outputs: isHead ? outputs : width,
        start: isHead ? .last : .hidden)
    }
    head = isPaper ? nil : linear("head", width, outputs, .last)
  }

  public func callAsFunction(_ x: Tensor, _ rows: TaskRows) -> Tensor { routed(x, rows).output }

  /// The pass with its routing.
  public func routed(_ x: Tensor, _ rows: TaskRows) -> Routed {
    let f = state1(relu(state0(x)))
    switch configuration.definition {
    case .code: return code(relu(f), embedding(f, rows, rectified: true))
    case .paper: return paper(relu(f), embedding(f, rows, rectified: false))
    }
  }

  /// f(s) * h(z), of which max(f * h, 0) if `rectified`.
  private func embedding(_ f: Tensor, _ rows: TaskRows, rectified: Bool) -> Tensor {
    if !configuration.routesByState {
      let z = rows.oneHot(f.shape[0], on: f.tape)
      return rectified ? relu(task(z)) : task(z)
    }
    return multiply(f, byTask: task(rows.eachTask(on: f.tape)), task: rows.task, relu: rectified)
  }

  /// `embedding` has passed its ReLU.
  private func code(_ x: Tensor, _ embedding: Tensor) -> Routed {
    let (rows, n, width) = (x.shape[0], configuration.modules, configuration.width)
    let features = routingMLP[1](relu(routingMLP[0](embedding)))
    var routing = [softmax(logits[0](relu(features)).reshaped(Shape(rows, n, n)))]
    var seen = routing[0].reshaped(Shape(rows, n * n))
    for (up, logits) in zip(up, logits.dropFirst()) {
      if routing.count > 1 {
        seen = concatenate(seen, routing[routing.count - 1].reshaped(Shape(rows, n * n)))
      }
      let next = logits(multiply(up(seen), features, relu: true))
      routing.append(softmax(next.reshaped(Shape(rows, next.shape[1] / n, n))))
    }
    let last = routing.removeLast()

    var y = first(x).reshaped(Shape(rows, n, width))
    for (p, modules) in zip(routing, modules) { y = modules(mix(p, y, relu: true)) }
    let mixed = mix(last, y, relu: true).reshaped(Shape(rows, width))
    return Routed(output: head!(mixed), routing: routing, last: last)
  }

  private func paper(_ x: Tensor, _ embedding: Tensor) -> Routed {
    let (rows, n) = (x.shape[0], configuration.modules)
    var p = logits[0](relu(embedding))
    var routing = [softmax(p.reshaped(Shape(rows, n, n)))]
    for (up, logits) in zip(up, logits.dropFirst()) {
      p = logits(multiply(up(p), embedding, relu: true))
      routing.append(softmax(p.reshaped(Shape(rows, n, n))))
    }

    var y = relu(first(x)).reshaped(Shape(rows, n, configuration.width))
    for (layer, (p, modules)) in zip(routing, modules).enumerated() {
      y = modules(mix(p, y, relu: false))
      if layer < routing.count - 1 { y = relu(y) }
    }
    let ones = x.tape.constant(Shape(rows, 1, n))
    ones.values.update(repeating: 1, count: ones.count)
    let outputs = y.shape[2]
    return Routed(
      output: mix(ones, y, relu: false).reshaped(Shape(rows, outputs)), routing: routing, last: nil)
  }
}
