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

  /// x `[images, height, width, inputs]`; `relu`, `residual` and `target` as in `convolution`.
  public func callAsFunction(
    _ x: Images, relu: ConvolutionReLU = [], residual: Tensor? = nil, into target: Tensor? = nil
  ) -> Tensor {
    convolution(
      x, weight: weight, bias: bias, stride: stride, padding: padding, relu: relu, residual: residual, into: target)
  }

  /// Followed by max-pooling over square windows with SAME padding.
  public func pooled(_ x: Images, window: Int, stride poolStride: Int) -> Tensor {
    pooledConvolution(
      x, weight: weight, bias: bias, stride: stride, padding: padding, window: window, poolStride: poolStride)
  }
}

/// x + conv(relu(conv(relu(x)))), 3x3 kernels (He et al. 2016, as in IMPALA's deep network).
public struct ResidualBlock: Sendable {
  let first, second: Convolution

  public init(_ layout: inout ParameterLayout, _ name: String, channels: Int) {
    first = Convolution(&layout, "\(name).conv0", inputs: channels, outputs: channels, kernel: 3)
    second = Convolution(&layout, "\(name).conv1", inputs: channels, outputs: channels, kernel: 3)
  }

  /// x `[images, height, width, channels]`; nothing that comes later may read it.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let hidden = first(Images(x), relu: [.input, .output])
    return second(Images(hidden), residual: x)
  }
}
