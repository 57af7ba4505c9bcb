import Tensors

/// From images to features: the part of an agent that all tasks share.
public protocol Trunk: Sendable {
  /// Number of features.
  var outputs: Int { get }

  /// `[images, outputs]`, after a ReLU.
  func callAsFunction(_ images: Images) -> Tensor
}

/// The published trunks, by name.
public enum TrunkKind: String, CaseIterable, Sendable {
  /// IMPALA's residual network of 15 convolutions.
  case deep
  /// IMPALA's shallow network for DmLab: two convolutions.
  case shallow2
  /// Three convolutions (Mnih et al. 2015; TorchBeast's reading of IMPALA's Atari experts).
  case shallow3
  /// One convolution for 10x10 boards (Young and Tian 2019).
  case small
  /// Two dense layers, for vectors.
  case dense

  /// Smallest image side that the network accepts.
  public var smallestSide: Int {
    switch self {
    case .deep, .dense: 1
    case .shallow2: 20
    case .shallow3: 36
    case .small: 3
    }
  }

  /// Adds the trunk for images `[height, width, channels]` to a layout.
  /// - Precondition: both sides are at least `smallestSide`.
  public func make(
    _ layout: inout ParameterLayout, _ name: String, height: Int, width: Int, channels: Int
  ) -> any Trunk {
    precondition(min(height, width) >= smallestSide, "\(rawValue) needs images of \(smallestSide) pixels a side")
    return switch self {
    case .deep: DeepTrunk(&layout, name, height: height, width: width, channels: channels)
    case .shallow2:
      PlainTrunk(
        &layout, name, height: height, width: width, channels: channels, features: 256,
        convolutions: [(16, 8, 4), (32, 4, 2)])
    case .shallow3:
      PlainTrunk(
        &layout, name, height: height, width: width, channels: channels, features: 512,
        convolutions: [(32, 8, 4), (64, 4, 2), (64, 3, 1)])
    case .small:
      PlainTrunk(
        &layout, name, height: height, width: width, channels: channels, features: 128, convolutions: [(16, 3, 1)])
    case .dense: DenseTrunk(&layout, name, inputs: height * width * channels)
    }
  }
}

/// Runs `body` on slices of the images, which fill rows of one matrix `[images, features]`. A slice passes all
/// convolutions, and on the way back all of their gradients, before the next one does: what one layer leaves, the next
/// finds in the cache. `floats` is what a layer makes of an image.
private func inSlices(
  _ images: Images, floats: Int, features: Int, _ body: (Images, _ target: Tensor) -> Void
) -> Tensor {
  let cached = 1 << 16
  let size = max(cached / floats, 1)
  let all = images.tape.tensor(Shape(images.count, features))
  for start in stride(from: 0, to: images.count, by: size) {
    let range = start..<min(start + size, images.count)
    body(images[range], all.rows(range))
  }
  return all
}

/// Convolutions without padding, each with a ReLU, then a dense layer with a ReLU.
struct PlainTrunk: Trunk {
  let convolutions: [Convolution]
  let dense: Linear
  let outputs: Int
  /// Numbers that the first convolution makes of an image, the most of all layers, and the last.
  private let floats, features: Int

  init(
    _ layout: inout ParameterLayout, _ name: String, height: Int, width: Int, channels: Int, features: Int,
    convolutions sizes: [(outputs: Int, kernel: Int, stride: Int)]
  ) {
    var (height, width, channels) = (height, width, channels)
    var convolutions: [Convolution] = []
    var counts: [Int] = []
    for (index, size) in sizes.enumerated() {
      convolutions.append(
        Convolution(
          &layout, "\(name).conv\(index)", inputs: channels, outputs: size.outputs, kernel: size.kernel,
          stride: size.stride, padding: .valid))
      height = (height - size.kernel) / size.stride + 1
      width = (width - size.kernel) / size.stride + 1
      channels = size.outputs
      counts.append(height * width * channels)
      layout.makes(height * width * channels)
    }
    self.convolutions = convolutions
    (floats, self.features) = (counts[0], counts[counts.count - 1])
    dense = Linear(&layout, "\(name).fc", inputs: self.features, outputs: features)
    outputs = features
  }

  func callAsFunction(_ images: Images) -> Tensor {
    let convolved = inSlices(images, floats: floats, features: features) { slice, target in
      var x = slice
      for convolution in convolutions.dropLast() { x = Images(convolution(x, relu: .output)) }
      _ = convolutions[convolutions.count - 1](x, relu: .output, into: target)
    }
    return relu(dense(convolved))
  }
}

/// IMPALA's deep network (Espeholt et al. 2018, figure 3, right): for 16, 32 and 32 channels a 3x3 convolution, a 3x3
/// max-pooling of stride 2 and two residual blocks; then a dense layer of 256.
struct DeepTrunk: Trunk {
  struct Stage: Sendable {
    let convolution: Convolution
    let blocks: (ResidualBlock, ResidualBlock)
  }

  let stages: [Stage]
  let dense: Linear
  let outputs = 256
  /// Numbers that the first stage makes of an image, the most of all, and the last.
  private let floats, features: Int

  init(_ layout: inout ParameterLayout, _ name: String, height: Int, width: Int, channels: Int) {
    var (height, width, inputs) = (height, width, channels)
    var stages: [Stage] = []
    floats = ((height + 1) / 2) * ((width + 1) / 2) * 16
    for (index, outputs) in [16, 32, 32].enumerated() {
      let stage = "\(name).stage\(index)"
      stages.append(
        Stage(
          convolution: Convolution(&layout, "\(stage).conv", inputs: inputs, outputs: outputs, kernel: 3),
          blocks: (
            ResidualBlock(&layout, "\(stage).block0", channels: outputs),
            ResidualBlock(&layout, "\(stage).block1", channels: outputs)
          )))
      (height, width, inputs) = ((height + 1) / 2, (width + 1) / 2, outputs)
      // After pooling, and of two convolutions of each block.
      layout.makes(5 * height * width * outputs)
    }
    self.stages = stages
    features = height * width * inputs
    dense = Linear(&layout, "\(name).fc", inputs: features, outputs: outputs)
  }

  func callAsFunction(_ images: Images) -> Tensor {
    let convolved = inSlices(images, floats: floats, features: features) { slice, target in
      var x = run(stages[0], slice)
      for stage in stages.dropFirst() { x = run(stage, Images(x)) }
      _ = relu(x.reshaped(target.shape), into: target)
    }
    return relu(dense(convolved))
  }

  private func run(_ stage: Stage, _ x: Images) -> Tensor {
    stage.blocks.1(stage.blocks.0(stage.convolution.pooled(x, window: 3, stride: 2)))
  }
}
