/// How a soft-modular network routed one observation (Yang et al. 2020, section 4).
public struct RoutingSample: Equatable, Sendable {
  public let task: Int
  public let episode: Int
  public let step: Int
  /// P `[L - 1, n, n]`, after the softmax: P[l, i, j] is how much module i of layer
  /// l + 1 takes from module j of layer l.
  public let weights: [Float]
  /// q `[n]`: how much of each module of the last layer goes to the head. Empty where a network sums them unweighted.
  public let headWeights: [Float]

  public init(task: Int, episode: Int, step: Int, weights: [Float], headWeights: [Float] = []) {
    (self.task, self.episode, self.step) = (task, episode, step)
    (self.weights, self.headWeights) = (weights, headWeights)
  }
}

/// The routing of many steps of many tasks' rollouts.
public struct RoutingTable: Equatable, Sendable {
  /// Names of the tasks.
  public let tasks: [String]
  /// L - 1, the number of matrices P a sample.
  public let layers: Int
  /// n, the modules a layer.
  public let modules: Int
  public let samples: [RoutingSample]

  /// Precondition: samples agree with the sizes, and either all or none have head weights.
  public init(tasks: [String], layers: Int, modules: Int, samples: [RoutingSample]) {
    precondition(!tasks.isEmpty, "a table has at least one task")
    precondition(layers > 0 && modules > 1, "routing is between at least two layers of at least two modules")
    let heads = samples.first?.headWeights.count ?? 0
    precondition(heads == 0 || heads == modules, "\(heads) head weights are not one for each of \(modules) modules")
    for sample in samples {
      precondition(
        tasks.indices.contains(sample.task), "task \(sample.task) is none of the \(tasks.count) that have names")
      precondition(
        sample.weights.count == layers * modules * modules,
        "\(sample.weights.count) routing weights are not \(layers) layers of \(modules) x \(modules)")
      precondition(sample.headWeights.count == heads, "either all samples have head weights or none has")
    }
    (self.tasks, self.layers, self.modules, self.samples) = (tasks, layers, modules, samples)
  }

  /// The task of each sample.
  public var labels: [Int] { samples.map(\.task) }

  /// The routing code of each sample, P of all layers in one row: `[N, (L - 1) n^2]`. Head weights are no part of it.
  public var codes: Points {
    Points(samples.flatMap { $0.weights.map(Double.init) }, dimensions: layers * modules * modules)
  }

  /// The episode of each sample, numbered over all tasks by first appearance.
  public var episodes: [Int] {
    var numbers: [[Int]: Int] = [:]
    for sample in samples where numbers[[sample.task, sample.episode]] == nil {
      numbers[[sample.task, sample.episode]] = numbers.count
    }
    return samples.map { numbers[[$0.task, $0.episode]]! }
  }

  /// The control of every analysis: samples of episode e (`episodes`) get the task of episode `permutation[e]`, and all
  /// else stays. Episodes stay whole, because their steps resemble each other whatever the task.
  public func withTasks(permutedBy permutation: [Int]) -> RoutingTable {
    let episodes = episodes
    var owners: [Int: Int] = [:]
    for (episode, sample) in zip(episodes, samples) { owners[episode] = sample.task }
    precondition(
      permutation.sorted() == Array(0..<owners.count), "a permutation holds the number of each episode once")
    return RoutingTable(
      tasks: tasks, layers: layers, modules: modules,
      samples: zip(samples, episodes).map { sample, episode in
        RoutingSample(
          task: owners[permutation[episode]]!, episode: sample.episode, step: sample.step, weights: sample.weights,
          headWeights: sample.headWeights)
      })
  }

  /// Mean P of each task `[tasks][(L - 1) n^2]`. Precondition: every task has a sample.
  public var meanWeights: [[Double]] { means { $0.weights } }

  /// Mean q of each task `[tasks][n]`, empty rows where there is none. Precondition: every task has a sample.
  public var meanHeadWeights: [[Double]] { means { $0.headWeights } }

  private func means(of weights: (RoutingSample) -> [Float]) -> [[Double]] {
    var sums = Array(
      repeating: Array(repeating: 0.0, count: samples.first.map(weights)?.count ?? 0), count: tasks.count)
    var counts = Array(repeating: 0, count: tasks.count)
    for sample in samples {
      counts[sample.task] += 1
      for (k, weight) in weights(sample).enumerated() { sums[sample.task][k] += Double(weight) }
    }
    return zip(sums, counts).enumerated().map { task, row in
      precondition(row.1 > 0, "task \(tasks[task]) has no sample")
      return row.0.map { $0 / Double(row.1) }
    }
  }

  /// One line a sample under a header: `task,episode,step,layer0_0_0,...`, where `layerL_I_J` is P[L, I, J], then
  /// `head_J`, which is q[J]. Numbers are written so that reading them gives the same bits.
  public var csv: String {
    var header = ["task", "episode", "step"]
    for layer in 0..<layers {
      for i in 0..<modules {
        for j in 0..<modules { header.append("layer\(layer)_\(i)_\(j)") }
      }
    }
    for j in 0..<(samples.first?.headWeights.count ?? 0) { header.append("head_\(j)") }
    let names = tasks.map(Self.field)
    var text = header.joined(separator: ",") + "\n"
    for sample in samples {
      text += "\(names[sample.task]),\(sample.episode),\(sample.step)"
      for weight in sample.weights { text += ",\(weight)" }
      for weight in sample.headWeights { text += ",\(weight)" }
      text += "\n"
    }
    return text
  }

  /// A name as a field (RFC 4180): in quotation marks where it holds what would end it.
  private static func field(_ name: String) -> String {
    guard name.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return name }
    return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
