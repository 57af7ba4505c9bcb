import Engine
import Environments
import Layers
import Replay
import Tensors

extension SAC {
  /// Numbers of an observation and of an action.
  /// - Throws: `EngineError.unsupportedSpace` where tasks don't show one vector and take numbers.
  static func sizes(_ tasks: [Task]) throws(EngineError) -> (observation: Int, action: Int) {
    try accepts.check(tasks, of: title)
    return (tasks[0].observation.leaves[0].shape[0], tasks[0].action.dimension)
  }

  static func check(_ configuration: Configuration, _ shape: RunShape, tasks: Int) throws(EngineError) {
    if !tasks.isMultiple(of: shape.shards) {
      throw .notDivisible(what: "tasks", value: tasks, by: "shards", shape.shards)
    }
    if configuration.aggregation != .sum && shape.shards != tasks {
      throw .mixedTasks(tasks: tasks, shards: shape.shards)
    }
    for (name, value, least) in [("batch", configuration.batch, 1), ("updates", configuration.updates, 0)]
    where value < least {
      throw .outOfRange(name: name, value: value, least: least)
    }
    if configuration.replay < configuration.batch {
      throw .outOfRange(name: "replay of a task", value: configuration.replay, least: configuration.batch)
    }
    if configuration.replay < configuration.warmUp {
      throw .outOfRange(name: "replay of a task", value: configuration.replay, least: configuration.warmUp)
    }
  }

  public var tapeCapacity: Int { shards.reduce(0) { $0 + $1.tapeCapacity } }

  /// Of the last update; NaN before the first, also after a resume.
  public var metrics: LearnerMetrics {
    var metrics = LearnerMetrics(tasks: alpha.count)
    metrics.overall = [("updates", Double(update))]
    let rows = Double(configuration.batch)
    let losses = shards.map(\.losses)
    let agents = Double(agents)
    metrics.overall += [
      ("loss/policy", losses.reduce(0) { $0 + $1.actor } / agents),
      ("loss/critic", losses.reduce(0) { $0 + $1.critics.0 } / agents),
      ("gradient/policy", gradientNorms.policy), ("gradient/critic", gradientNorms.critic),
    ]
    for (task, sums) in shards.flatMap(\.sums).enumerated() {
      metrics.tasks[task] = [
        ("alpha", Double(alpha[task])), ("weight", Double(weights[task])),
        ("entropy", -sums.logProbability / rows), ("q", sums.value / rows), ("loss", sums.criticLoss / rows),
      ]
    }
    if let controller {
      for task in alpha.indices { metrics.tasks[task].append(("route_entropy", controller.entropy(task))) }
    }
    if shards.count == alpha.count {
      let layout = actor.parameters.layout
      let gram = GramMatrix(shards.map(\.actorGradient), ranges: [0..<layout.extent])
      for (task, norm) in gram.norms.enumerated() {
        metrics.tasks[task].append(("gradient_norm", losses[task].actor.isNaN ? .nan : norm))
      }
      if let cosines = gram.cosines { metrics.add(cosines: cosines) }
    }
    return metrics
  }

  // MARK: State

  public func saveModel(into archive: inout StateArchive) {
    archive.add(actor.parameters)
    controller?.saveModel(into: &archive)
  }

  public func restoreModel(from archive: StateArchive) throws(EngineError) {
    try archive.restore(actor.parameters)
    try controller?.restoreModel(from: archive)
    publish()
  }

  public func saveTraining(into archive: inout StateArchive) {
    archive.add(critics.parameters)
    archive.add(critics.targets, prefix: "target.")
    for optimizer in [actor.optimizer, critics.optimizer] {
      archive.add(optimizer.firstMoment, prefix: "first_moment.")
      archive.add(optimizer.secondMoment, prefix: "second_moment.")
    }
    archive.add("temperature.log_alpha", temperature.logAlpha)
    archive.add("temperature.first_moment", temperature.firstMoment)
    archive.add("temperature.second_moment", temperature.secondMoment)
    controller?.saveTraining(into: &archive)
    archive.add("updates", [Double(update)])
    archive.add("random_play", randomVersions)
    archive.add("replay.added", replay.added.map(Double.init))
    for task in alpha.indices {
      archive.add("replay.\(task)", SharedBytes(UnsafeRawBufferPointer(replay.records(task)), of: replay))
    }
  }

  public func restoreTraining(from archive: StateArchive) throws(EngineError) {
    try archive.restore(critics.parameters)
    try archive.restore(critics.targets, prefix: "target.")
    for optimizer in [actor.optimizer, critics.optimizer] {
      try archive.restore(optimizer.firstMoment, prefix: "first_moment.")
      try archive.restore(optimizer.secondMoment, prefix: "second_moment.", isSquare: true)
    }
    try restore(
      updates: archive.counts("updates", count: 1)[0],
      // Beyond this a temperature is infinite.
      logAlpha: archive.doubles("temperature.log_alpha", count: alpha.count, in: -Double.greatestFiniteMagnitude...87),
      firstMoment: archive.doubles("temperature.first_moment", count: alpha.count),
      secondMoment: archive.doubles("temperature.second_moment", count: alpha.count, in: 0 ... .infinity))
    randomVersions = try archive.counts("random_play", count: randomVersions.count, in: 0...1).map(Double.init)
    try controller?.restoreTraining(from: archive)
    for (task, added) in try archive.counts("replay.added", count: alpha.count).enumerated() {
      replay.added[task] = added
      try archive.restore("replay.\(task)", to: replay.records(task).bindMemory(to: UInt8.self))
      if let problem = replay.problem(of: task) { throw .badState("replay.\(task) holds \(problem)") }
    }
  }
}
