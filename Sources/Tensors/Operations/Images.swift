import CKernels

/// Zeros around an image.
public enum Padding: Sendable {
  /// None: the kernel stays within the image.
  case valid
  /// TensorFlow's: output size is ceil(size / stride); an odd row or column goes to the bottom or the right.
  case same
}

extension Tape {
  /// 2-D convolution, channels last: x `[images, height, width, inputs]`, weight `[kernel, kernel, inputs, outputs]`.
  public func convolution(
    _ x: Tensor, weight: Parameter, bias: Parameter, stride: Int, padding: Padding
  ) -> Tensor {
    var geometry = Self.geometry(
      height: x.shape[1], width: x.shape[2], inputs: x.shape[3], weight: weight.shape, stride: stride, padding)
    let y = result(Shape(x.shape[0], geometry.output_height, geometry.output_width, geometry.outputs))
    ck_convolution_forward(
      y.values, x.values, value(weight), value(bias), scratch(ck_convolution_workspace(&geometry)), &geometry,
      x.shape[0])
    record(
      ConvolutionOperation(
        geometry: geometry, x: x, y: y, weight: value(weight), weightGradient: gradient(weight),
        biasGradient: gradient(bias)))
    return y
  }

  /// The first convolution of a network: reads bytes in place.
  public func convolution(
    _ x: ImageView, weight: Parameter, bias: Parameter, stride: Int, padding: Padding
  ) -> Tensor {
    var geometry = Self.geometry(
      height: x.height, width: x.width, inputs: x.channels, weight: weight.shape, stride: stride, padding)
    let y = result(Shape(x.images, geometry.output_height, geometry.output_width, geometry.outputs))
    ck_convolution_forward_u8(
      y.values, x.bytes, x.scale, value(weight), value(bias), scratch(ck_convolution_workspace(&geometry)), &geometry,
      x.images)
    record(
      ImageConvolutionOperation(
        geometry: geometry, x: x, y: y, weightGradient: gradient(weight), biasGradient: gradient(bias)))
    return y
  }

  /// Max-pooling over square windows with SAME padding: `[images, height, width, channels]`.
  public func maxPool(_ x: Tensor, window: Int, stride: Int) -> Tensor {
    let (images, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let y = result(Shape(images, ck_same_output(height, stride), ck_same_output(width, stride), channels))
    let winners = y.gradients == nil ? nil : memory(y.count, of: UInt8.self)
    ck_max_pool_forward(y.values, winners, x.values, images, height, width, channels, window, stride)
    if let winners { record(MaxPoolOperation(x: x, y: y, winners: winners, window: window, stride: stride)) }
    return y
  }

  private static func geometry(
    height: Int, width: Int, inputs: Int, weight: Shape, stride: Int, _ padding: Padding
  ) -> ck_convolution {
    precondition(
      weight.rank == 4 && weight[2] == inputs, "convolution: \(inputs) channels do not fit weight \(weight)")
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
    return ck_convolution_make(
      height, width, inputs, weight[0], weight[1], weight[3], stride, pad.top, pad.left, pad.bottom, pad.right)
  }
}

private struct ConvolutionOperation: Operation {
  let geometry: ck_convolution
  let x, y: Tensor
  let weight: UnsafeMutablePointer<Float>
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?

  func backward(_ tape: Tape) {
    withUnsafePointer(to: geometry) {
      ck_convolution_backward(
        x.gradients, weightGradient, biasGradient, y.gradients, x.values, weight,
        tape.scratch(ck_convolution_workspace($0)), $0, x.shape[0])
    }
  }
}

private struct ImageConvolutionOperation: Operation {
  let geometry: ck_convolution
  let x: ImageView
  let y: Tensor
  let weightGradient, biasGradient: UnsafeMutablePointer<Float>?

  func backward(_ tape: Tape) {
    withUnsafePointer(to: geometry) {
      ck_convolution_backward_u8(
        weightGradient, biasGradient, y.gradients, x.bytes, x.scale, tape.scratch(ck_convolution_workspace($0)), $0,
        x.images)
    }
  }
}

private struct MaxPoolOperation: Operation {
  let x, y: Tensor
  let winners: UnsafeMutablePointer<UInt8>
  let window, stride: Int

  func backward(_: Tape) {
    guard let gradients = x.gradients else { return }
    ck_max_pool_backward(
      gradients, y.gradients, winners, x.shape[0], x.shape[1], x.shape[2], x.shape[3], window, stride)
  }
}
