import Tensors

/// 2-D convolution, channels last, with square kernels `[kernel, kernel, inputs, outputs]`; its bias starts at zero.
public struct Convolution: Sendable {
  public let weight, bias: Parameter
  public let stride: Int
  public let padding: Padding

  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1,
    padding: Padding = .same, initializer: Initializer = .sonnet
  ) {
    weight = layout.add("\(name).weight", Shape(kernel, kernel, inputs, outputs), initializer)
    bias = layout.add("\(name).bias", Shape(outputs), .zeros)
    (self.stride, self.padding) = (stride, padding)
  }

  /// x `[images, height, width, inputs]`.
  public func callAsFunction(_ x: Tensor, _ tape: Tape) -> Tensor {
    tape.convolution(x, weight: weight, bias: bias, stride: stride, padding: padding)
  }

  /// The first layer of a network reads bytes.
  public func callAsFunction(_ x: ImageView, _ tape: Tape) -> Tensor {
    tape.convolution(x, weight: weight, bias: bias, stride: stride, padding: padding)
  }
}

/// x + conv(relu(conv(relu(x)))), 3x3 kernels (He et al. 2016, as in IMPALA's deep network).
public struct ResidualBlock: Sendable {
  let first, second: Convolution

  public init(_ layout: inout ParameterLayout, _ name: String, channels: Int) {
    first = Convolution(&layout, "\(name).conv0", inputs: channels, outputs: channels, kernel: 3)
    second = Convolution(&layout, "\(name).conv1", inputs: channels, outputs: channels, kernel: 3)
  }

  public func callAsFunction(_ x: Tensor, _ tape: Tape) -> Tensor {
    tape.add(x, second(tape.relu(first(tape.relu(x), tape)), tape))
  }
}
