import Environments
import TestSupport
import Testing

@testable import Engine

/// A counting environment that says it has lost each of its steps. It begins again at 0 where its process does.
private final class LosingEnvironment: Environment {
  private let counting: CountingEnvironment
  private(set) var losses = EnvironmentLosses()

  init(_ counting: CountingEnvironment) { self.counting = counting }
  var slots: Int { counting.slots }
  func reset(into observation: ObservationRows) -> StepProgress { counting.reset(into: observation) }
  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    losses.lost += slots
    return counting.step(action, into: rows)
  }
  func saveState() -> [UInt8]? { counting.saveState() }
  func restoreState(_ state: [UInt8]) throws { try counting.restoreState(state) }

  static func task(_ id: String, length: Int) -> Task {
    Task(
      id: id, observation: CountingEnvironment.observation, action: .discrete(3), actionMask: [true, true, true],
      scores: nil, parameters: [:]
    ) { replicas, _, _ in LosingEnvironment(CountingEnvironment(replicas: replicas, length: length)) }
  }
}

/// A run of the summing learner on counting environments.
private struct Run {
  let shape: RunShape
  let learner: SummingLearner
  let engine: RoundEngine

  init(
    lag: Int, threads: Int, phases: Int = 1, groups: Int = 6,
    task: (_ id: String, _ length: Int) -> Task = { CountingEnvironment.task($0, length: $1) }
  ) throws {
    let shape = try RunShape(tasks: 3, environmentsPerTask: 4, unroll: 5, groups: groups, shards: 3, lag: lag)
    let tasks = (0..<3).map { task("count\($0)", 4 + 3 * $0) }
    self.shape = shape
    learner = SummingLearner(shape: shape, phases: phases)
    let groups = try (0..<groups).map {
      try Group($0, shape: shape, tasks: tasks, seed: 7, recurrentSize: 2)
    }
    engine = RoundEngine(
      shape: shape, groups: groups,
      blocks: RoundEngine.blocks(
        shape: shape, observation: CountingEnvironment.observation, action: .discrete(3),
        recurrentSize: 2),
      learner: learner, threads: threads)
  }

  func history(rounds: Int) throws -> [Float] {
    try engine.run(until: rounds)
    return learner.history
  }
}

@Suite("Rounds", .serialized, .timeLimit(.minutes(2)))
struct RoundEngineTests {
  @Test("Any number of threads gives the same bits", arguments: [0, 1, 2], [1, 2])
  func threads(lag: Int, phases: Int) throws {
    let one = try Run(lag: lag, threads: 1, phases: phases).history(rounds: 40)
    #expect(one.count == 40)
    #expect(Set(one).count > 30, "the history must vary for the comparison to mean anything")
    for threads in 2...5 {
      #expect(try Run(lag: lag, threads: threads, phases: phases).history(rounds: 40) == one)
    }
  }

  @Test("Environments that make their group wait give the same bits as those that don't", arguments: [1, 2, 3])
  func waiting(threads: Int) throws {
    let plain = try Run(lag: 1, threads: 1).history(rounds: 25)
    #expect(try Run(lag: 1, threads: threads, task: WaitingEnvironment.task).history(rounds: 25) == plain)
  }

  @Test("Lag changes what is learned")
  func lagMatters() throws {
    let histories = try (0...2).map { try Run(lag: $0, threads: 2).history(rounds: 20) }
    #expect(histories[0] != histories[1])
    #expect(histories[1] != histories[2])
  }

  @Test("Stopping between rounds and going on in a new engine changes nothing", arguments: [0, 1, 2], [1, 3])
  func resume(lag: Int, threads: Int) throws {
    // Of each round: the episodes that ended in it, and what was lost by its end. Written by one pool thread at a time.
    nonisolated(unsafe) var (episodes, losses): ([[EpisodeRecord]], [[Int]]) = ([], [])
    func train(_ run: Run, until limit: Int) throws -> [Float] {
      try run.engine.run(until: limit) { round in
        episodes.append(run.engine.groups.flatMap { $0.episodes(inRound: round) })
        losses.append(run.engine.groups.flatMap { $0.losses(inRound: round).map(\.losses.lost) })
      }
      return run.learner.history
    }
    let whole = try train(Run(lag: lag, threads: threads, task: LosingEnvironment.task), until: 30)
    let wholeEpisodes = episodes
    // Two columns a group, of five steps a round.
    #expect(losses == (1...30).map { Array(repeating: 10 * $0, count: 6) })
    (episodes, losses) = ([], [])
    let first = try Run(lag: lag, threads: threads, task: LosingEnvironment.task)
    let start = try train(first, until: 13)
    var archive = StateArchive()
    #expect(try first.engine.saveState(into: &archive))
    let second = try Run(lag: lag, threads: threads + 1, task: LosingEnvironment.task)
    second.learner.restore(versions: first.learner.versions)
    try second.engine.restoreState(from: archive, round: 13, exact: true)
    #expect(second.engine.groups.flatMap(\.losses).map(\.losses.lost) == Array(repeating: 10 * (13 + lag), count: 6))
    #expect(try start + train(second, until: 30) == whole)
    #expect(episodes == wholeEpisodes && wholeEpisodes.joined().count > 30)
    #expect(losses == (1...30).map { Array(repeating: 10 * $0, count: 6) })
  }

  @Test("Saved episodes and losses that can't be are refused")
  func impossibleRecords() throws {
    let record = RoundRecord()
    record.losses = [EnvironmentLosses()]
    func restore(episodes: [Double], losses: [Double]) throws {
      var archive = StateArchive()
      archive.add("x.episodes", episodes)
      archive.add("x.losses", losses)
      try record.restore(from: archive, name: "x", tasks: [4: 0, 5: 1], batches: 1)
    }
    try restore(episodes: [5, -1.5, 7, 1], losses: [3, 2, 1, 0])
    #expect(record.episodes == [EpisodeRecord(task: 1, column: 5, score: -1.5, length: 7, success: true)])
    #expect(record.losses.map(\.lost) == [2])
    for episodes in [[5, 1, 1], [3, 1, 1, 0], [4.5, 1, 1, 0], [4, 1, 0, 0], [4, 1, 1, 3], [1e300, 1, 1, 0]] {
      #expect(throws: EngineError.self) { try restore(episodes: episodes, losses: [0, 0, 0, 0]) }
    }
    for losses in [[0, 0, 0], [-1, 0, 0, 0], [0.5, 0, 0, 0], [1e300, 0, 0, 0]] {
      #expect(throws: EngineError.self) { try restore(episodes: [], losses: losses) }
    }
  }

  @Test("Running in pieces changes nothing")
  func pieces() throws {
    let whole = try Run(lag: 1, threads: 2).history(rounds: 21)
    let run = try Run(lag: 1, threads: 2)
    for limit in [1, 2, 9, 21] { try run.engine.run(until: limit) }
    #expect(run.learner.history == whole)
  }

  @Test("A stop leaves the engine between rounds")
  func stop() throws {
    let run = try Run(lag: 1, threads: 3)
    try run.engine.run(until: 1000) { round in if round == 9 { run.engine.stop() } }
    #expect(run.engine.round == run.learner.history.count)
    #expect(run.engine.round <= 11)
    let whole = try Run(lag: 1, threads: 1).history(rounds: 20)
    #expect(try run.history(rounds: 20) == whole)
  }

  @Test("Episodes are counted once, with their whole length")
  func episodes() throws {
    let run = try Run(lag: 1, threads: 2)
    // Written by one pool thread at a time.
    nonisolated(unsafe) var lengths: [Int: [Int]] = [:]
    try run.engine.run(until: 30) { round in
      for group in run.engine.groups {
        for episode in group.episodes(inRound: round) { lengths[episode.column, default: []].append(episode.length) }
      }
    }
    // Column c of a group of two has slot c % 2, and episodes of 4 + 3 task + slot steps.
    for column in 0..<12 {
      let expected = 4 + 3 * (column / 4) + column % 2
      #expect(lengths[column] == Array(repeating: expected, count: 150 / expected))
    }
  }

  @Test("An error of the learner ends the run and reaches the caller")
  func failure() throws {
    struct Broken: Error {}
    let run = try Run(lag: 1, threads: 3)
    #expect(throws: Broken.self) {
      try run.engine.run(until: 50) { round in if round == 4 { throw Broken() } }
    }
  }

  @Test("Numbers that do not fit are refused by name")
  func shapes() {
    #expect(throws: EngineError.notDivisible(what: "slots", value: 12, by: "shards", 5)) {
      try RunShape(tasks: 3, environmentsPerTask: 4, unroll: 5, groups: 5, shards: 5, lag: 1)
    }
    #expect(throws: EngineError.outOfRange(name: "unroll", value: 0, least: 1)) {
      try RunShape(tasks: 3, environmentsPerTask: 4, unroll: 0, groups: 3, shards: 3, lag: 1)
    }
  }
}
