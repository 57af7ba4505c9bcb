import Analysis
import Environments

/// How a run of soft modularization routes, in numbers.
public struct RoutingReport: Codable, Sendable {
  /// Of one set of rows. What can't be told is nil.
  public struct Measures: Codable, Sendable {
    /// Mean entropy of the rows of P as a share of log n, a layer: 1 where routing is uniform.
    public let entropy: [Double]
    /// The same of q, where the network has it.
    public let headEntropy: Double?
    /// Mean total variation between the mean routing of two tasks, and between a step's and its task's mean.
    public let betweenTasks, withinTasks: Double
    /// `betweenTasks / withinTasks`.
    public let ratio: Double?
    /// Share of rows whose five nearest rows of other episodes tell the task.
    public let neighbours: Double?

    /// - Parameter episodes: The episode of each sample, as `RoutingTable.episodes` of the table before a shuffle.
    init(_ table: RoutingTable, episodes: [Int]) {
      let measures = RoutingMeasures(table)
      (entropy, headEntropy) = (measures.entropyFraction, measures.headEntropyFraction)
      (betweenTasks, withinTasks) = (measures.betweenTasks, measures.withinTasks)
      ratio = measures.ratio.isFinite ? measures.ratio : nil
      let largest = Dictionary(grouping: episodes) { $0 }.values.map(\.count).max()!
      // With one episode a task all neighbours are of other tasks.
      let canTell = Set(episodes).count > table.tasks.count && episodes.count - largest >= 5
      neighbours =
        canTell ? NearestNeighbours.accuracy(table.codes, labels: table.labels, groups: episodes, k: 5) : nil
    }
  }

  /// How well a task is done with its own routing and with another task's.
  public struct TaskReport: Codable, Sendable {
    /// Rows of the tables, every `stride`-th step of each episode.
    public let rows, stride: Int
    public let own: Evaluation.TaskScore
    /// The task whose number the network was given instead.
    public let other: String
    public let rerouted: Evaluation.TaskScore
  }

  public let algorithm, suite: String
  /// Agent steps of the checkpoint.
  public let steps: Int
  /// Of the run, and of the episodes played.
  public let runSeed, seed: UInt64
  public let episodes: Int
  public let greedy: Bool
  public let trained, untrained: Measures
  /// The same with tasks shuffled by whole episodes: what chance gives.
  public let trainedShuffled, untrainedShuffled: Measures
  public let tasks: [TaskReport]
}
