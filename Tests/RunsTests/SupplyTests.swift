import Algorithms
import Engine
import Environments
import Layers
import Replay
import Testing

@testable import Runs

/// Was given up: every step is lost.
private final class LostEnvironment: Environment {
  private let still: ConstantEnvironment

  init(_ still: ConstantEnvironment) { self.still = still }

  var slots: Int { still.slots }
  var losses: EnvironmentLosses {
    var losses = EnvironmentLosses()
    (losses.quarantined, losses.reason) = (true, "it fell")
    return losses
  }
  func reset(into observation: ObservationRows) -> StepProgress { still.reset(into: observation) }
  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    let progress = still.step(action, into: rows)
    for slot in 0..<slots { rows.valid[slot] = 0 }
    return progress
  }
  func saveState() -> [UInt8]? { still.saveState() }
  func restoreState(_ state: [UInt8]) throws { try still.restoreState(state) }
}

@Suite("Tasks that were given up")
struct SupplyTests {
  private func training(_ preset: String, lost: [Bool]) throws -> Training {
    let space = ObservationSpace([ObservationLeaf(name: "state", element: .float32, shape: [1])])
    let tasks = lost.enumerated().map { index, lost in
      Task(
        id: "task\(index)", observation: space, action: .box(1), actionMask: [true], scores: nil, parameters: [:]
      ) { replicas, _, _ in
        let still = ConstantEnvironment(
          slots: replicas.count, observation: Array(repeating: 0, count: 4 * replicas.count))
        return lost ? LostEnvironment(still) : still
      }
    }
    var configuration = try RunConfiguration(preset, suite: "own")
    (configuration.environmentsPerTask, configuration.unroll, configuration.shards) = (2, 5, 2)
    if preset == "mt-sac" {
      configuration[SAC.self].width = 8
      (
        configuration[SAC.self].replay.warmUp, configuration[SAC.self].replay.batch,
        configuration[SAC.self].replay.updates
      ) = (20, 4, 1)
    } else {
      configuration[IMPALA.self].network = .dense
    }
    return try Training(Agent(configuration, taskSet: TaskSet(name: "own", tasks: tasks)))
  }

  @Test("The run goes on without one that learning can do without")
  func impala() throws {
    let training = try training("popart-impala", lost: [false, true])
    try training.engine.run(until: 2)
    try training.checkSupply()
  }

  @Test("One that every update needs ends the run, by its name")
  func sac() throws {
    let training = try training("mt-sac", lost: [false, true])
    try training.engine.run(until: 2)
    #expect(throws: RunError.taskGivenUp(task: "task1", reason: "it fell")) { try training.checkSupply() }
  }

  @Test("One that has given its warm-up may go")
  func later() throws {
    let training = try training("mt-sac", lost: [false, true])
    let learner = try #require(training.agent.learner as? SAC)
    for _ in 0..<20 {
      learner.replay.append(task: 1, observation: [0], action: [0], reward: 0, next: [0], terminated: false)
    }
    try training.engine.run(until: 2)
    try training.checkSupply()
  }

  @Test("A run without any ends", arguments: ["popart-impala", "mt-sac"])
  func all(preset: String) throws {
    let training = try training(preset, lost: [true, true])
    #expect(throws: RunError.allGivenUp(reason: "it fell")) { try training.checkSupply() }
  }
}
