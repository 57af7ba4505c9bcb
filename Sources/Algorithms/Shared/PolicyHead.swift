import CKernels
import Engine
import Environments
import Layers
import Tensors

/// From features to a distribution over actions: categorical, or a squashed normal for a box (Haarnoja et al. 2018).
public struct PolicyHead: Sendable {
  public let space: ActionSpace
  private let linear: Linear
  /// Of log sigma: from nearly certain to nearly only -1 and 1.
  private let bounds = ck_normal_bounds(low: -5, high: 1)

  /// A box starts with means near 0 and sigma = 1, with which tanh(u) is spread over nearly all of it.
  public init(_ layout: inout ParameterLayout, _ name: String, inputs: Int, space: ActionSpace) {
    self.space = space
    switch space {
    case .discrete(let actions):
      linear = Linear(&layout, name, inputs: inputs, outputs: actions)
    case .box(let dimension):
      linear = Linear(
        &layout, name, inputs: inputs, outputs: 2 * dimension, initializer: .truncatedNormal(gain: 0.01))
    }
  }

  /// Chooses actions and notes their log-probabilities.
  public func act(_ features: Tensor, _ rows: ActorRows) {
    let x = linear(features)
    switch space {
    case .discrete(let actions):
      let logPi = logSoftmax(x, mask: rows.mask)
      if rows.greedy {
        ck_categorical_argmax(rows.action, logPi.values, rows.columns, actions)
      } else {
        ck_categorical_sample(rows.action, logPi.values, rows.noise, rows.columns, actions)
      }
      ck_select_forward(rows.logProbability, logPi.values, rows.action, rows.columns, actions)
    case .box(let dimension):
      ck_squashed_normal_sample(
        rows.box, x.values, rows.greedy ? nil : rows.noise, rows.mask, rows.columns, dimension, bounds)
      ck_squashed_normal_log_p_forward(
        rows.logProbability, x.values, rows.box, rows.mask, rows.columns, dimension, bounds)
    }
  }

  /// log pi(a_t|x_t) of the actions taken, and the policy's entropy: `[rows]` each.
  ///
  /// - Parameters:
  ///   - action: a_t where actions are discrete, and `box` u_t where they are not: one row per row of the features.
  ///   - mask: Allowed actions, or dimensions, `[rows, actions]`.
  public func evaluate(
    _ features: Tensor, action: UnsafePointer<Int32>, box: UnsafePointer<Float>, mask: UnsafePointer<UInt8>
  ) -> (logPi: Tensor, entropy: Tensor) {
    let x = linear(features)
    switch space {
    case .discrete:
      let logPi = logSoftmax(x, mask: mask)
      return (select(logPi, action: action), entropy(logPi))
    case .box:
      return (
        squashedNormalLogProbability(x, of: box, mask: mask, bounds: bounds),
        squashedNormalEntropy(x, mask: mask, bounds: bounds)
      )
    }
  }

  /// Allowed actions, or dimensions, of each row of an unroll, `[rows, actions]`. They live as long as the tape's step.
  ///
  /// - Parameter columnTasks: The task of each column.
  public static func masks(rows: Int, columnTasks: [Int], of tasks: [Task], on tape: Tape) -> UnsafePointer<UInt8> {
    let actions = tasks[0].actionMask.count
    let mask = tape.memory(rows * actions, of: UInt8.self)
    for row in 0..<rows {
      let allowed = tasks[columnTasks[row % columnTasks.count]].actionMask
      for action in 0..<actions { mask[row * actions + action] = allowed[action] ? 1 : 0 }
    }
    return UnsafePointer(mask)
  }
}
