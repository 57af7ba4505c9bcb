import Engine
import Environments

extension SAC {
  /// What a learner with its rounds will take, before it is made; its replay is full then.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  public static func memory(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], threads _: Int
  ) throws(EngineError) -> MemoryUse {
    let (observation, action) = try sizes(tasks)
    let networks = configuration.networks(observation: observation, action: action, tasks: tasks.count)
    // The policy acts on two observations of each transition, and the critics see three actions.
    return try configuration.replay.memory(
      shape: shape, tasks: tasks,
      networks: [
        .init(networks.policy.layout, passes: 2), .init(networks.first.layout, hasTargets: true, passes: 3),
        .init(networks.second.layout, hasTargets: true, passes: 3),
      ])
  }
}
