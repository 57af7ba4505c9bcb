import Engine
import Environments
import Tensors
import TestSupport
import Testing

/// A game of six steps with three lives: two are lost after steps 2 and 4, the game ends with the third. Each step pays 1.
private final class ThreeLives: Environment {
  let slots = 1
  private var step = 0
  /// What is said of success at each step of the first game, and of the second.
  private let said: [UInt8]

  init(said: [UInt8]) { self.said = said }

  static func task(
    lifeLossEndsEpisode: Bool, said: [UInt8] = Array(repeating: SuccessFlag.silent, count: 12)
  ) -> Task {
    Task(
      id: "lives", observation: CountingEnvironment.observation, action: .discrete(3), actionMask: [true, true, true],
      scores: nil, parameters: [:], lifeLossEndsEpisode: lifeLossEndsEpisode
    ) { _, _, _ in ThreeLives(said: said) }
  }

  func reset(into observation: ObservationRows) -> StepProgress { .done }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    (rows.reward[0], rows.truncated[0], rows.valid[0], rows.success[0]) = (1, 0, 1, said[step % 12])
    rows.terminated[0] = step % 6 == 5 ? 1 : 0
    rows.lives[0] = [3, 2, 2, 1, 1, 3][step % 6]
    step += 1
    return .done
  }

  func saveState() -> [UInt8]? { nil }
  func restoreState(_: [UInt8]) throws {}
}

@Suite("Lives")
struct LifeLossTests {
  @Test(
    "A lost life ends the learner's episode where the task says so, never the game or its score",
    arguments: [true, false])
  func lives(ends: Bool) throws {
    let shape = try RunShape(tasks: 1, environmentsPerTask: 1, unroll: 13, groups: 1, shards: 1, lag: 0)
    let tasks = [ThreeLives.task(lifeLossEndsEpisode: ends)]
    let group = try Group(0, shape: shape, tasks: tasks, seed: 1, recurrentSize: 2)
    let block = RoundEngine.blocks(
      shape: shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: 2)[0][0]
    try group.unroll(
      round: 0, version: 0, block: block, policy: SummingLearner(shape: shape, phases: 1), tape: Tape())
    let steps = (1...13).map { Int($0) }
    let game = steps.map { $0 % 6 == 0 ? 1 : 0 }
    let life = steps.map { [0, 2, 4].contains($0 % 6) ? 1 : 0 }
    #expect(steps.map { Int(block.terminated[$0]) } == (ends ? life : game))
    #expect(steps.map { Int(block.isFirst[$0]) } == (ends ? life : game))
    #expect(steps.map { block.reward[$0] } == Array(repeating: 1, count: 13))
    #expect(group.episodes(inRound: 0).map(\.score) == [6, 6])
    #expect(group.episodes(inRound: 0).map(\.length) == [6, 6])
  }

  @Test(
    "An episode is solved where one of its steps says so, not solved where steps say only that, and else unknown",
    arguments: [
      ([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [nil, nil]), ([2, 2, 2, 2, 2, 1, 2, 2, 0, 2, 2, 2], [true, false]),
      ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [true, false]), ([0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [false, nil]),
      ([2, 0, 1, 2, 0, 2, 2, 2, 2, 2, 1, 2], [true, true]),
    ] as [([UInt8], [Bool?])])
  func success(said: [UInt8], episodes: [Bool?]) throws {
    let shape = try RunShape(tasks: 1, environmentsPerTask: 1, unroll: 12, groups: 1, shards: 1, lag: 0)
    let tasks = [ThreeLives.task(lifeLossEndsEpisode: false, said: said)]
    let group = try Group(0, shape: shape, tasks: tasks, seed: 1, recurrentSize: 2)
    let block = RoundEngine.blocks(
      shape: shape, observation: tasks[0].observation, action: tasks[0].action, recurrentSize: 2)[0][0]
    try group.unroll(
      round: 0, version: 0, block: block, policy: SummingLearner(shape: shape, phases: 1), tape: Tape())
    #expect(group.episodes(inRound: 0).map(\.success) == episodes)
  }
}
