import CKernels

/// How a parameter starts. The fan-in of a weight is the product of all its axes but the last.
public enum Initializer: Hashable, Sendable {
  case constant(Float)
  /// Normal, redrawn beyond two deviations, of deviation `gain / sqrt(fan-in)`.
  case truncatedNormal(gain: Float)
  /// Normal of variance 1 / fan-in (LeCun et al. 1998).
  case lecunNormal
  /// Uniform in +-bound.
  case uniform(bound: Float)
  /// A random orthogonal matrix `[fan-in, outputs]` times `gain` (Saxe et al. 2014).
  case orthogonal(gain: Float)

  public static let zeros = Initializer.constant(0)
  /// Sonnet's default for weights, with which IMPALA's published code starts.
  public static let sonnet = Initializer.truncatedNormal(gain: 1)

  func fill(_ values: UnsafeMutablePointer<Float>, shape: Shape, stream: RandomStream) {
    let (count, columns) = (shape.count, shape.last)
    let fanIn = count / columns
    let address = stream.address(step: 0)
    switch self {
    case .constant(let value):
      values.update(repeating: value, count: count)
    case .truncatedNormal(let gain):
      ck_random_truncated_normal(values, address, count)
      ck_scale(values, gain / Float(fanIn).squareRoot(), values, count)
    case .lecunNormal:
      ck_random_normal(values, address, count)
      ck_scale(values, 1 / Float(fanIn).squareRoot(), values, count)
    case .uniform(let bound):
      ck_random_uniform(values, address, count)
      for i in 0..<count { values[i] = (2 * values[i] - 1) * bound }
    case .orthogonal(let gain):
      ck_random_normal(values, address, count)
      let workspace = UnsafeMutablePointer<Float>.allocate(capacity: ck_orthogonal_workspace(fanIn, columns))
      defer { workspace.deallocate() }
      let status = ck_orthogonal(values, workspace, fanIn, columns)
      precondition(status == 0, "LAPACK could not factorise a random \(fanIn) x \(columns) matrix: status \(status)")
      ck_scale(values, gain, values, count)
    }
  }
}
