import CKernels

/// What random numbers are for; part of their address, so that no two uses share numbers.
public enum RandomPurpose: UInt8, Sendable {
  case initialization = 1, action, environment, evaluation, replay, update
}

/// An address space of random numbers: (seed, stream, purpose). A draw adds a step (design of Philox: `ck_random.h`).
///
/// Nothing is carried from draw to draw, so a checkpoint holds no generator state and any thread may ask for any
/// number.
public struct RandomStream: Hashable, Sendable {
  public let seed: UInt64
  public let stream: UInt32
  public let purpose: RandomPurpose

  public init(seed: UInt64, stream: UInt32, purpose: RandomPurpose) {
    (self.seed, self.stream, self.purpose) = (seed, stream, purpose)
  }

  /// Stream of whatever `name` names: the 32-bit FNV-1a hash of its bytes.
  public init(seed: UInt64, name: String, purpose: RandomPurpose) {
    self.init(seed: seed, stream: Self.hash(name), purpose: purpose)
  }

  /// Stream of one environment or actor: hash of "task/replica/generation", generation counting restarts.
  public init(seed: UInt64, task: String, replica: Int, generation: Int = 0, purpose: RandomPurpose) {
    self.init(seed: seed, name: "\(task)/\(replica)/\(generation)", purpose: purpose)
  }

  public static func hash(_ name: String) -> UInt32 {
    name.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }

  /// The address of the draw that belongs to `step`.
  public func address(step: UInt64) -> ck_address {
    ck_address(seed: seed, step: step, stream: stream, purpose: purpose.rawValue)
  }

  /// `count` numbers in [0, 1).
  public func uniform(step: UInt64, into values: UnsafeMutablePointer<Float>, count: Int) {
    ck_random_uniform(values, address(step: step), count)
  }

  /// `count` whole numbers below `limit`.
  public func below(_ limit: Int, step: UInt64, into numbers: UnsafeMutablePointer<UInt32>, count: Int) {
    precondition(limit >= 1 && limit <= UInt32.max, "numbers below \(limit)")
    ck_random_below(numbers, address(step: step), UInt32(limit), count)
  }

  /// `count` standard normal numbers.
  public func normal(step: UInt64, into values: UnsafeMutablePointer<Float>, count: Int) {
    ck_random_normal(values, address(step: step), count)
  }

  /// One number in [0, 1).
  public func uniform(step: UInt64) -> Float {
    var value: Float = 0
    ck_random_uniform(&value, address(step: step), 1)
    return value
  }
}
