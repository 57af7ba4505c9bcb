import Algorithms
import Engine
import Environments

/// An agent with the engine and the environments that train it: a run without its files.
public final class Training {
  public let agent: Agent
  public let engine: RoundEngine

  /// - Throws: what the environments throw when they are made.
  public init(_ agent: Agent) throws {
    self.agent = agent
    let (learner, shape, tasks) = (agent.learner, agent.shape, agent.taskSet.tasks)
    let groups = try (0..<shape.groups).map {
      try Group(
        $0, shape: shape, tasks: tasks, seed: agent.configuration.seed, recurrentSize: learner.recurrentSize,
        recovery: agent.configuration.recovery)
    }
    engine = RoundEngine(
      shape: shape, groups: groups,
      blocks: RoundEngine.blocks(
        shape: shape, observation: agent.taskSet.observation, action: agent.taskSet.action,
        recurrentSize: learner.recurrentSize),
      learner: learner, threads: agent.configuration.threads)
  }

  /// Agent steps learned from so far.
  public var steps: Int { engine.round * agent.shape.stepsPerRound }

  /// What was lost of each task's environments since the start of the run. Safe to ask on any thread.
  public var losses: [EnvironmentLosses] { byTask(engine.groups.flatMap(\.losses)) }

  /// What was lost of each task's environments from the start of the run to the end of a round, which has just ended.
  /// Unlike `losses`, it leaves out rounds that were acted ahead, so it doesn't depend on timing.
  public func losses(inRound round: Int) -> [EnvironmentLosses] {
    byTask(engine.groups.flatMap { $0.losses(inRound: round) })
  }

  private func byTask(_ losses: [(task: Int, losses: EnvironmentLosses)]) -> [EnvironmentLosses] {
    var sums = Array(repeating: EnvironmentLosses(), count: agent.taskSet.tasks.count)
    for (task, lost) in losses { sums[task] += lost }
    return sums
  }

  /// What normalizing environments learned of each task's observations, over all slots; nil for tasks without. Only
  /// between rounds. `taskSet.frozen(statistics)` is what a trained agent plays.
  public var statistics: [ObservationStatistics?] {
    var statistics: [ObservationStatistics?] = Array(repeating: nil, count: agent.taskSet.tasks.count)
    for (task, learned) in engine.groups.flatMap(\.statistics) {
      statistics[task] = statistics[task].map { $0 + learned } ?? learned
    }
    return statistics
  }

  /// Begins fresh episodes with what was learned of observations: every slot takes its share.
  /// - Throws: `EnvironmentError.badState` where these are of other observations.
  func adopt(_ statistics: [ObservationStatistics?]) throws {
    let shares = statistics.map { $0?.divided(by: agent.configuration.environmentsPerTask) }
    for group in engine.groups { try group.adopt(shares) }
  }

  /// - Throws: `RunError` where no environment is left that has not been given up, or none of a task that learning
  ///   waits for. Only between rounds, or when one has just ended.
  func checkSupply() throws(RunError) {
    let all = engine.groups.flatMap(\.losses)
    if all.allSatisfy(\.losses.quarantined) { throw .allGivenUp(reason: all.last?.losses.reason ?? "") }
    for (index, task) in agent.taskSet.tasks.enumerated() where agent.learner.waits(for: index) {
      let own = all.filter { $0.task == index }
      if own.allSatisfy(\.losses.quarantined) {
        throw .taskGivenUp(task: task.id, reason: own.last?.losses.reason ?? "")
      }
    }
  }

  /// Closes the environments and ends their processes, when training is over. Only between rounds.
  public func close() { engine.close() }

  /// Calls `body` with every episode that ended in a round, group by group.
  public func forEachEpisode(inRound round: Int, _ body: (EpisodeRecord) -> Void) {
    for group in engine.groups { group.episodes(inRound: round).forEach(body) }
  }
}
