import Algorithms
import Analysis
import Dispatch
import Engine
import Environments
import Foundation
import Layers
import Synchronization
import Tensors

/// Routing of a trained run of soft modularization beside that of the untrained network on the same observations
/// (Yang et al. 2020, section 5.3).
public struct RoutingAnalysis: Sendable {
  /// Which episodes are played, and which of their steps are looked at.
  public struct Options: Sendable {
    /// Of each task.
    public var episodes = 20
    /// Every so many steps a row; nil for about 200 rows a task.
    public var stride: Int?
    /// Of environments, sampled actions and the shuffled control.
    public var seed: UInt64 = 1001
    /// Whether to act by tanh of the mean instead of sampling.
    public var greedy = true
    /// Which Python modules the run may name.
    public var trust = Trust()
    /// Algorithms and suites that there are.
    public var catalogue = Catalogue.all
    public init() {}
  }

  public let trained, untrained: RoutingTable
  public let report: RoutingReport
  private let directory: RunDirectory

  /// Plays the newest checkpoint of the run in the folder `path`.
  ///
  /// - Throws: `RunError.noRouting` for other algorithms, what `Run.load` throws, and what environments throw.
  /// - Precondition: at least one episode, and a stride of at least one.
  public init(_ path: String, _ options: Options = Options()) throws {
    precondition(options.episodes >= 1 && options.stride ?? 1 >= 1, "episodes and stride are at least 1")
    directory = RunDirectory(path: path)
    let agent = try Run.load(path, trust: options.trust, in: options.catalogue)
    guard let learner = agent.learner as? any RoutedPolicy, let modules = learner.routedModules else {
      throw RunError.noRouting(
        reason: "needs a network that mixes modules by weights; that of \(agent.configuration.algorithm) has none")
    }
    guard modules > 1 else {
      throw RunError.noRouting(reason: "needs several modules a layer to choose from; this run has 1")
    }
    let (configuration, taskSet) = (agent.configuration, agent.taskSet)
    let count = taskSet.tasks.count
    guard count > 1 else { throw RunError.noRouting(reason: "compares tasks; this run has one, \(taskSet.ids[0])") }

    let recorder = RecordingPolicy(
      learner, tasks: count, observation: taskSet.observation.leaves[0].elementCount, episodes: options.episodes)
    func play(_ policy: any Policy) throws -> [Evaluation.TaskScore] {
      try Evaluation.play(
        taskSet, policy: policy, episodes: options.episodes, seed: options.seed, greedy: options.greedy)
    }
    let own = try play(recorder)
    let rerouted = try play(ReroutedPolicy(learner, tasks: count))

    let strides = recorder.rollouts.map { options.stride ?? max($0.rows.count / 200, 1) }
    let rows = zip(recorder.rollouts, strides).map { $0.thinned(by: $1) }
    let found = rows.reduce(0) { $0 + $1.count }
    guard found >= Self.leastPoints else {
      throw RunError.noRouting(
        reason:
          "needs at least \(Self.leastPoints) rows; there are \(found): play more episodes, or take a smaller stride")
    }
    trained = Self.table(rows, taskSet.ids, learner, learner.policyParameters)
    untrained = Self.table(rows, taskSet.ids, learner, learner.initialPolicyParameters(seed: configuration.seed))
    let episodes = trained.episodes
    let permutation = Self.permutation(Set(episodes).count, seed: options.seed)
    report = RoutingReport(
      algorithm: configuration.algorithm, suite: configuration.suite, steps: directory.checkpointSteps.last ?? 0,
      runSeed: configuration.seed, seed: options.seed, episodes: options.episodes, greedy: options.greedy,
      trained: RoutingReport.Measures(trained, episodes: episodes),
      untrained: RoutingReport.Measures(untrained, episodes: episodes),
      trainedShuffled: RoutingReport.Measures(trained.withTasks(permutedBy: permutation), episodes: episodes),
      untrainedShuffled: RoutingReport.Measures(untrained.withTasks(permutedBy: permutation), episodes: episodes),
      tasks: (0..<count).map {
        RoutingReport.TaskReport(
          rows: rows[$0].count, stride: strides[$0], own: own[$0], other: taskSet.ids[($0 + 1) % count],
          rerouted: rerouted[$0])
      })
  }

  private static func table(
    _ rows: [[RoutingRollout.Row]], _ tasks: [String], _ learner: any RoutedPolicy, _ parameters: ParameterBuffer
  ) -> RoutingTable {
    let labels = rows.enumerated().flatMap { task, rows in rows.map { _ in task } }
    let rows = rows.flatMap { $0 }
    let routing = learner.routing(rows.flatMap(\.observation), tasks: labels, parameters: parameters)
    let (weights, heads) = (routing.weights.count / rows.count, routing.headWeights.count / rows.count)
    return RoutingTable(
      tasks: tasks, layers: routing.layers, modules: routing.modules,
      samples: rows.enumerated().map { index, row in
        RoutingSample(
          task: labels[index], episode: row.episode, step: row.step,
          weights: Array(routing.weights[index * weights..<(index + 1) * weights]),
          headWeights: Array(routing.headWeights[index * heads..<(index + 1) * heads]))
      })
  }

  private static func permutation(_ count: Int, seed: UInt64) -> [Int] {
    var keys = [Float](repeating: 0, count: count)
    RandomStream(seed: seed, name: "shuffled episodes", purpose: .evaluation).uniform(
      step: 0, into: &keys, count: count)
    return keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  // MARK: Files

  /// Rows that a picture of points shows: twice as many take four times as long.
  public static let mostPoints = 2000

  /// A perplexity is at least 1, and at most a third of the others.
  private static let leastPoints = 4

  /// Points of each of the two pictures made by t-SNE.
  public var points: Int { min(trained.samples.count, Self.mostPoints) }

  /// The report as JSON.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }

  /// Writes report, tables and pictures into the run's folder `analysis`.
  ///
  /// Both embeddings are made side by side; with 2,000 points each that takes half a minute.
  /// - Returns: their names.
  /// - Throws: `RunError.cannotWrite`.
  public func write() throws -> [String] {
    let trainedFor = "\(report.suite), \(report.steps) steps"
    let embeddings = Mutex([String?](repeating: nil, count: 2))
    DispatchQueue.concurrentPerform(iterations: 2) { index in
      let svg =
        index == 0
        ? scatter(trained, trainedFor, report.trained)
        : scatter(untrained, "\(report.suite), untrained", report.untrained)
      embeddings.withLock { $0[index] = svg }
    }
    let pictures = embeddings.withLock { $0.map { $0! } }
    let files = [
      ("routing.json", try json() + "\n"), ("routing.csv", trained.csv), ("routing-before.csv", untrained.csv),
      ("routing.svg", RoutingPicture(title: "Mean routing, \(trainedFor)", table: trained).svg),
      ("tsne.svg", pictures[0]), ("tsne-before.svg", pictures[1]),
    ]
    try AtomicFile.makeFolder(directory.analysis)
    return try files.map { name, text in
      try AtomicFile.write(text.utf8, to: "\(directory.analysis)/\(name)")
      return name
    }
  }

  /// Rows at equal distances, as many as `points`. The title says how much tasks differ, for the picture does not:
  /// t-SNE makes clusters of the smallest differences.
  private func scatter(_ table: RoutingTable, _ name: String, _ measures: RoutingReport.Measures) -> String {
    let title =
      "Routing of \(name) (t-SNE); tasks differ by " + String(format: "%.2g", measures.betweenTasks)
    let chosen = (0..<points).map { table.samples[$0 * table.samples.count / points] }
    let thinned = RoutingTable(tasks: table.tasks, layers: table.layers, modules: table.modules, samples: chosen)
    var embed = TSNE()
    embed.perplexity = min(embed.perplexity, Double(points - 1) / 3)
    return ScatterPicture(
      title: title, points: embed(thinned.codes), labels: thinned.labels, tasks: thinned.tasks
    ).svg
  }
}
