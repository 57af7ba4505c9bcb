import Layers
import Replay
import Tensors

/// One shard's part of an update: N rows, `size` replayed transitions of each of the shard's tasks, task by task.
///
/// Everything lies in the memory of the shard's tape until the next update.
public struct ReplayBatch {
  public let tape: Tape
  /// The shard, whose gradients the update adds to.
  public let shard: Int
  /// The shard's tasks, `size` rows of each.
  public let tasks: Range<Int>
  public let size: Int
  /// The update, counted from 0, and the round that it belongs to.
  public let update, round: Int
  /// s and s', what followed: `[N, S]`.
  public let observation, next: Tensor
  /// a, `[N, A]`: numbers in [-1, 1], or one-hot where actions are discrete.
  public let action: Tensor
  /// r, and d: 1 where the episode terminated, so that no value follows, else 0; `[N]`.
  public let reward, terminated: Tensor
  /// Task of each row, `[N]`.
  public let task: UnsafePointer<Int32>
  /// 1 for each row's allowed actions or dimensions, `[N, A]`.
  public let mask: UnsafePointer<UInt8>
  let randomness: any UpdateRandomness

  /// N.
  public var rows: Int { tasks.count * size }

  /// Rows of one of the shard's tasks.
  public func rows(of task: Int) -> Range<Int> {
    let first = (task - tasks.lowerBound) * size
    return first..<first + size
  }

  /// Which of s and s' noise is for; each has its own.
  public enum NoiseUse: Int {
    case observation, next
  }

  /// Standard normal numbers, `[N, A]`, addressed by task and update.
  public func noise(for use: NoiseUse) -> UnsafePointer<Float> {
    let count = size * action.shape[1]
    let noise = tape.memory(tasks.count * count, of: Float.self)
    for (index, task) in tasks.enumerated() {
      randomness.noise(
        task: task, step: 2 * update + use.rawValue,
        into: UnsafeMutableBufferPointer(start: noise + index * count, count: count))
    }
    return UnsafePointer(noise)
  }

  /// One number per task, `[K]` of all tasks, as one number per row, `[N]`.
  public func perRow(_ numbers: [Float]) -> Tensor {
    let result = tape.constant(Shape(rows))
    for task in tasks { (result.values + rows(of: task).lowerBound).update(repeating: numbers[task], count: size) }
    return result
  }

  /// Number of each row's action where actions are discrete, `[N]`.
  public var choices: UnsafePointer<Int32> {
    let (result, actions) = (tape.memory(rows, of: Int32.self), action.shape[1])
    for row in 0..<rows {
      result[row] = Int32((0..<actions).first { action.values[row * actions + $0] != 0 } ?? 0)
    }
    return UnsafePointer(result)
  }
}
