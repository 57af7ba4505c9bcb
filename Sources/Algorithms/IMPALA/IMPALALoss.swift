import Engine
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
    /// log mu(a_t|x_t) of the policy that acted.
    let behaviour: TimeMajor<Float>
    /// In the task's own units.
    let reward: TimeMajor<Float>
    /// The episode ended there for good; ended there at all; may be learned from.
    let terminated, ended, valid: TimeMajor<UInt8>
  }

  /// What V-trace makes of them.
  struct Targets {
    /// Value targets, in the task's own units, `[T, C]`.
    let vs: TimeMajor<Float>
    /// log pi(a_t|x_t) - log mu(a_t|x_t), `[T, C]`.
    let logRho: TimeMajor<Float>
    /// (vs - mu) / sigma, `[T * C]`.
    let normalized: Tensor
    /// A / sigma; 0 where a step is not valid, `[T * C]`.
    let advantage: Tensor
    /// 1 where a step is valid, else 0, `[T * C]`.
    let weights: Tensor
  }

  /// One number each; sums over valid steps.
  struct Terms {
    let loss, policy, value, entropy: Tensor
  }

  /// V-trace targets of the current policy.
  ///
  /// - Parameters:
  ///   - logPi: log pi(a_t|x_t), `[T * C]`.
  ///   - value: V(x_t), and `nextValue` the value of what followed a_t, `[T, C]`, in the task's own units.
  func targets(
    logPi: Tensor, value: TimeMajor<Float>, nextValue: TimeMajor<Float>, _ transitions: Transitions
  ) -> Targets {
    let (steps, columns, tape) = (value.steps, value.columns, logPi.tape)
    func array<Element>(of type: Element.Type) -> TimeMajor<Element> {
      TimeMajor(tape.memory(steps * columns, of: type), steps: steps, columns: columns)
    }
    let (vs, advantage, logRho) = (array(of: Float.self), array(of: Float.self), array(of: Float.self))
    let (reward, discount, continues) = (array(of: Float.self), array(of: Float.self), array(of: UInt8.self))
    let (normalized, weights) = (array(of: Float.self), array(of: Float.self))
    let pi = TimeMajor(logPi.values, steps: steps, columns: columns)
    for t in 0..<steps {
      for c in 0..<columns {
        let raw = transitions.reward[t, c]
        logRho[t, c] = pi[t, c] - transitions.behaviour[t, c]
        reward[t, c] = configuration.rewards == .clipped ? min(max(raw, -1), 1) : raw
        discount[t, c] = transitions.terminated[t, c] != 0 ? 0 : configuration.discount
        continues[t, c] = transitions.ended[t, c] != 0 ? 0 : 1
        weights[t, c] = transitions.valid[t, c] != 0 ? 1 : 0
      }
    }
    configuration.vTrace(
      vs: vs, advantage: advantage, logRho: logRho, reward: reward, discount: discount, continues: continues,
      value: value, nextValue: nextValue, valid: transitions.valid)
    for t in 0..<steps {
      for c in 0..<columns {
        let task = columnTasks[c]
        // Before there are returns to normalise by, values and policy stay where they are.
        let isKnown = configuration.values != .popArt || popArt.knowsReturns(task)
        normalized[t, c] = normalize(isKnown ? vs[t, c] : value[t, c], task)
        advantage[t, c] = isKnown ? advantage[t, c] / Float(sigma(task)) : 0
      }
    }
    func constant(_ array: TimeMajor<Float>) -> Tensor { tape.constant(reading: array.start, Shape(array.count)) }
    return Targets(
      vs: vs, logRho: logRho, normalized: constant(normalized), advantage: constant(advantage),
      weights: constant(weights))
  }

  /// Records the loss: `logPi` and `entropy` of each step, and n = n(x_t), all `[T * C]`.
  func callAsFunction(logPi: Tensor, entropy: Tensor, n: Tensor, _ targets: Targets) -> Terms {
    let policy = -sum(targets.advantage * logPi)
    let value = 0.5 * sum(targets.weights * square(targets.normalized - n))
    let entropy = sum(targets.weights * entropy)
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

extension IMPALALoss.Transitions {
  /// Row t + 1 of a block holds what followed a_t.
  init(_ block: RoundBlock) {
    let (steps, columns) = (block.steps, block.columns)
    func next<Element>(_ rows: UnsafeMutablePointer<Element>) -> TimeMajor<Element> {
      TimeMajor(rows + columns, steps: steps, columns: columns)
    }
    self.init(
      behaviour: TimeMajor(block.logProbability, steps: steps, columns: columns), reward: next(block.reward),
      terminated: next(block.terminated), ended: next(block.isFirst), valid: next(block.valid))
  }
}
