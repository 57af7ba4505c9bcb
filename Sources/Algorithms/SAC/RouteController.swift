import Engine
import Foundation
import Tensors

/// Chooses the routes of hard routing: a table of logits, one a task, layer and module, learned from episodes' returns.
///
/// A task keeps its route until one of its episodes ends; then a new one is drawn, each layer's module from the softmax
/// of its logits. An episode that ends with return R moves the logits of the route r that it was played with by
/// REINFORCE:
///
///     logit[l, m] += 0.1 A (1[m = r_l] - p[l, m]),  A = (R - mean) / deviation,
///
/// p as it is by then, mean and deviation those of the task's returns so far, in which the newest count a twentieth.
///
/// - Source: Rosenbaum et al. 2018, "Routing networks" (1711.01239), with a tabular controller a task, as Yang et al.
///   2020 (2003.13661) say of their baseline in one sentence.
/// - Differs from the source: plain REINFORCE instead of the weighted policy learner, no reward for using few modules,
///   a route an episode instead of a decision an input, and returns in units of their deviation. Policies act on
///   threads, with versions that lag: a new route begins at the first round whose version knows it, a few steps into
///   the next episode, and serves that episode. Environments of a task share its route, so an episode has one route
///   only where they end together, as planar and Meta-World tasks do, and where it is longer than lag + 1 unrolls.
final class RouteController {
  private let layers, modules: Int
  /// Task of each column.
  private let columnTasks: [Int]
  private let streams: [RandomStream]
  /// `[tasks, layers, modules]`.
  private(set) var logits: [Double]
  /// Of each task's returns: how many, mean and mean squared deviation.
  private(set) var episodes, mean, variance: [Double]
  /// `[tasks, layers]` of each version.
  private let routes: Versions<UnsafeMutableBufferPointer<Int32>>
  /// Of each column: the return of the episode that goes on, and those of episodes that ended in this round. Written by
  /// the shard that holds the column.
  private let running: UnsafeMutableBufferPointer<Double>
  private let ended: UnsafeMutableBufferPointer<[Double]>

  init(tasks: [String], layers: Int, modules: Int, columnTasks: [Int], lag: Int, seed: UInt64) {
    (self.layers, self.modules, self.columnTasks) = (layers, modules, columnTasks)
    streams = tasks.map { RandomStream(seed: seed, name: "route of \($0)", purpose: .update) }
    logits = Array(repeating: 0, count: tasks.count * layers * modules)
    (episodes, mean) = (Array(repeating: 0, count: tasks.count), Array(repeating: 0, count: tasks.count))
    variance = mean
    routes = Versions(lag: lag) { .allocate(capacity: tasks.count * layers) }
    for version in routes.places { version.initialize(repeating: 0) }
    running = .allocate(capacity: columnTasks.count)
    running.initialize(repeating: 0)
    ended = .allocate(capacity: columnTasks.count)
    ended.initialize(repeating: [])
    for task in tasks.indices { draw(task, step: 0, into: routes[0]) }
    for version in routes.places.dropFirst() { _ = version.update(from: routes[0]) }
  }

  deinit {
    for version in routes.places { version.deallocate() }
    running.deallocate()
    ended.deinitialize()
    ended.deallocate()
  }

  /// The routes of a version, `[tasks, layers]`.
  func routes(version: Int) -> UnsafePointer<Int32> { UnsafePointer(routes[version].baseAddress!) }

  // MARK: Learning

  /// Adds up rewards of a shard's columns, and keeps the returns of episodes that ended.
  func observe(_ block: RoundBlock, columns: Range<Int>) {
    for (column, number) in columns.enumerated() {
      ended[number].removeAll(keepingCapacity: true)
      for step in 0..<block.steps {
        let (row, next) = (step * block.columns + column, (step + 1) * block.columns + column)
        if block.isFirst[row] != 0 { running[number] = 0 }
        running[number] += Double(block.reward[next])
        // An episode that was lost has no return.
        if block.isFirst[next] != 0 && block.valid[next] != 0 { ended[number].append(running[number]) }
      }
    }
  }

  /// Learns from the episodes that ended, in the order of columns. They were played with the routes of `version`.
  func learn(version: Int) {
    let routes = routes[version]
    for (column, task) in columnTasks.enumerated() {
      for value in ended[column] { reinforce(task, route: routes[task * layers..<(task + 1) * layers], value) }
    }
  }

  private func reinforce(_ task: Int, route: Slice<UnsafeMutableBufferPointer<Int32>>, _ value: Double) {
    episodes[task] += 1
    let rate = max(1 / episodes[task], 0.05)
    let difference = value - mean[task]
    mean[task] += rate * difference
    variance[task] = (1 - rate) * (variance[task] + rate * difference * difference)
    if variance[task] <= 0 { return }
    let advantage = (value - mean[task]) / variance[task].squareRoot()
    for (layer, chosen) in route.enumerated() {
      let p = probabilities(task, layer)
      for module in 0..<modules {
        logits[(task * layers + layer) * modules + module] += 0.1 * advantage * ((module == chosen ? 1 : 0) - p[module])
      }
    }
  }

  /// Makes the routes of version `version` from those of the one before: new ones for tasks of which an episode ended.
  func publish(version: Int) {
    let next = routes[version]
    _ = next.update(from: routes[version - 1])
    for task in mean.indices
    where columnTasks.indices.contains(where: { columnTasks[$0] == task && !ended[$0].isEmpty }) {
      draw(task, step: version, into: next)
    }
  }

  private func draw(_ task: Int, step: Int, into routes: UnsafeMutableBufferPointer<Int32>) {
    var numbers = [Float](repeating: 0, count: layers)
    streams[task].uniform(step: UInt64(step), into: &numbers, count: layers)
    for layer in 0..<layers {
      let p = probabilities(task, layer)
      var (module, sum) = (0, p[0])
      while module < modules - 1 && Double(numbers[layer]) >= sum {
        module += 1
        sum += p[module]
      }
      routes[task * layers + layer] = Int32(module)
    }
  }

  private func probabilities(_ task: Int, _ layer: Int) -> [Double] {
    let row = logits[(task * layers + layer) * modules..<(task * layers + layer + 1) * modules]
    let largest = row.max()!
    let powers = row.map { exp($0 - largest) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
  }

  /// Entropy of a task's routes, as a fraction of the largest there is; 0 where there is no choice.
  func entropy(_ task: Int) -> Double {
    if modules == 1 { return 0 }
    let sum = (0..<layers).reduce(0.0) { sum, layer in
      probabilities(task, layer).reduce(sum) { $1 > 0 ? $0 - $1 * log($1) : $0 }
    }
    return sum / (Double(layers) * log(Double(modules)))
  }

  // MARK: State

  func saveModel(into archive: inout StateArchive) { archive.add("routing.logits", logits) }

  /// Takes over logits, for acting: every version has the most probable routes.
  func restoreModel(from archive: StateArchive) throws(EngineError) {
    logits = try archive.doubles("routing.logits", count: logits.count)
    for index in routes[0].indices {
      let p = probabilities(index / layers, index % layers)
      for version in routes.places { version[index] = Int32(p.firstIndex(of: p.max()!)!) }
    }
  }

  func saveTraining(into archive: inout StateArchive) {
    archive.add("routing.episodes", episodes)
    archive.add("routing.mean", mean)
    archive.add("routing.variance", variance)
    archive.add("routing.return", running.map { $0 })
    for (place, version) in routes.places.enumerated() {
      archive.add("routing.routes\(place)", version.map(Double.init))
    }
  }

  func restoreTraining(from archive: StateArchive) throws(EngineError) {
    episodes = try archive.counts("routing.episodes", count: episodes.count).map(Double.init)
    mean = try archive.doubles("routing.mean", count: mean.count)
    variance = try archive.doubles("routing.variance", count: variance.count, in: 0 ... .infinity)
    _ = try running.update(from: archive.doubles("routing.return", count: running.count))
    for (place, version) in routes.places.enumerated() {
      let saved = try archive.counts("routing.routes\(place)", count: version.count, in: 0...modules - 1)
      _ = version.update(from: saved.map(Int32.init))
    }
  }
}
