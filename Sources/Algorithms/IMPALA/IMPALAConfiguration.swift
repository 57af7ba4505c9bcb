import Layers
import Returns

extension IMPALA {
  /// Hyperparameters. Defaults are those of IMPALA's Atari experiments (Espeholt et al. 2018, table G.1) and of
  /// PopArt-IMPALA (Hessel et al. 2018) unless said otherwise. Losses are sums over the batch, never means: learning
  /// rate, entropy cost, epsilon and gradient norm belong to sums.
  public struct Configuration: Hyperparameters {
    /// Which part of the observation's network all tasks share.
    public var network = TrunkKind.deep
    /// Units of an LSTM after the trunk; 0 for none.
    public var lstm = 0
    /// Whether the network also sees the last reward, clipped, and the last action.
    public var extras = false
    /// How rewards enter learning; scores are never changed.
    public var rewards = Rewards.raw
    /// How values are represented.
    public var values = Values.popArt

    /// Discount a step, in [0, 1). Nearer 1: longer horizon, slower learning.
    public var discount: Float = 0.99
    /// Weight of the value loss, on top of the half in the square.
    public var baselineCost: Float = 0.5
    /// Weight of the entropy bonus. Larger: longer exploration.
    public var entropyCost: Float = 0.01
    /// Step size at the start.
    public var learningRate: Float = 6e-4
    /// Whether the step size falls linearly to 0 over the run.
    public var annealing = true
    /// Largest norm of the gradient; a longer one is scaled down to it.
    public var gradientNorm = 40.0
    /// How tasks' gradients become one; other than by their sum only where a shard holds one task.
    public var aggregation = GradientAggregation.sum
    public var rmsProp = RMSProp.Configuration()
    public var vTrace = VTrace()
    public var popArt = PopArt.Configuration()
    /// Whether statistics move before the losses are formed instead of after the step (the papers' order): costs a
    /// second forward pass, and spares a task's first updates when its returns are far from 1.
    public var statisticsFirst = false

    public init() {}
  }

  /// How rewards enter learning.
  public enum Rewards: String, CaseIterable, Sendable {
    case raw
    /// clip(r, -1, 1): equal size for all tasks, and the difference between large and small rewards is lost.
    case clipped
  }

  /// How values are represented.
  public enum Values: String, CaseIterable, Sendable {
    /// One value for all tasks.
    case shared
    /// One head a task, not normalised.
    case perTask
    /// One head a task, normalised by PopArt.
    case popArt
  }
}
