import Engine
import Environments
import Layers

/// Hyperparameters that every algorithm has that learns from replayed transitions.
public struct ReplayConfiguration: Hyperparameters {
  /// Transitions of each task in a batch.
  public var batch = 128
  /// Transitions that each task's replay holds.
  public var capacity = 100_000
  /// Transitions of each task before the first update.
  public var warmUp = 4_000
  /// Who acts until then.
  public var warmUpPolicy = WarmUpPolicy.uniform
  /// Updates per round; 0 for one per step of a task.
  public var updates = 0
  /// Whether all tasks draw the same places of their rings, which are of equal age where no step was lost.
  public var sharesIndices = false
  /// gamma, per agent step, in [0, 1).
  public var discount: Float = 0.99
  /// Step size of Adam.
  public var learningRate: Float = 3e-4
  public var adam = Adam.Configuration()
  /// How far target parameters move towards the parameters per update, in (0, 1].
  public var targetRate: Float = 0.005
  /// Largest norm of the gradient of each network.
  public var gradientNorm = 1.0
  /// How tasks' gradients become one; other than by their sum only where a shard holds one task.
  public var aggregation = GradientAggregation.sum

  public init() {}

  /// Who acts before the first update.
  public enum WarmUpPolicy: String, CaseIterable, Sendable {
    /// Uniformly random actions.
    case uniform
    /// The policy as it starts.
    case policy
  }

  public static let settings: [Setting<Self>] = [
    .integer("batch", \.batch, 1...65_536, "transitions of each task in a batch").atMost("replay"),
    .integer("replay", \.capacity, 1...(1 << 32) - 1, "transitions that each task's replay holds"),
    .integer("warm-up", \.warmUp, 0...(1 << 32) - 1, "transitions of each task before the first update")
      .atMost("replay"),
    .choice("warm-up-policy", \.warmUpPolicy, "who acts until then"),
    .integer("updates", \.updates, 0...100_000, "updates per round; 0 for one per step of a task"),
    .flag("shared-indices", \.sharesIndices, "all tasks draw the same places of their replays"),
    .real("discount", \.discount, .from(0, below: 1), "gamma per agent step"),
    .real("learning-rate", \.learningRate, .finite(from: 0), "step size of Adam"),
    .real("adam-epsilon", \.adam.epsilon, .finite(above: 0), "Adam's epsilon"),
    .real("target-rate", \.targetRate, .above(0, to: 1), "how far target critics move per update"),
    .real("gradient-norm", \.gradientNorm, .above(0), "largest norm of the gradient of policy and of each critic"),
    .choice("aggregation", \.aggregation, "how tasks' gradients become one; other than sum with one shard per task"),
  ]

  /// S: numbers of an observation.
  /// - Throws: `EngineError.unsupportedSpace` where tasks don't show one vector of floats.
  public static func observationSize(_ tasks: [Task]) throws(EngineError) -> Int {
    let leaves = tasks[0].observation.leaves
    guard leaves.count == 1, leaves[0].isVector, leaves[0].scale == 1 else {
      throw .unsupportedSpace(
        "a replay holds one vector of floats; these tasks show "
          + leaves.map { "\($0.name) \($0.element.rawValue)\($0.shape)" }.joined(separator: ", "))
    }
    return leaves[0].shape[0]
  }

  /// - Throws: `EngineError` where the numbers don't fit each other.
  func check(_ shape: RunShape, tasks: Int) throws(EngineError) {
    if !tasks.isMultiple(of: shape.shards) {
      throw .notDivisible(what: "tasks", value: tasks, by: "shards", shape.shards)
    }
    try aggregation.check(shards: shape.shards, tasks: tasks)
    for (name, value, least) in [
      ("batch", batch, 1), ("updates", updates, 0), ("replay of a task", capacity, max(batch, warmUp)),
    ] where value < least {
      throw .outOfRange(name: name, value: value, least: least)
    }
  }
}
