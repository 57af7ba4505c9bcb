import Engine
import Environments
import Tensors

extension SAC {
  /// What a learner with its rounds will take, before it is made; its replay is full then.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  public static func memory(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], threads _: Int
  ) throws(EngineError) -> MemoryUse {
    let (observation, action) = try sizes(tasks)
    try configuration.replayed.check(shape, tasks: tasks.count)
    let networks = configuration.networks(observation: observation, action: action, tasks: tasks.count)
    var use = MemoryUse()
    // Values, two moments, versions; each shard's gradient and their sum.
    use.add(copies: 3 + shape.lag + 1 + shape.shards + 1, floats: networks.policy.layout.extent)
    // Values, targets, two moments; each shard's gradient and their sum.
    use.add(copies: 4 + shape.shards + 1, floats: networks.first.layout.extent + networks.second.layout.extent)
    use.addRounds(shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: 0)
    use.replay = Double(tasks.count) * Double(configuration.replay) * Double(4 * (2 * observation + action + 2))
    // The policy acts on two observations of each transition, and the critics see three actions.
    use.addTapes(
      shape.shards, rows: configuration.batch * tasks.count / shape.shards,
      activations: 2 * networks.policy.layout.activations
        + 3 * (networks.first.layout.activations + networks.second.layout.activations))
    return use
  }
}
