import Tensors

/// Networks side by side, and a gate that mixes their outputs by state and task.
///
/// - Source: the baseline Mix-Expert of Yang et al. 2020 (2003.13661), of which the paper says this sentence only; that
///   the gate has two hidden layers, reads state and task, and mixes what the heads give is our reading.
public struct MixtureOfExperts: TaskNetwork {
  private let experts: Int
  private let first: Linear
  private let hidden: [GroupedLinear]
  private let head: GroupedLinear
  private let gate: [Linear]

  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, tasks: Int, experts: Int, layers: Int,
    width: Int
  ) {
    self.experts = experts
    let inputs = inputs + tasks
    // The experts' first layers read the same: one product.
    first = Linear(
      &layout, "\(name).expert.fc0", inputs: inputs, outputs: experts * width,
      initializer: LayerInitialization.hidden.weight(outputs: width), bias: LayerInitialization.hidden.bias)
    hidden = (1..<layers).map {
      GroupedLinear(
        &layout, "\(name).expert.fc\($0)", modules: experts, inputs: width, outputs: width, start: .hidden)
    }
    head = GroupedLinear(
      &layout, "\(name).expert.head", modules: experts, inputs: width, outputs: outputs, start: .last)
    gate = [
      Linear(&layout, "\(name).gate.fc0", inputs: inputs, outputs: width, start: .hidden),
      Linear(&layout, "\(name).gate.fc1", inputs: width, outputs: width, start: .hidden),
      Linear(&layout, "\(name).gate.head", inputs: width, outputs: experts, start: .last),
    ]
  }

  public func callAsFunction(_ x: Tensor, _ rows: TaskRows) -> Tensor {
    let count = x.shape[0]
    let x = concatenate(x, rows.oneHot(count, on: x.tape))
    let weights = softmax(gate[2](relu(gate[1](relu(gate[0](x))))))
    var y = relu(first(x))
    y = y.reshaped(Shape(count, experts, y.shape[1] / experts))
    for layer in hidden { y = relu(layer(y)) }
    let outputs = head(y)
    let mixed = mix(weights.reshaped(Shape(count, 1, experts)), outputs, relu: false)
    return mixed.reshaped(Shape(count, outputs.shape[2]))
  }
}
