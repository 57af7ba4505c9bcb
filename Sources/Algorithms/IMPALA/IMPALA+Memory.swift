import Engine
import Environments
import Layers
import Tensors

extension IMPALA {
  /// What a learner with its rounds will take, before it is made.
  /// - Throws: `EngineError` where the network can't read the observations.
  public static func memory(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], threads: Int
  ) throws(EngineError) -> MemoryUse {
    try configuration.aggregation.check(shards: shape.shards, tasks: tasks.count)
    let layout = try network(configuration, tasks).layout
    var use = MemoryUse()
    // Versions; the gradient and each shard's; one or two optimiser slots.
    let slots = configuration.rmsProp.momentum == 0 ? 1 : 2
    use.add(copies: shape.lag + 1 + 1 + shape.shards + slots, floats: layout.extent)
    use.addRounds(
      shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: configuration.lstm)
    use.addTapes(
      min(threads, shape.shards), rows: (shape.unroll + 1) * shape.columnsPerShard, activations: layout.activations)
    return use
  }
}
