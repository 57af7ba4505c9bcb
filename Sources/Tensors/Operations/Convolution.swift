import CKernels

/// Zeros around an image.
public enum Padding: Sendable {
  /// None: the kernel stays within the image.
  case valid
  /// TensorFlow's: output size is ceil(size / stride); an odd row or column goes to the bottom or the right.
  case same
}

/// Which sides of a convolution go through max(x, 0); there the kernel does it in passing.
public struct ConvolutionReLU: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let input = ConvolutionReLU(rawValue: 1)
  public static let output = ConvolutionReLU(rawValue: 2)
}

/// A batch of images, channels last: floats with their gradients, or bytes, of which one counts as `scale * byte`.
public struct Images: BitwiseCopyable {
  public let count: Int, height: Int, width: Int, channels: Int
  fileprivate let owner: Unmanaged<Tape>
  fileprivate let values: ck_images
  fileprivate let gradient: Gradient?
  fileprivate var gradients: UnsafeMutablePointer<Float>? { gradient?.lent() }

  /// Reads bytes in place, `[images, height, width, channels]`.
  public init(
    bytes: UnsafePointer<UInt8>, images: Int, height: Int, width: Int, channels: Int, scale: Float, on tape: Tape
  ) {
    owner = .passUnretained(tape)
    (count, self.height, self.width, self.channels) = (images, height, width, channels)
    (values, gradient) = (ck_images(floats: nil, bytes: bytes, scale: scale), nil)
  }

  /// Reads vectors in place, `[vectors, size]`, as images of one pixel.
  public init(vectors: UnsafePointer<Float>, count: Int, size: Int, on tape: Tape) {
    owner = .passUnretained(tape)
    (self.count, height, width, channels) = (count, 1, 1, size)
    (values, gradient) = (ck_images(floats: vectors, bytes: nil, scale: 1), nil)
  }

  /// A tensor `[images, height, width, channels]`.
  public init(_ tensor: Tensor) {
    precondition(tensor.shape.rank == 4, "images have four axes, not \(tensor.shape)")
    owner = tensor.owner
    (count, height) = (tensor.shape[0], tensor.shape[1])
    (width, channels) = (tensor.shape[2], tensor.shape[3])
    (values, gradient) = (ck_images(floats: tensor.values, bytes: nil, scale: 1), tensor.gradient)
  }

  private init(of whole: Images, _ range: Range<Int>) {
    precondition(range.upperBound <= whole.count, "images \(range) of \(whole.count)")
    owner = whole.owner
    (count, height, width, channels) = (range.count, whole.height, whole.width, whole.channels)
    let start = range.lowerBound * height * width * channels
    values = ck_images(
      floats: whole.values.floats.map { $0 + start }, bytes: whole.values.bytes.map { $0 + start },
      scale: whole.values.scale)
    gradient = whole.gradient?.from(start)
  }

  /// Where operations on them are recorded, as on a tensor's tape.
  public var tape: Tape { owner.takeUnretainedValue() }

  /// Some of the images.
  public subscript(range: Range<Int>) -> Images { Images(of: self, range) }
}

/// The numbers of each image in a row, `[images, height * width * channels]`.
public func flattened(_ x: Images) -> Tensor {
  let shape = Shape(x.count, x.height * x.width * x.channels)
  if let floats = x.values.floats {
    return Tensor(UnsafeMutablePointer(mutating: floats), shape, on: x.owner, gradient: x.gradient)
  }
  let y = x.tape.constant(shape)
  ck_scale_u8(y.values, x.values.bytes, x.values.scale, y.count)
  return y
}

/// y = residual + relu(conv(relu(x)) + b), the ReLUs where asked for.
///
/// - Parameters:
///   - x: `[images, height, width, inputs]`; bytes take no ReLU.
///   - weight: `[kernel, kernel, inputs, outputs]`.
///   - residual: Of y's shape. It shares its gradient with y, so nothing that is recorded later may read it.
///   - target: Where y goes; new memory by default.
public func convolution(
  _ x: Images, weight: Parameter, bias: Parameter, stride: Int, padding: Padding, relu: ConvolutionReLU = [],
  residual: Tensor? = nil, into target: Tensor? = nil
) -> Tensor {
  var geometry = x.geometry(weight.shape, stride: stride, padding, relu)
  let shape = Shape(x.count, geometry.output_height, geometry.output_width, geometry.outputs)
  precondition(residual.map { $0.shape == shape } ?? true, "a residual of \(shape) is needed")
  precondition(
    residual == nil || target == nil, "y shares its gradient with a residual or with a target, not with both")
  let tape = x.tape
  let y = target?.reshaped(shape) ?? tape.result(shape, gradient: residual?.gradient)
  ck_convolution_forward(
    y.values, x.values, tape.value(weight), tape.value(bias), residual?.values,
    tape.scratch(ck_convolution_workspace(&geometry)), &geometry, x.count)
  tape.record(
    ConvolutionOperation(
      geometry: geometry, x: x, y: y, weight: tape.value(weight), weightGradient: tape.gradient(weight),
      biasGradient: tape.gradient(bias)))
  return y
}

/// Max-pooling, with SAME padding, of a convolution that is kept for one image at a time only: a gradient needs no more
/// than which element of each window won.
///
/// x and weight as for `convolution`; y `[images, ceil(height / poolStride), ceil(width / poolStride), outputs]`.
public func pooledConvolution(
  _ x: Images, weight: Parameter, bias: Parameter, stride: Int, padding: Padding, window: Int, poolStride: Int
) -> Tensor {
  var geometry = x.geometry(weight.shape, stride: stride, padding, [])
  let (height, width, channels) = (geometry.output_height, geometry.output_width, geometry.outputs)
  let tape = x.tape
  let y = tape.result(Shape(x.count, ck_same_output(height, poolStride), ck_same_output(width, poolStride), channels))
  let winners = y.gradient == nil ? nil : tape.memory(y.count, of: UInt8.self)
  let (convolved, pooled) = (height * width * channels, y.count / max(x.count, 1))
  let scratch = tape.scratch(convolved + ck_convolution_workspace(&geometry))
  for image in 0..<x.count {
    ck_convolution_forward(
      scratch, x[image..<image + 1].values, tape.value(weight), tape.value(bias), nil, scratch + convolved, &geometry,
      1)
    ck_max_pool_forward(
      y.values + image * pooled, winners.map { $0 + image * pooled }, scratch, 1, height, width, channels, window,
      poolStride)
  }
  if let winners {
    tape.record(
      PooledConvolutionOperation(
        geometry: geometry, x: x, y: y, winners: winners, window: window, poolStride: poolStride,
        weight: tape.value(weight), weightGradient: tape.gradient(weight), biasGradient: tape.gradient(bias)))
  }
  return y
}

extension Images {
  fileprivate func geometry(
    _ weight: Shape, stride: Int, _ padding: Padding, _ relu: ConvolutionReLU
  ) -> ck_convolution {
    precondition(
      weight.rank == 4 && weight[2] == channels, "convolution: \(channels) channels do not fit weight \(weight)")
    precondition(values.bytes == nil || !relu.contains(.input), "bytes take no ReLU")
    var pad = (top: 0, left: 0, bottom: 0, right: 0)
    if padding == .same {
      func total(_ size: Int, _ kernel: Int) -> Int {
        max((ck_same_output(size, stride) - 1) * stride + kernel - size, 0)
      }
      pad.top = ck_same_pad_before(height, weight[0], stride)
      pad.left = ck_same_pad_before(width, weight[1], stride)
      pad.bottom = total(height, weight[0]) - pad.top
      pad.right = total(width, weight[1]) - pad.left
    }
    var geometry = ck_convolution_make(
      height, width, channels, weight[0], weight[1], weight[3], stride, pad.top, pad.left, pad.bottom, pad.right)
    geometry.relu_input = relu.contains(.input) ? 1 : 0
    geometry.relu_output = relu.contains(.output) ? 1 : 0
    return geometry
  }
}

private struct ConvolutionOperation: Operation {
  let geometry: ck_convolution
  let x: Images
  let y: Tensor
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?

  func backward(_ tape: Tape) {
    withUnsafePointer(to: geometry) {
      ck_convolution_backward(
        x.gradients, weightGradient, biasGradient, y.gradients, x.values, y.values, weight,
        tape.scratch(ck_convolution_workspace($0)), $0, x.count)
    }
  }
}

private struct PooledConvolutionOperation: Operation {
  let geometry: ck_convolution
  let x: Images
  let y: Tensor
  let winners: UnsafeMutablePointer<UInt8>
  let window, poolStride: Int
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?

  func backward(_ tape: Tape) {
    guard let dy = y.gradients else { return }
    let (height, width, channels) = (geometry.output_height, geometry.output_width, geometry.outputs)
    let (convolved, pooled) = (height * width * channels, y.count / max(x.count, 1))
    withUnsafePointer(to: geometry) {
      let scratch = tape.scratch(convolved + ck_convolution_workspace($0))
      for image in 0..<x.count {
        let x = x[image..<image + 1]
        ck_max_pool_backward(
          scratch, dy + image * pooled, winners + image * pooled, 1, height, width, channels, window, poolStride)
        ck_convolution_backward(
          x.gradients, weightGradient, biasGradient, scratch, x.values, nil, weight, scratch + convolved, $0, 1)
      }
    }
  }
}
