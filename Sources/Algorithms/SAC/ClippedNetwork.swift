import CKernels
import Layers
import Tensors

/// A network that learns: its gradient is summed over shards, clipped by its own norm, and followed by Adam. Cut into a
/// piece a shard, so that shards do this side by side.
final class ClippedNetwork {
  private let parameters: ParameterBuffer
  /// Follow the parameters slowly, where there are any.
  private let targets: ParameterBuffer?
  private let optimizer: Adam
  /// One a shard, and their sum.
  private let gradients: [ParameterBuffer]
  private let total: ParameterBuffer
  /// Ranges of the layout, a list a shard.
  private let pieces: [[Range<Int>]]
  /// Of each piece, written by the shard that works on it.
  private let squaredNorms: UnsafeMutableBufferPointer<Double>
  private var factor: Float = 1
  /// Norm of the gradient before it was clipped.
  private(set) var norm = 0.0

  /// - Parameter ranges: What the network has of the layout.
  init(
    _ parameters: ParameterBuffer, targets: ParameterBuffer?, optimizer: Adam, gradients: [ParameterBuffer],
    total: ParameterBuffer, ranges: [Range<Int>]
  ) {
    (self.parameters, self.targets, self.optimizer) = (parameters, targets, optimizer)
    (self.gradients, self.total) = (gradients, total)
    pieces = gradients.indices.map { shard in ranges.map { Self.piece(shard, of: $0, gradients.count) } }
    squaredNorms = .allocate(capacity: gradients.count)
    squaredNorms.initialize(repeating: 0)
  }

  deinit { squaredNorms.deallocate() }

  /// Piece `index` of `count`, of whole cache lines where the range begins at one.
  private static func piece(_ index: Int, of range: Range<Int>, _ count: Int) -> Range<Int> {
    func cut(_ index: Int) -> Int {
      index == count ? range.upperBound : range.lowerBound + range.count * index / count / 16 * 16
    }
    return cut(index)..<cut(index + 1)
  }

  /// Sums a piece of the gradients in the order of the fixed tree.
  func reduce(piece: Int) {
    var squares = 0.0
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: gradients.count) { blocks in
      for range in pieces[piece] {
        for (shard, gradient) in gradients.enumerated() {
          blocks[shard] = UnsafePointer(gradient.values + range.lowerBound)
        }
        ck_tree_sum(total.values + range.lowerBound, blocks.baseAddress!, gradients.count, range.count)
        squares += ck_sum_squares(total.values + range.lowerBound, range.count)
      }
    }
    squaredNorms[piece] = squares
  }

  /// Decides, once all pieces are summed, by how much the gradient is shortened.
  func clip(limit: Double) {
    norm = squaredNorms.reduce(0, +).squareRoot()
    factor = ck_clip_factor(norm, limit)
  }

  /// Step number `step`, counted from 1, of a piece; then targets move towards the parameters by `targetRate`.
  func step(_ step: Int, piece: Int, learningRate: Float, targetRate: Float) {
    optimizer.step(
      parameters, gradients: total, ranges: pieces[piece], learningRate: learningRate, clip: factor, step: step)
    if let targets { polyakAverage(targets, toward: parameters, ranges: pieces[piece], rate: targetRate) }
  }
}
