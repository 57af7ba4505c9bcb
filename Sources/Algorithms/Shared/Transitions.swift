import Engine
import Returns
import Tensors

/// What followed the actions of an unroll, as returns read it, every array `[T, C]`. No gradient flows through it.
///
/// A step that must not be learned from (`valid` 0) is worth V(x_t): its advantage is 0, and nothing that follows it
/// reaches the steps before it.
public struct Transitions {
  /// r_t, in the task's own units.
  public let reward: TimeMajor<Float>
  /// gamma, and 0 where the episode ended for good.
  public let discount: TimeMajor<Float>
  /// 0 at any end of an episode.
  public let continues: TimeMajor<UInt8>
  /// V(x_t), and V of what followed a_t: of an episode that was cut off, of its last observation.
  public let value, nextValue: TimeMajor<Float>
  private let tape: Tape

  /// - Parameters:
  ///   - value: V of the T + 1 rows of the block, `[(T + 1) * C]`; lives as long as the tape's step.
  ///   - discount: gamma.
  ///   - truncated: V of the last observations of episodes that were cut off, `[R]`.
  public init(
    _ block: RoundBlock, value: UnsafeMutablePointer<Float>, discount gamma: Float, on tape: Tape,
    truncated: (RoundBlock.Truncations) -> Tensor
  ) {
    let (steps, columns, count) = (block.steps, block.columns, block.steps * block.columns)
    func array<Element>(_ type: Element.Type) -> TimeMajor<Element> {
      TimeMajor(tape.memory(count, of: type), steps: steps, columns: columns)
    }
    self.tape = tape
    (reward, discount, continues, nextValue) = (
      array(Float.self), array(Float.self), array(UInt8.self), array(Float.self)
    )
    self.value = TimeMajor(value, steps: steps, columns: columns)
    for row in 0..<count {
      let (next, isValid) = (row + columns, block.valid[row + columns] != 0)
      reward.start[row] = isValid ? block.reward[next] : value[row]
      discount.start[row] = isValid && block.terminated[next] == 0 ? gamma : 0
      continues.start[row] = isValid && block.isFirst[next] == 0 ? 1 : 0
      nextValue.start[row] = value[next]
    }
    guard let cut = block.truncations(leaf: 0, hidden: nil, cell: nil, on: tape) else { return }
    let last = tape.withoutGradient { truncated(cut) }
    for row in 0..<cut.count {
      let (step, column) = cut.place(of: row)
      nextValue[step, column] = last.values[row]
    }
  }

  /// G_t = r_t + gamma G_(t+1) to the end of the episode, or of the unroll, where V stands for the rest: `[T * C]`.
  public func returns() -> Tensor {
    let result = tape.constant(Shape(reward.count))
    OnPolicyReturns.nStep(
      into: view(of: result), reward: reward, discount: discount, continues: continues, nextValue: nextValue)
    return result
  }

  /// Generalised advantages A_t (Schulman et al. 2016, equation 16), `[T * C]`; A_t + V(x_t) is what V learns.
  public func advantages(lambda: Float) -> Tensor {
    let result = tape.constant(Shape(reward.count))
    OnPolicyReturns.generalizedAdvantage(
      into: view(of: result), reward: reward, discount: discount, continues: continues, value: value,
      nextValue: nextValue, lambda: lambda)
    return result
  }

  private func view(of tensor: Tensor) -> TimeMajor<Float> {
    TimeMajor(tensor.values, steps: reward.steps, columns: reward.columns)
  }
}
