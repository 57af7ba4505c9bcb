import Testing

@testable import Environments

@Suite("Goal grids")
struct GoalGridTests {
  /// Row and column of a plane's only cell.
  private func cell(_ observation: [UInt8], plane: Int) -> (row: Int, column: Int)? {
    (0..<64).first { observation[5 * $0 + plane] == 1 }.map { ($0 / 8, $0 % 8) }
  }

  @Test(
    "Walking to the goal ends an episode in time, pays the task's reward and counts as success",
    arguments: [
      ("goal_tenth", 0.1 as Float), ("goal_one", 1), ("goal_ten", 10), ("goal_hundred", 100),
    ])
  func walks(id: String, reward: Float) throws {
    let tasks = GoalGrids.tasks()
    let plane = 1 + tasks.firstIndex { $0.id == id }!
    let play = try Play(tasks[plane - 1])
    var ends = 0
    for _ in 0..<2000 {
      let (player, goal) = (cell(play.observation, plane: 0)!, cell(play.observation, plane: plane)!)
      for other in 1...4 where other != plane { #expect(cell(play.observation, plane: other) == nil) }
      let action: Int32 =
        player.column > goal.column ? 0 : player.row > goal.row ? 1 : player.column < goal.column ? 2 : 3
      let arrives = abs(player.row - goal.row) + abs(player.column - goal.column) == 1
      try play.step([action])
      #expect(play.reward[0] == (arrives ? reward : 0))
      #expect(play.terminated[0] == (arrives ? 1 : 0) && play.success[0] == play.terminated[0])
      #expect(play.truncated[0] == 0)
      guard arrives else { continue }
      ends += 1
      #expect(cell(play.finalObservation, plane: 0)! == goal)
    }
    #expect(ends > 200)
  }

  @Test("Starts are spread over all cells but the goal")
  func starts() throws {
    let play = try Play(GoalGrids.tasks()[0], replicas: 0..<64)
    var counts = [Int](repeating: 0, count: 64)
    for _ in 0..<2000 {
      try play.step(Array(repeating: 0, count: 64))
      for slot in 0..<64 where play.ended(slot) {
        counts[(0..<64).first { play.observation[320 * slot + 5 * $0] == 1 }!] += 1
      }
    }
    // Multinomial over 63 cells: five standard deviations to either side.
    let expected = Double(counts.reduce(0, +)) / 63
    #expect(counts[9] == 0)
    for (index, count) in counts.enumerated() where index != 9 {
      #expect(abs(Double(count) - expected) < 5 * expected.squareRoot())
    }
  }

  @Test("Random play reaches a goal as often as the exact probability says")
  func randomScores() throws {
    for task in GoalGrids.tasks() {
      let (mean, error) = try randomReturns(task, actions: [0, 1, 2, 3], perSlot: 80)
      #expect(abs(mean - task.scores!.random!) < 4 * error)
    }
  }

  @Test("The dense task pays at every one of its 200 steps, until one leads off the grid")
  func dense() throws {
    let play = try Play(GoalGrids.denseAndSparse()[0])
    for step in 1...400 {
      try play.step([cell(play.observation, plane: 0)!.column > 0 ? 0 : 2])
      #expect(play.reward[0] == 1 && play.terminated[0] == 0)
      #expect(play.truncated[0] == (step % 200 == 0 ? 1 : 0))
    }
    for _ in 0...cell(play.observation, plane: 0)!.row {
      let falls = cell(play.observation, plane: 0)!.row == 0
      try play.step([1])
      #expect(play.reward[0] == (falls ? 0 : 1) && play.truncated[0] == 0)
      #expect(play.terminated[0] == (falls ? 1 : 0) && play.success[0] == 0)
    }
  }
}
