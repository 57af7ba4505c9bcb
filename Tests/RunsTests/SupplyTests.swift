import Algorithms
import Engine
import Environments
import Layers
import Replay
import Testing

@testable import Runs

/// Was given up: every step is lost.
private final class LostEnvironment: Environment {
  private let still: StillEnvironment

  init(_ still: StillEnvironment) { self.still = still }

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
  private func training(_ preset: Preset, lost: [Bool]) throws -> Training {
    let space = ObservationSpace([ObservationLeaf(name: "state", element: .float32, shape: [1])])
    let tasks = lost.enumerated().map { index, lost in
      Task(
        id: "task\(index)", observation: space, action: .box(1), actionMask: [true], scores: nil, parameters: [:]
      ) { replicas, _, _ in
        let still = StillEnvironment(slots: replicas.count, first: Array(repeating: 0, count: 4 * replicas.count))
        return lost ? LostEnvironment(still) : still
      }
    }
    var configuration = preset.configuration(suite: "own")
    (configuration.environmentsPerTask, configuration.unroll, configuration.shards) = (2, 5, 2)
    (configuration.impala.network, configuration.sac.width) = (.dense, 8)
    (configuration.sac.warmUp, configuration.sac.batch, configuration.sac.updates) = (20, 4, 1)
    return try Training(Agent(configuration, taskSet: TaskSet(name: "own", tasks: tasks)))
  }

  @Test("The run goes on without one that learning can do without")
  func impala() throws {
    let training = try training(.popArtIMPALA, lost: [false, true])
    try training.engine.run(until: 2)
    try training.checkSupply()
  }

  @Test("One that every update needs ends the run, by its name")
  func sac() throws {
    let training = try training(.multiTaskSAC, lost: [false, true])
    try training.engine.run(until: 2)
    #expect(throws: RunError.taskGivenUp(task: "task1", reason: "it fell")) { try training.checkSupply() }
  }

  @Test("One that has given its warm-up may go")
  func later() throws {
    let training = try training(.multiTaskSAC, lost: [false, true])
    let learner = try #require(training.agent.learner as? SAC)
    for _ in 0..<20 {
      learner.replay.append(task: 1, observation: [0], action: [0], reward: 0, next: [0], terminated: false)
    }
    try training.engine.run(until: 2)
    try training.checkSupply()
  }

  @Test("A run without any ends", arguments: [Preset.popArtIMPALA, .multiTaskSAC])
  func all(preset: Preset) throws {
    let training = try training(preset, lost: [true, true])
    #expect(throws: RunError.allGivenUp(reason: "it fell")) { try training.checkSupply() }
  }
}
