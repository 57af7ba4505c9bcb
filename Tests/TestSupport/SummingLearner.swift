import CKernels
import Engine
import Environments
import Tensors

/// A learner of one number a phase, whose floating-point sums show any change of order, lag or experience.
///
/// It acts by its parameter, and each phase adds what its shards saw, in Float32 and in the order of the fixed tree.
public final class SummingLearner: Learner, @unchecked Sendable {
  public let recurrentSize = 2
  public let phases: Int
  public var times: [WorkTime] { [] }
  private let shape: RunShape
  /// Parameter versions, `lag + 1` of them.
  private let buffers: UnsafeMutableBufferPointer<Float>
  public var versions: [Float] { Array(buffers) }
  private let sums: UnsafeMutablePointer<Float>
  private var scratch: Float = 0
  public private(set) var history: [Float] = []

  public init(shape: RunShape, phases: Int) {
    (self.shape, self.phases) = (shape, phases)
    buffers = .allocate(capacity: shape.lag + 1)
    buffers.initialize(repeating: 0.1)
    sums = .allocate(capacity: shape.shards)
    sums.initialize(repeating: 0, count: shape.shards)
  }

  deinit {
    sums.deallocate()
    buffers.deallocate()
  }

  public func act(_ rows: ActorRows, version: Int, tape: Tape) {
    let parameter = buffers[version % buffers.count]
    let seen = rows.observation(leaf: 0).assumingMemoryBound(to: UInt8.self)
    for column in 0..<rows.columns {
      let mixed = parameter * Float(seen[16 * column] + 1) + rows.noise[column]
      rows.action[column] = Int32(mixed.bitPattern % 3)
      rows.logProbability[column] = mixed
    }
  }

  public func work(phase: Int, shard: Int, round: Int, block: RoundBlock, tape: Tape) {
    var sum = buffers[round % buffers.count] + Float(phase) * scratch
    for step in 0..<block.steps {
      for column in 0..<block.columns {
        let row = step * block.columns + column
        sum += block.logProbability[row] * block.reward[row + block.columns] * 1.1
        sum += Float(block.observation(leaf: 0, step: step, column: column).load(as: UInt8.self)) / 7
        if block.isTruncated(step: step, column: column) {
          sum -= Float(block.finalObservation(leaf: 0, step: step, column: column).load(as: UInt8.self)) / 3
        }
      }
    }
    sums[shard] = sum
  }

  public func finish(phase: Int, round: Int) throws {
    var total: Float = 0
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: shape.shards) { blocks in
      for shard in 0..<shape.shards { blocks[shard] = UnsafePointer(sums + shard) }
      ck_tree_sum(&total, blocks.baseAddress!, shape.shards, 1)
    }
    if phase < phases - 1 {
      scratch = total * 1e-3
    } else {
      buffers[(round + 1) % buffers.count] = (total * 1e-3).truncatingRemainder(dividingBy: 1)
      history.append(buffers[(round + 1) % buffers.count])
    }
  }

  public func restore(versions: [Float]) { _ = buffers.update(from: versions) }
}
