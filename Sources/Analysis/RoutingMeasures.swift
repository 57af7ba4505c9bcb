import Foundation

/// How sharp the routing is, and how much of it depends on the task.
///
/// Total variation of two rows of P is half the sum of |P[i, j] - P'[i, j]| over sources j, from 0 (equal) to 1 (no
/// common source). A distance of two routings is its mean over layers and target modules i.
public struct RoutingMeasures: Equatable, Sendable {
  /// Mean entropy of the rows of P, in nats, a layer: ln n where routing is uniform, 0 where all take from one
  /// module.
  public let entropy: [Double]
  /// The same as a share of ln n.
  public let entropyFraction: [Double]
  /// Mean entropy of q as a share of ln n; nil where there are no head weights.
  public let headEntropyFraction: Double?
  /// Mean over pairs of tasks of the distance between their mean P. About 0 before training.
  public let betweenTasks: Double
  /// Mean over samples of the distance between P and the mean P of its task.
  public let withinTasks: Double

  /// `betweenTasks / withinTasks`. NaN where nothing varies.
  ///
  /// Chance alone gives about sqrt(2 / (m - 1)) with m independent samples a task, since means of few samples differ;
  /// the table with permuted tasks gives it for the samples at hand.
  public var ratio: Double { betweenTasks / withinTasks }

  /// Precondition: at least two tasks, each with a sample.
  public init(_ table: RoutingTable) {
    precondition(table.tasks.count > 1, "a distance between tasks needs two tasks")
    let (layers, modules) = (table.layers, table.modules)
    let means = table.meanWeights
    let rows = Double(layers * modules)
    func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 2 / rows }

    var entropy = Array(repeating: 0.0, count: layers)
    var within = 0.0
    for sample in table.samples {
      let weights = sample.weights.map(Double.init)
      within += distance(weights, means[sample.task])
      for (k, p) in weights.enumerated() where p > 0 { entropy[k / (modules * modules)] -= p * log(p) }
    }
    let samples = Double(table.samples.count)
    self.entropy = entropy.map { $0 / (samples * Double(modules)) }
    entropyFraction = self.entropy.map { $0 / log(Double(modules)) }
    withinTasks = within / samples
    let heads = table.samples.flatMap(\.headWeights).map(Double.init)
    let headEntropy = heads.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
    headEntropyFraction = heads.isEmpty ? nil : headEntropy / (samples * log(Double(modules)))

    var (between, pairs) = (0.0, 0.0)
    for a in means.indices {
      for b in 0..<a {
        between += distance(means[a], means[b])
        pairs += 1
      }
    }
    betweenTasks = between / pairs
  }
}
