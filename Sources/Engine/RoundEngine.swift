import Environments
import Glibc
import Tensors

/// Actors and learner as a dependency graph of rounds, exact whatever the number of threads.
///
/// - `act(group, k)` needs `act(group, k - 1)` and parameter version `max(0, k - lag)`;
/// - `work(phase, shard, k)` needs the phase before and, in the first, every `act(g, k)` whose columns the shard holds;
/// - the last phase's serial step makes version `k + 1`.
///
/// Items start as soon as they may, on one pool of threads. Which of them comes first is free, because no result
/// depends on it: policies lag behind by a number that is fixed, and sums over shards have a fixed order. `lag + 1`
/// buffers of experience exist; round k uses buffer k mod (lag + 1).
public final class RoundEngine: @unchecked Sendable {
  public let shape: RunShape
  public let groups: [Group]
  private let learner: any Learner
  private let blocks: [[RoundBlock]]
  private let tapes: [Tape]
  private let graph: RoundGraph

  /// - Precondition: `threads >= 1`.
  public init(shape: RunShape, groups: [Group], blocks: [[RoundBlock]], learner: any Learner, threads: Int) {
    precondition(threads >= 1, "a run needs a thread")
    (self.shape, self.groups, self.blocks, self.learner) = (shape, groups, blocks, learner)
    tapes = (0..<threads).map { _ in Tape() }
    graph = RoundGraph(shape: shape, phases: learner.phases)
  }

  /// Buffers of experience for `shape`: `[lag + 1][shards]`.
  public static func blocks(
    shape: RunShape, observation: ObservationSpace, action: ActionSpace, recurrentSize: Int
  ) -> [[RoundBlock]] {
    (0...shape.lag).map { _ in
      (0..<shape.shards).map { _ in
        RoundBlock(
          steps: shape.unroll, columns: shape.columnsPerShard, observation: observation, action: action,
          recurrentSize: recurrentSize)
      }
    }
  }

  /// Rounds made so far; also the version of the parameters.
  public var round: Int { graph.round }
  /// Where the threads' time went. What is missing to threads times seconds is the engine's own. Only between runs.
  public var times: [WorkTime] {
    [
      ("environments", groups.reduce(0) { $0 + $1.environmentTime.seconds }),
      ("inference", groups.reduce(0) { $0 + $1.inferenceTime.seconds }),
    ] + learner.times + [("idle", graph.idleTime.seconds)]
  }
  /// Bytes that the threads' tapes hold.
  public var tapeCapacity: Int { tapes.reduce(0) { $0 + $1.capacity } }

  /// Runs until `limit` rounds are made and every group has acted `lag` rounds ahead: the state between rounds, that a
  /// checkpoint holds. `afterRound` is called on a pool thread after each round, in order.
  ///
  /// - Throws: the first error of an environment or the learner.
  public func run(until limit: Int, afterRound: @Sendable (_ round: Int) throws -> Void = { _ in }) throws {
    graph.start(limit: limit)
    withoutActuallyEscaping(afterRound) { afterRound in
      runOnThreads(tapes.count) { [self] thread in
        while let item = graph.next() {
          do {
            let progress = try run(item, tape: tapes[thread], afterRound: afterRound)
            graph.complete(item, progress)
          } catch {
            graph.fail(error)
          }
        }
      }
    }
    if let error = graph.takeError() { throw error }
  }

  /// Lets a running `run(until:)` return after the update that is being worked on. Safe to call from any thread.
  public func stop() { graph.stopAfterThisRound() }

  /// Closes all environments and ends their processes. The engine can't run after that. Only between runs.
  public func close() { Worker.close(groups.map(\.worker)) }

  private func run(
    _ item: RoundGraph.Item, tape: Tape, afterRound: @Sendable (Int) throws -> Void
  ) throws -> StepProgress {
    switch item {
    case .act(let group, let round):
      return try groups[group].advance(
        round: round, version: max(0, round - shape.lag),
        block: blocks[round % (shape.lag + 1)][group / shape.groupsPerShard], policy: learner, tape: tape)
    case .work(let phase, let shard, let round):
      learner.work(
        phase: phase, shard: shard, round: round, block: blocks[round % (shape.lag + 1)][shard], tape: tape)
    case .finish(let phase, let round):
      try learner.finish(phase: phase, round: round)
      if phase == learner.phases - 1 { try afterRound(round) }
    }
    return .done
  }

  // MARK: State

  /// Saves what a resumed run needs beyond the learner's own state. Only between rounds.
  /// - Returns: whether every environment can be restored exactly.
  public func saveState(into archive: inout StateArchive) throws -> Bool {
    var exact = true
    for (index, group) in groups.enumerated() {
      exact = try group.saveState(into: &archive, name: "group\(index)", ahead: round..<round + shape.lag) && exact
    }
    for ahead in 0..<shape.lag {
      for (shard, block) in blocks[(round + ahead) % (shape.lag + 1)].enumerated() {
        archive.add("ahead\(ahead).shard\(shard)", block.saveState())
      }
    }
    return exact
  }

  /// Goes on after update number `round`. Where the environments could not be saved, episodes begin afresh and the
  /// experience ahead is collected again.
  /// - Throws: `EngineError.badState`, `EnvironmentError.badState` where the state is not one of this run. Then the engine is of
  ///   no use.
  public func restoreState(from archive: StateArchive, round: Int, exact: Bool) throws {
    for (index, group) in groups.enumerated() {
      try group.restoreState(
        from: archive, name: "group\(index)", ahead: round..<round + shape.lag, exact: exact)
    }
    if exact {
      for ahead in 0..<shape.lag {
        for (shard, block) in blocks[(round + ahead) % (shape.lag + 1)].enumerated() {
          let own = groups[shard * shape.groupsPerShard..<(shard + 1) * shape.groupsPerShard]
          try block.restoreState(
            archive.bytes("ahead\(ahead).shard\(shard)"), action: groups[0].action,
            allowed: own.flatMap(\.allowedActions))
        }
      }
    }
    graph.restore(round: round, actedAhead: exact ? shape.lag : 0)
  }
}
