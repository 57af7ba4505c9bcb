import CKernels
import Tensors

/// RMSProp (Tieleman and Hinton 2012) over contiguous ranges of a buffer.
public struct RMSProp: Sendable {
  /// Where epsilon stands; the two are not interchangeable (0.01 inside acts like 0.1 outside).
  public enum Convention: String, CaseIterable, Sendable {
    /// sqrt(ms + epsilon), ms starts at one: TensorFlow 1 and IMPALA's published results.
    case tensorflow
    /// sqrt(ms) + epsilon, ms starts at zero: PyTorch.
    case pytorch
  }

  public struct Configuration: Hashable, Sendable {
    /// Decay of the mean square a step, in [0, 1).
    public var decay: Float = 0.99
    /// Decay of the momentum buffer a step, in [0, 1); 0 keeps no buffer.
    public var momentum: Float = 0
    /// Keeps the step finite; its place is set by `convention`.
    public var epsilon: Float = 0.01
    public var convention = Convention.tensorflow
    public init() {}
  }

  public let configuration: Configuration
  /// Exponential mean of squared gradients.
  public let meanSquare: ParameterBuffer
  /// Momentum buffer, where there is one.
  public let momentum: ParameterBuffer?

  public init(_ layout: ParameterLayout, _ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    meanSquare = ParameterBuffer(layout, filledWith: configuration.convention == .tensorflow ? 1 : 0)
    momentum = configuration.momentum == 0 ? nil : ParameterBuffer(layout)
  }

  /// One step on a range of `parameters` with gradient `clip * gradients`; the rest, slots included, is not touched.
  public func step(
    _ parameters: ParameterBuffer, gradients: ParameterBuffer, range: Range<Int>, learningRate: Float, clip: Float
  ) {
    let start = range.lowerBound
    ck_rmsprop_step(
      parameters.values + start, meanSquare.values + start, momentum.map { $0.values + start },
      gradients.values + start, range.count, clip, learningRate, configuration.decay, configuration.momentum,
      configuration.epsilon, configuration.convention == .tensorflow ? 1 : 0)
  }
}

/// Adam (Kingma and Ba 2015) over contiguous ranges of a buffer.
public struct Adam: Sendable {
  public struct Configuration: Hashable, Sendable {
    public var beta1: Float = 0.9
    public var beta2: Float = 0.999
    public var epsilon: Float = 1e-8
    public init() {}
  }

  public let configuration: Configuration
  public let firstMoment, secondMoment: ParameterBuffer

  public init(_ layout: ParameterLayout, _ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    (firstMoment, secondMoment) = (ParameterBuffer(layout), ParameterBuffer(layout))
  }

  /// Step number `step`, counted from 1, on `ranges` of `parameters` with gradient `clip * gradients`.
  public func step(
    _ parameters: ParameterBuffer, gradients: ParameterBuffer, ranges: [Range<Int>], learningRate: Float, clip: Float,
    step: Int
  ) {
    for range in ranges {
      let start = range.lowerBound
      ck_adam_step(
        parameters.values + start, firstMoment.values + start, secondMoment.values + start, gradients.values + start,
        range.count, clip, learningRate, configuration.beta1, configuration.beta2, configuration.epsilon, step)
    }
  }
}

/// Polyak averaging: target += rate (source - target) on `ranges`; a target network follows its source slowly.
public func polyakAverage(
  _ target: ParameterBuffer, toward source: ParameterBuffer, ranges: [Range<Int>], rate: Float
) {
  precondition(target.count == source.count, "a target of \(target.count) floats can't follow \(source.count)")
  for range in ranges {
    ck_polyak(target.values + range.lowerBound, source.values + range.lowerBound, rate, range.count)
  }
}
