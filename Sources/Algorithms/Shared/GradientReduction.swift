import CKernels
import Tensors

/// Makes one gradient of the gradients of all shards, and finds by how much its norm is to be clipped.
///
/// The parameters are cut into pieces, so that threads share each pass over them:
///
/// 1. `reduce`, a piece each: the sum, or the inner products of the gradients, where they are not just added;
/// 2. `clip`, serial: the norm and, from the products, what each gradient counts;
/// 3. `combine`, a piece each: the weighted sum, where there is one.
///
/// Then `gradient` holds the result before clipping, and a step follows `factor * gradient`.
public final class GradientReduction {
  /// What the gradients become, within the ranges.
  public let gradient: ParameterBuffer
  /// Norm of the gradient before it is clipped; NaN before there was one.
  public private(set) var norm = Double.nan
  /// What the gradient is multiplied by so that its norm is at most the limit.
  public private(set) var factor: Float = 1

  /// One per shard.
  private let gradients: [ParameterBuffer]
  private let aggregation: GradientAggregation
  /// Ranges of the layout, one list per piece.
  private let pieces: [[Range<Int>]]
  /// Of each piece of the sum, written by the thread that works on it.
  private let squaredNorms: UnsafeMutableBufferPointer<Double>
  /// Of each piece of all gradients, where they are not just added.
  private let products: UnsafeMutableBufferPointer<GramMatrix>
  /// What each gradient counts.
  private var weights: [Double] = []

  /// - Parameters:
  ///   - gradients: One per shard; one per task where they are not just added.
  ///   - gradient: Takes the result.
  ///   - ranges: Which parameters of the layout have a norm together.
  ///   - pieces: Parts that threads work on.
  public init(
    _ gradients: [ParameterBuffer], into gradient: ParameterBuffer, ranges: [Range<Int>], pieces: Int,
    aggregation: GradientAggregation
  ) {
    (self.gradients, self.gradient, self.aggregation) = (gradients, gradient, aggregation)
    self.pieces = (0..<pieces).map { piece in ranges.map { Self.piece(piece, of: $0, pieces) } }
    squaredNorms = .allocate(capacity: pieces)
    squaredNorms.initialize(repeating: 0)
    products = .allocate(capacity: aggregation == .sum ? 0 : pieces)
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

  /// The parameters of a piece.
  public func ranges(piece: Int) -> [Range<Int>] { pieces[piece] }

  /// Sums a piece of the gradients, or finds its products.
  public func reduce(piece: Int) {
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
        for (shard, shardGradient) in gradients.enumerated() {
          blocks[shard] = UnsafePointer(shardGradient.values + range.lowerBound)
        }
        ck_tree_sum(gradient.values + range.lowerBound, blocks.baseAddress!, gradients.count, range.count)
        squares += ck_sum_squares(gradient.values + range.lowerBound, range.count)
      }
    }
    squaredNorms[piece] = squares
  }

  /// Finds the norm, once all pieces are reduced, and with it the factor.
  ///
  /// - Parameters:
  ///   - limit: Largest norm.
  ///   - order: A permutation of the gradients, see `GradientAggregation.pcgrad`; empty for the other rules.
  public func clip(limit: Double, order: [Int] = []) {
    if aggregation == .sum {
      norm = squaredNorms.reduce(0, +).squareRoot()
    } else {
      var all = GramMatrix(count: gradients.count)
      for part in products { all += part }
      weights = aggregation.weights(all, order: order)
      norm = all.squaredNorm(ofSum: weights).squareRoot()
    }
    factor = ck_clip_factor(norm, limit)
  }

  /// Adds a piece of the gradients with their weights, in their order, where they are not summed yet.
  public func combine(piece: Int) {
    if aggregation == .sum { return }
    for range in pieces[piece] {
      // A tile of the result stays in the cache.
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 2048) {
        let (tile, size) = (gradient.values + start, min(2048, range.upperBound - start))
        ck_scale(tile, Float(weights[0]), gradients[0].values + start, size)
        for index in 1..<gradients.count { ck_axpy(tile, Float(weights[index]), gradients[index].values + start, size) }
      }
    }
  }
}
