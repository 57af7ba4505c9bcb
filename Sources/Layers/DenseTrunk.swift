import Tensors

/// Two dense layers of 256, each with a ReLU: for vectors, which are images of one pixel, and for boards.
struct DenseTrunk: Trunk {
  private let first, second: Linear
  let outputs = 256

  init(_ layout: inout ParameterLayout, _ name: String, inputs: Int) {
    layout.makes(inputs)
    first = Linear(&layout, "\(name).fc0", inputs: inputs, outputs: outputs)
    second = Linear(&layout, "\(name).fc1", inputs: outputs, outputs: outputs)
  }

  func callAsFunction(_ images: Images) -> Tensor { relu(second(relu(first(flattened(images))))) }
}
