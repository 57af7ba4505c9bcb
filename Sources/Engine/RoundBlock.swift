import Environments

/// The experience of one round in one shard: T steps of C columns, time-major, in one contiguous allocation.
///
/// Row t holds the network's *input* at step t: observation x_t and what led to it, the action a_{t-1}, its reward and
/// the flags of that transition (the alignment of IMPALA's published code). So the transition out of x_t is in row
/// t + 1, and row T of one unroll is row 0 of the next. Row t of `logProbability` belongs to a_t.
public final class RoundBlock: @unchecked Sendable {
  /// T and C.
  public let steps, columns: Int
  /// One pointer a leaf, each to `[T + 1, C, leaf]`.
  public let observations: [UnsafeMutableRawPointer]
  /// One pointer a leaf, each to `[T, C, leaf]`: the last observation of an episode that ended at the transition out
  /// of x_t. Written only there; untouched pages cost no memory.
  public let finalObservations: [UnsafeMutableRawPointer]
  /// Where actions are discrete: a_{t-1}, `[T + 1, C]`.
  public let action: UnsafeMutablePointer<Int32>
  /// Where actions are a box: u_{t-1}, and the action is tanh(u_{t-1}), `[T + 1, C, D]`. D is 0 for discrete actions.
  public let box: UnsafeMutablePointer<Float>
  public let dimension: Int
  /// The reward of a_{t-1} in the task's units, `[T + 1, C]`.
  public let reward: UnsafeMutablePointer<Float>
  /// The transition into x_t ended an episode for good: no value follows, `[T + 1, C]`.
  public let terminated: UnsafeMutablePointer<UInt8>
  /// x_t is the first observation of an episode, `[T + 1, C]`; where not `terminated`, the old one was truncated.
  public let isFirst: UnsafeMutablePointer<UInt8>
  /// 0 where the transition into x_t must not be learned from, `[T + 1, C]`.
  public let valid: UnsafeMutablePointer<UInt8>
  /// log mu(a_t | x_t) of the policy that acted, `[T, C]`.
  public let logProbability: UnsafeMutablePointer<Float>
  /// Recurrent state before step 0, `[C, H]` each.
  public let hidden, cell: UnsafeMutablePointer<Float>
  public let recurrentSize: Int

  let leaves: [ObservationLeaf]
  let memory: UnsafeMutableRawPointer
  let byteCount: Int
  private let finalMemory: UnsafeMutableRawPointer

  public init(steps: Int, columns: Int, observation: ObservationSpace, action: ActionSpace, recurrentSize: Int) {
    (self.steps, self.columns, self.recurrentSize, dimension) = (steps, columns, recurrentSize, action.dimension)
    leaves = observation.leaves
    var size = 0
    func reserve(_ bytes: Int) -> Int {
      defer { size += (bytes + 63) & ~63 }
      return size
    }
    let rows = (steps + 1) * columns
    let leafOffsets = leaves.map { reserve(rows * $0.byteCount) }
    let actionOffset = reserve(rows * 4)
    let boxOffset = reserve(rows * dimension * 4)
    let rewardOffset = reserve(rows * 4)
    let flagOffsets = (0..<3).map { _ in reserve(rows) }
    let logProbabilityOffset = reserve(steps * columns * 4)
    let stateOffsets = (0..<2).map { _ in reserve(columns * recurrentSize * 4) }

    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    (self.memory, byteCount) = (memory, size)
    observations = leafOffsets.map { memory + $0 }
    func floats(_ offset: Int) -> UnsafeMutablePointer<Float> { (memory + offset).assumingMemoryBound(to: Float.self) }
    func bytes(_ offset: Int) -> UnsafeMutablePointer<UInt8> { (memory + offset).assumingMemoryBound(to: UInt8.self) }
    self.action = (memory + actionOffset).assumingMemoryBound(to: Int32.self)
    (box, reward) = (floats(boxOffset), floats(rewardOffset))
    (terminated, isFirst, valid) = (bytes(flagOffsets[0]), bytes(flagOffsets[1]), bytes(flagOffsets[2]))
    logProbability = floats(logProbabilityOffset)
    (hidden, cell) = (floats(stateOffsets[0]), floats(stateOffsets[1]))

    var finalOffset = 0
    let finalOffsets = leaves.map { leaf in
      defer { finalOffset += (steps * columns * leaf.byteCount + 63) & ~63 }
      return finalOffset
    }
    let finalMemory = UnsafeMutableRawPointer.allocate(byteCount: max(finalOffset, 1), alignment: 64)
    self.finalMemory = finalMemory
    finalObservations = finalOffsets.map { finalMemory + $0 }
  }

  deinit {
    memory.deallocate()
    finalMemory.deallocate()
  }

  /// Row `step`, column `column` of an observation leaf.
  public func observation(leaf: Int, step: Int, column: Int) -> UnsafeMutableRawPointer {
    observations[leaf] + (step * columns + column) * leaves[leaf].byteCount
  }

  /// Where the last observation goes of an episode that ends at the transition out of x_step.
  public func finalObservation(leaf: Int, step: Int, column: Int) -> UnsafeMutableRawPointer {
    finalObservations[leaf] + (step * columns + column) * leaves[leaf].byteCount
  }

  /// Whether the transition out of x_step cut off an episode whose value goes on.
  public func isTruncated(step: Int, column: Int) -> Bool {
    let next = (step + 1) * columns + column
    return isFirst[next] != 0 && terminated[next] == 0 && valid[next] != 0
  }

  /// Copies `count` columns of row `step` to row `targetStep` of another block.
  func copyRow(
    step: Int, column: Int, count: Int, to target: RoundBlock, step targetStep: Int, column targetColumn: Int
  ) {
    for leaf in leaves.indices {
      target.observation(leaf: leaf, step: targetStep, column: targetColumn)
        .copyMemory(
          from: observation(leaf: leaf, step: step, column: column), byteCount: count * leaves[leaf].byteCount)
    }
    let (from, to) = (step * columns + column, targetStep * target.columns + targetColumn)
    (target.action + to).update(from: action + from, count: count)
    (target.box + to * dimension).update(from: box + from * dimension, count: count * dimension)
    (target.reward + to).update(from: reward + from, count: count)
    (target.terminated + to).update(from: terminated + from, count: count)
    (target.isFirst + to).update(from: isFirst + from, count: count)
    (target.valid + to).update(from: valid + from, count: count)
  }

  /// Copies `count` columns of recurrent state to another block.
  func copyRecurrentState(column: Int, count: Int, to target: RoundBlock, column targetColumn: Int) {
    let size = recurrentSize
    (target.hidden + targetColumn * size).update(from: hidden + column * size, count: count * size)
    (target.cell + targetColumn * size).update(from: cell + column * size, count: count * size)
  }
}
