import CKernels
import Layers
import Tensors

/// What moves one network, the policy or a critic: shards' gradients become one, which is clipped by its own norm and
/// followed by Adam and targets. Cut into a piece a shard, so that shards do this side by side.
///
/// Gradients are summed at once, where a sum is wanted. Otherwise the first pass finds their inner products, from which
/// their weights follow, and the norm of the weighted sum that the second pass makes before it steps.
final class NetworkOptimizer {
  private let parameters: ParameterBuffer
  /// Follow the parameters slowly, where there are any.
  private let targets: ParameterBuffer?
  private let optimizer: Adam
  private let aggregation: GradientAggregation
  /// One a shard, and what they become.
  private let gradients: [ParameterBuffer]
  private let total: ParameterBuffer
  /// Ranges of the layout, a list a shard.
  private let pieces: [[Range<Int>]]
  /// Of each piece, written by the shard that works on it: of the sum's, or of all gradients.
  private let squaredNorms: UnsafeMutableBufferPointer<Double>
  private let products: UnsafeMutableBufferPointer<GramMatrix>
  /// What each gradient counts, where it is not just added.
  private var weights: [Double] = []
  private var factor: Float = 1
  /// Norm of the gradient before it was clipped; NaN before there was one.
  private(set) var norm = Double.nan

  /// - Parameter ranges: What the network has of the layout.
  init(
    _ parameters: ParameterBuffer, targets: ParameterBuffer?, optimizer: Adam, gradients: [ParameterBuffer],
    total: ParameterBuffer, ranges: [Range<Int>], aggregation: GradientAggregation
  ) {
    (self.parameters, self.targets, self.optimizer) = (parameters, targets, optimizer)
    (self.gradients, self.total, self.aggregation) = (gradients, total, aggregation)
    pieces = gradients.indices.map { shard in ranges.map { Self.piece(shard, of: $0, gradients.count) } }
    squaredNorms = .allocate(capacity: gradients.count)
    squaredNorms.initialize(repeating: 0)
    products = .allocate(capacity: aggregation == .sum ? 0 : gradients.count)
    products.initialize(repeating: GramMatrix(count: gradients.count))
  }

  deinit {
    squaredNorms.deallocate()
    products.deinitialize()
    products.deallocate()
  }

  /// Piece `index` of `count`, of whole cache lines where the range begins at one.
  private static func piece(_ index: Int, of range: Range<Int>, _ count: Int) -> Range<Int> {
    func cut(_ index: Int) -> Int {
      index == count ? range.upperBound : range.lowerBound + range.count * index / count / 16 * 16
    }
    return cut(index)..<cut(index + 1)
  }

  /// Sums a piece of the gradients, or finds its products.
  func reduce(piece: Int) {
    if aggregation == .sum {
      sum(piece)
    } else {
      products[piece] = GramMatrix(gradients, ranges: pieces[piece])
    }
  }

  /// In the order of the fixed tree.
  private func sum(_ piece: Int) {
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

  /// Decides, once all pieces are looked at, what each gradient counts.
  ///
  /// - Parameter order: A permutation of the gradients, see `GradientAggregation`.
  func aggregate(order: [Int]) {
    if aggregation == .sum {
      norm = squaredNorms.reduce(0, +).squareRoot()
      return
    }
    var all = GramMatrix(count: gradients.count)
    for part in products { all += part }
    weights = aggregation.weights(all, order: order)
    norm = all.squaredNorm(ofSum: weights).squareRoot()
  }

  /// Decides by how much the gradient is shortened.
  func clip(limit: Double) {
    factor = ck_clip_factor(norm, limit)
  }

  /// Step number `step`, counted from 1, of a piece; then targets move towards the parameters by `targetRate`.
  func step(_ step: Int, piece: Int, learningRate: Float, targetRate: Float) {
    if aggregation != .sum { weigh(piece) }
    optimizer.step(
      parameters, gradients: total, ranges: pieces[piece], learningRate: learningRate, clip: factor, step: step)
    if let targets { polyakAverage(targets, toward: parameters, ranges: pieces[piece], rate: targetRate) }
  }

  /// Adds a piece of the gradients with their weights, in their order.
  private func weigh(_ piece: Int) {
    for range in pieces[piece] {
      // A tile of the total stays in the cache.
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 2048) {
        let (tile, size) = (total.values + start, min(2048, range.upperBound - start))
        ck_scale(tile, Float(weights[0]), gradients[0].values + start, size)
        for index in 1..<gradients.count { ck_axpy(tile, Float(weights[index]), gradients[index].values + start, size) }
      }
    }
  }
}
