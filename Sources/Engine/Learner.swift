import Environments
import Foundation
import Tensors

/// What a policy sees of a group of columns at one step, and where it answers. Arrays are `[columns]` unless said
/// otherwise.
public struct ActorRows {
  public let columns: Int
  let block: RoundBlock
  let step: Int
  let column: Int
  /// Index of each column's task in the run's task set. A policy around another may name it other tasks.
  public var task: UnsafePointer<Int32>
  /// Allowed actions, or dimensions, `[columns, actions]`.
  public let mask: UnsafePointer<UInt8>
  /// Recurrent state, `[columns, H]`, updated in place.
  public let hidden, cell: UnsafeMutablePointer<Float>
  /// What to sample with: a number in [0, 1) a column for discrete actions; `[columns, D]` standard normal numbers for a
  /// box.
  public let noise: UnsafePointer<Float>
  /// Whether to take the most probable action, or the mean, instead of sampling.
  public let greedy: Bool

  /// Observations of one leaf, `[columns, leaf]`.
  public func observation(leaf: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(block.observation(leaf: leaf, step: step, column: column))
  }
  private var row: Int { step * block.columns + column }
  /// The reward and action that led here, and whether an episode begins here.
  public var previousReward: UnsafePointer<Float> { UnsafePointer(block.reward + row) }
  public var previousAction: UnsafePointer<Int32> { UnsafePointer(block.action + row) }
  public var previousBox: UnsafePointer<Float> { UnsafePointer(block.box + row * block.dimension) }
  public var isFirst: UnsafePointer<UInt8> { UnsafePointer(block.isFirst + row) }
  /// The answer: the action, or `[columns, D]` numbers u of which the environments get tanh(u), and its log-probability.
  public var action: UnsafeMutablePointer<Int32> { block.action + row + block.columns }
  public var box: UnsafeMutablePointer<Float> { block.box + (row + block.columns) * block.dimension }
  public var logProbability: UnsafeMutablePointer<Float> { block.logProbability + row }
}

extension ActorRows {
  /// Answers with actions that are uniformly random among those that each column has.
  public func actUniformly(in space: ActionSpace) {
    for column in 0..<columns {
      let allowed = (0..<space.count).filter { mask[column * space.count + $0] != 0 }
      switch space {
      case .discrete:
        let choice = min(Int(noise[column] * Float(allowed.count)), allowed.count - 1)
        action[column] = Int32(allowed[choice])
        logProbability[column] = -log(Float(allowed.count))
      case .box(let dimension):
        // erf(z / sqrt 2) of a standard normal z is uniform in (-1, 1); far out it rounds to 1, whose u is infinite.
        let most = Float(1).nextDown
        for d in column * dimension..<(column + 1) * dimension {
          box[d] = mask[d] == 0 ? 0 : atanh(min(max(erf(noise[d] / Float(2).squareRoot()), -most), most))
        }
        logProbability[column] = -log(2) * Float(allowed.count)
      }
    }
  }
}

/// Something that acts. Threads call it at the same time, each with a tape of its own.
public protocol Policy: AnyObject, Sendable {
  /// H: numbers a column in the hidden and in the cell state that the engine keeps for the policy; 0 for none.
  var recurrentSize: Int { get }
  /// Acts with parameter version `version`.
  func act(_ rows: ActorRows, version: Int, tape: Tape)
}

/// An algorithm, as the engine sees it: ordered phases, each a piece of work a shard, then one serial step.
///
/// Work of one phase runs on any thread in any order, so what it writes belongs to its shard alone. The serial step
/// combines the shards in a fixed order (`ck_tree_sum`), so that bits don't depend on threads. The last phase makes
/// version `round + 1` of the parameters. `lag + 1` versions are in use at a time.
public protocol Learner: Policy {
  var phases: Int { get }
  /// Where the time of its work went so far.
  var times: [WorkTime] { get }
  /// One shard's part of a phase, with version `round` of the parameters.
  func work(phase: Int, shard: Int, round: Int, block: RoundBlock, tape: Tape)
  /// The serial step of a phase.
  /// - Throws: what stops the run, such as a loss that is not finite.
  func finish(phase: Int, round: Int) throws
}
