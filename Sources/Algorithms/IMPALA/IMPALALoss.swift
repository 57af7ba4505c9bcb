import Returns
import Tensors

/// The loss of one block of experience, in the units in which PopArt learns.
///
///   L = - sum log pi(a|x) A / sigma  +  baselineCost 1/2 sum ((vs - mu) / sigma - n)^2  -  entropyCost sum H(pi)
///
/// Sums run over valid steps. vs and A come from V-trace on unnormalised values V = sigma n + mu and are constants; so
/// are mu and sigma, as they were before this update (Espeholt et al. 2018, section 4.2; Hessel et al. 2018, section
/// 3.2).
struct IMPALALoss {
  let configuration: IMPALA.Configuration
  let popArt: PopArt
  /// Task index of each column.
  let columnTasks: [Int]

  /// What followed the actions of T steps in C columns, every array `[T, C]`.
  struct Transitions {
    let steps, columns: Int
    /// log mu(a_t|x_t) of the policy that acted.
    let behaviour: UnsafePointer<Float>
    /// In the task's own units.
    let reward: UnsafePointer<Float>
    /// The episode ended there for good; ended there at all; may be learned from.
    let terminated, ended, valid: UnsafePointer<UInt8>
    var count: Int { steps * columns }
  }

  /// What V-trace makes of them, `[T, C]`.
  struct Targets {
    /// Value targets, in the task's own units.
    let vs: UnsafeMutablePointer<Float>
    /// (vs - mu) / sigma.
    let normalized: UnsafeMutablePointer<Float>
    /// A / sigma; 0 where a step is not valid.
    let advantage: UnsafeMutablePointer<Float>
    /// 1 where a step is valid, else 0.
    let weights: UnsafeMutablePointer<Float>
    /// log pi(a_t|x_t) - log mu(a_t|x_t).
    let logRho: UnsafeMutablePointer<Float>
  }

  /// One number each; sums over valid steps.
  struct Terms {
    let loss, policy, value, entropy: Tensor
  }

  /// V-trace targets of the current policy.
  ///
  /// - Parameters:
  ///   - logPi: log pi(a_t|x_t), `[T, C]`.
  ///   - value: V(x_t), and `nextValue` the value of what followed a_t, `[T, C]`, in the task's own units.
  func targets(
    logPi: UnsafePointer<Float>, value: UnsafePointer<Float>, nextValue: UnsafePointer<Float>,
    _ transitions: Transitions, _ tape: Tape
  ) -> Targets {
    let count = transitions.count
    func floats() -> UnsafeMutablePointer<Float> { tape.memory(count, of: Float.self) }
    let (vs, advantage, logRho, reward) = (floats(), floats(), floats(), floats())
    let (discount, normalized, weights) = (floats(), floats(), floats())
    let continues = tape.memory(count, of: UInt8.self)
    for i in 0..<count {
      logRho[i] = logPi[i] - transitions.behaviour[i]
      let raw = transitions.reward[i]
      reward[i] = configuration.rewards == .clipped ? min(max(raw, -1), 1) : raw
      discount[i] = transitions.terminated[i] != 0 ? 0 : configuration.discount
      continues[i] = transitions.ended[i] != 0 ? 0 : 1
      weights[i] = transitions.valid[i] != 0 ? 1 : 0
    }
    configuration.vTrace(
      vs: vs, advantage: advantage, logRho: logRho, reward: reward, discount: discount, continues: continues,
      value: value, nextValue: nextValue, valid: transitions.valid, steps: transitions.steps,
      batch: transitions.columns)
    for i in 0..<count {
      let task = columnTasks[i % transitions.columns]
      let isKnown = configuration.values != .popArt || popArt.knowsReturns(task)
      // Before there are returns to normalise by, values and policy stay where they are.
      normalized[i] = normalize(isKnown ? vs[i] : value[i], task)
      advantage[i] = isKnown ? advantage[i] / Float(sigma(task)) : 0
    }
    return Targets(vs: vs, normalized: normalized, advantage: advantage, weights: weights, logRho: logRho)
  }

  /// Records the loss: `logPi` and `entropy` a step, `normalizedValue` n(x_t), all `[T * C]`.
  func callAsFunction(logPi: Tensor, entropy: Tensor, normalizedValue n: Tensor, _ targets: Targets) -> Terms {
    func constant(_ numbers: UnsafePointer<Float>) -> Tensor { n.tape.constant(reading: numbers, n.shape) }
    let (advantage, weights) = (constant(targets.advantage), constant(targets.weights))
    let target = constant(targets.normalized)
    let policy = -sum(advantage * logPi)
    let value = 0.5 * sum(weights * square(target - n))
    let entropy = sum(weights * entropy)
    let loss = policy + configuration.baselineCost * value - configuration.entropyCost * entropy
    return Terms(loss: loss, policy: policy, value: value, entropy: entropy)
  }

  // MARK: Units

  /// Without PopArt mu stays 0, and sigma is 1 whatever its bounds.
  private func sigma(_ task: Int) -> Double { configuration.values == .popArt ? popArt.sigma(task) : 1 }

  /// V = sigma n + mu.
  func unnormalize(_ n: Float, _ task: Int) -> Float {
    Float(sigma(task) * Double(n) + popArt.mu[task])
  }

  private func normalize(_ value: Float, _ task: Int) -> Float {
    Float((Double(value) - popArt.mu[task]) / sigma(task))
  }
}
