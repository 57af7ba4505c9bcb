import CKernels

/// What one column of a batch tells about its task's returns: the mean of its value targets and of their squares.
public struct ReturnMoments: BitwiseCopyable, Sendable {
  public var task: Int32
  /// Number of valid steps; a column without one is left out.
  public var steps: Int32
  /// Mean of vs over the valid steps.
  public var mean: Double
  /// Mean of vs squared over the valid steps.
  public var meanSquare: Double

  /// No steps yet.
  public init(task: Int) { (self.task, steps, mean, meanSquare) = (Int32(task), 0, 0, 0) }

  /// The moments of column `column` of vs, over its valid steps.
  /// - Precondition: `valid` has the shape of `vs`.
  public init(task: Int, vs: TimeMajor<Float>, valid: TimeMajor<UInt8>, column: Int) {
    valid.requireShape(of: vs, "valid")
    var (count, sum, squares) = (0, 0.0, 0.0)
    for t in 0..<vs.steps where valid[t, column] != 0 {
      let target = Double(vs[t, column])
      count += 1
      sum += target
      squares += target * target
    }
    let divisor = Double(max(count, 1))
    (self.task, self.steps, mean, meanSquare) = (Int32(task), Int32(count), sum / divisor, squares / divisor)
  }
}

/// Statistics of each task's returns, and the rescaling of value heads that keeps their outputs when these move
/// (Hessel et al. 2018, section 3; van Hasselt et al. 2016).
///
/// A head gives n; the value in the task's own units is V = sigma n + mu. All arithmetic is in Float64: Float32 can't
/// resolve nu - mu^2 where sigma is small beside the mean.
public struct PopArt: Hashable, Sendable {
  /// What a column contributes to the second moment nu.
  public enum SecondMoment: String, CaseIterable, Sendable {
    /// The mean of vs^2: keeps the variance within an unroll. The papers leave the choice open; this is the default.
    case meanOfSquares
    /// The square of the mean of vs.
    case squareOfMean
  }

  public struct Configuration: Hashable, Sendable {
    /// Step of the exponential averages a column, in (0, 1).
    public var beta = 3e-4
    /// Bounds of sigma.
    public var lowerBound = 1e-4
    public var upperBound = 1e6
    public var secondMoment = SecondMoment.meanOfSquares
    /// Whether heads are rescaled (POP). Off leaves adaptive normalisation only: outputs jump when statistics move.
    public var preservesOutputs = true
    /// Whether the averages begin with the first returns that are not zero instead of at mu = 0, nu = 1, all columns weighing
    /// alike until there are 1 / beta of them (van Hasselt et al. 2016, 1602.07714, section 2.1). Otherwise sigma takes thousands
    /// of columns to come down to small returns.
    public var correctsStart = false
    public init() {}
  }

  /// What holds sigma away from the returns' own deviation.
  public enum Bound: Sendable {
    case lower, upper
    /// Returns differ by less than Float32 can tell at their size.
    case resolution
  }

  public let configuration: Configuration
  /// Mean of the returns, a task.
  public internal(set) var mu: [Double]
  /// Second moment of the returns, a task.
  public internal(set) var nu: [Double]
  /// How much of the averages is returns, and not where they began, a task: 1 for good unless the start is corrected, which begins at 0.
  public internal(set) var weight: [Double]

  /// The least sigma for each unit of |mu|: 16 steps of a Float32.
  private static let resolution = 1e-6

  /// Starts at mu = 0, nu = 1, so sigma = 1.
  public init(tasks: Int, _ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    mu = Array(repeating: 0, count: tasks)
    nu = Array(repeating: 1, count: tasks)
    weight = Array(repeating: configuration.correctsStart ? 0 : 1, count: tasks)
  }

  /// Goes on from saved statistics.
  ///
  /// - Parameter weight: nil for averages that are all returns.
  public init(
    mu: [Double], nu: [Double], weight: [Double]? = nil, _ configuration: Configuration = Configuration()
  ) {
    precondition(mu.count == nu.count && mu.count == weight?.count ?? mu.count, "one mu, nu and weight per task")
    (self.configuration, self.mu, self.nu) = (configuration, mu, nu)
    self.weight = weight ?? Array(repeating: 1, count: mu.count)
  }

  /// Takes over another's statistics of as many tasks.
  public mutating func copy(from other: PopArt) {
    for task in mu.indices { (mu[task], nu[task], weight[task]) = (other.mu[task], other.nu[task], other.weight[task]) }
  }

  /// Whether there is anything to normalise a task's returns by.
  public func knowsReturns(_ task: Int) -> Bool { weight[task] > 0 }

  /// sigma = sqrt(nu - mu^2) within its bounds; the variance is bounded before the root, so rounding below zero is
  /// safe.
  public func sigma(_ task: Int) -> Double {
    let (low, high) = (least(task), configuration.upperBound)
    return min(max(variance(task), low * low), high * high).squareRoot()
  }

  /// Which bound sigma is at; nil where it is the returns' own deviation.
  public func bound(_ task: Int) -> Bound? {
    let (low, high) = (least(task), configuration.upperBound)
    if max(variance(task), low * low) >= high * high { return .upper }
    if variance(task) > low * low { return nil }
    return low > configuration.lowerBound ? .resolution : .lower
  }

  private func variance(_ task: Int) -> Double { nu[task] - mu[task] * mu[task] }

  private func least(_ task: Int) -> Double {
    min(max(configuration.lowerBound, Self.resolution * abs(mu[task])), configuration.upperBound)
  }

  /// Moves the statistics by one column after another, in order: mu <- (1 - beta) mu + beta m, nu likewise. With a corrected start
  /// beta is divided by the weight of all returns so far.
  public mutating func update(_ columns: UnsafeBufferPointer<ReturnMoments>) {
    for column in columns where column.steps > 0 {
      let task = Int(column.task)
      // Nothing is known of returns before the first reward.
      if weight[task] == 0 && column.meanSquare == 0 { continue }
      var beta = configuration.beta
      if configuration.correctsStart {
        weight[task] += beta * (1 - weight[task])
        beta /= weight[task]
      }
      let second =
        configuration.secondMoment == .meanOfSquares ? column.meanSquare : column.mean * column.mean
      mu[task] = (1 - beta) * mu[task] + beta * column.mean
      nu[task] = (1 - beta) * nu[task] + beta * second
    }
  }

  /// Rescales one task's head, weight `[inputs]` and bias `[1]`, from the statistics `old` to these:
  /// w <- w sigma / sigma', b <- (sigma b + mu - mu') / sigma'.
  public func preserveOutputs(
    of task: Int, from old: PopArt, weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>, inputs: Int
  ) {
    ck_popart_rescale(weight, bias, old.mu[task], old.sigma(task), mu[task], sigma(task), inputs)
  }
}
