import CKernels
import Engine
import Environments
import Returns
import Tensors

/// What one shard of an update leaves for the serial step. Written by the thread that works on the shard.
final class ShardResult {
  /// Task index of each column.
  let tasks: [Int]
  let gradient: ParameterBuffer
  /// One per column.
  let moments: UnsafeMutableBufferPointer<ReturnMoments>
  /// Sums over the shard's valid steps.
  var policyLoss = 0.0, valueLoss = 0.0, entropy = 0.0
  var squaredGradientNorm = 0.0
  var largestLogRho: Float = 0
  var forwardTime = Stopwatch(), backwardTime = Stopwatch()

  init(_ layout: ParameterLayout, columns tasks: [Int]) {
    self.tasks = tasks
    gradient = ParameterBuffer(layout)
    moments = .allocate(capacity: tasks.count)
    moments.initialize(repeating: ReturnMoments(task: 0))
  }

  deinit { moments.deallocate() }

  /// Keeps the loss's terms, the norm of its gradient and how far the policy has moved from the one that acted.
  func note(_ terms: IMPALALoss.Terms, _ targets: IMPALALoss.Targets) {
    largestLogRho = ck_max_abs(targets.logRho.start, targets.logRho.count)
    policyLoss = Double(terms.policy.values[0])
    valueLoss = Double(terms.value.values[0])
    entropy = Double(terms.entropy.values[0])
    squaredGradientNorm = ck_sum_squares(gradient.values, gradient.count)
  }

  /// Keeps the moments of the value targets, from which PopArt's statistics move.
  func noteMoments(of vs: TimeMajor<Float>, valid: TimeMajor<UInt8>) {
    for (column, task) in tasks.enumerated() {
      moments[column] = ReturnMoments(task: task, vs: vs, valid: valid, column: column)
    }
  }

  /// - Throws: `DivergenceError` where a quantity of the loss is not a finite number.
  func checkFinite(_ all: [Task]) throws(DivergenceError) {
    func check(_ quantity: String, _ value: Double) throws(DivergenceError) {
      if value.isFinite { return }
      let names = Set(tasks).sorted().map { all[$0].id }.joined(separator: ", ")
      throw DivergenceError(task: names, quantity: quantity, value: value)
    }
    try check("policy loss", policyLoss)
    try check("value loss", valueLoss)
    try check("entropy", entropy)
    try check("largest log rho", Double(largestLogRho))
    try check("gradient norm", squaredGradientNorm)
  }

  func hasValidStep(of task: Int) -> Bool { moments.contains { $0.task == task && $0.steps > 0 } }

  var validSteps: Int { moments.reduce(0) { $0 + Int($1.steps) } }

  /// Value head of each row; `head` is that of a task.
  func heads(rows: Int, _ tape: Tape, _ head: (Int) -> Int32) -> UnsafePointer<Int32> {
    let heads = tape.memory(rows, of: Int32.self)
    for row in 0..<rows { heads[row] = head(tasks[row % tasks.count]) }
    return UnsafePointer(heads)
  }
}

extension IMPALA {
  /// Named quantities of one update.
  public struct Statistics: Sendable {
    /// Norm of the gradient before it was clipped.
    public var gradientNorm = 0.0
    /// Sums of the losses over the batch, and the mean entropy of the policy a step.
    public var policyLoss = 0.0, valueLoss = 0.0, entropy = 0.0
    /// Largest |log pi(a|x) - log mu(a|x)|: how far the learner is from the policy that acted.
    public var largestLogRho: Float = 0
    /// Norm of each task's gradient; empty where a shard holds several tasks.
    public var taskGradientNorm: [Double] = []
    /// Mean and least cosine between two tasks' gradients; nil where a shard holds several tasks, and of more than 16
    /// tasks, as products of all pairs cost more than they tell.
    public var gradientCosines: (mean: Double, least: Double)?

    init(gradientNorm: Double, shards: [ShardResult], tasks: Int) {
      self.gradientNorm = gradientNorm
      var steps = 0
      for shard in shards {
        policyLoss += shard.policyLoss
        valueLoss += shard.valueLoss
        entropy += shard.entropy
        steps += shard.validSteps
        largestLogRho = max(largestLogRho, shard.largestLogRho)
      }
      entropy /= Double(max(steps, 1))
      guard shards.count == tasks else { return }
      taskGradientNorm = shards.map { $0.squaredGradientNorm.squareRoot() }
      if tasks <= 16 {
        let gradients = shards.map(\.gradient)
        gradientCosines = GramMatrix(gradients, ranges: [0..<gradients[0].count]).cosines
      }
    }
  }
}
