import Engine
import Environments
import Tensors

extension ReplayConfiguration {
  /// What a network will take, before it has memory.
  public struct PlannedNetwork {
    let layout: ParameterLayout
    let hasTargets: Bool
    let passes: Int

    /// - Parameter passes: Over each row of a batch, those of target networks among them.
    public init(_ layout: ParameterLayout, hasTargets: Bool = false, passes: Int) {
      (self.layout, self.hasTargets, self.passes) = (layout, hasTargets, passes)
    }
  }

  /// What a learner with its rounds will take, before it is made; its replay is full then.
  ///
  /// - Parameter networks: The first is the one that acts.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  public func memory(
    shape: RunShape, tasks: [Task], networks: [PlannedNetwork]
  ) throws(EngineError) -> MemoryUse {
    try check(shape, tasks: tasks.count)
    let (observation, action) = (try Self.observationSize(tasks), tasks[0].action.count)
    var use = MemoryUse()
    for (index, network) in networks.enumerated() {
      // Values, two moments, targets, versions that act; each shard's gradient and their sum.
      let copies = 3 + (network.hasTargets ? 1 : 0) + (index == 0 ? shape.lag + 1 : 0) + shape.shards + 1
      use.add(copies: copies, floats: network.layout.extent)
    }
    use.addRounds(shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: 0)
    use.replay = Double(tasks.count) * Double(capacity) * Double(4 * (2 * observation + action + 2))
    use.addTapes(
      shape.shards, rows: batch * tasks.count / shape.shards,
      activations: networks.reduce(0) { $0 + $1.passes * $1.layout.activations })
    return use
  }
}
