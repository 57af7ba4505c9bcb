import Algorithms
import Engine
import Environments
import Foundation
import Runs
import Testing

/// An environment that is no `SlotBatch`, see docs/adding-an-environment.md.
@Suite("Your own environment")
struct CatchTests {
  @Test("It passes the environment check")
  func check() throws { #expect(try EnvironmentCheck.failures(of: Catch.task).isEmpty) }

  @Test("It trains without being a suite of the library, and beats random play by far")
  func learns() throws {
    let taskSet = try TaskSet(name: "catch", tasks: [Catch.task])
    var configuration = try RunConfiguration(for: taskSet)
    configuration.steps = 60_000
    let agent = try Agent(configuration, taskSet: taskSet)
    let training = try Training(agent)
    try training.engine.run(until: agent.rounds)
    let trained = try Evaluation.play(
      taskSet, policy: agent.learner, version: training.engine.round, episodes: 200, seed: 1)[0]
    let random = try Evaluation.play(taskSet, policy: Evaluation.randomPolicy(taskSet.action), episodes: 2000, seed: 1)[
      0]
    #expect(abs(random.return - -0.6) < 0.08)
    #expect(trained.return > 0.5)
  }
}
