import Algorithms
import Engine
import Environments
import Foundation
import Layers
import Tensors
import TestSupport
import Testing

@testable import Runs

/// Python with the emulator.
private let canPlayAtari: Bool = {
  var options = AtariOptions()
  options.isExact = true
  guard let task = try? Atari.task("breakout", options: options) else { return false }
  return (try? EnvironmentCheck.savesState(of: task)) == true
}()

/// A run that is stopped and taken up again, as the tool does it with files.
@Suite("Stop and resume", .serialized)
struct ResumeTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func configuration(lag: Int, lstm: Int = 0) throws -> RunConfiguration {
    var configuration = try RunConfiguration("popart-impala", suite: "goals")
    (configuration.lag, configuration.unroll, configuration.environmentsPerTask) = (lag, 5, 2)
    configuration.steps = 24 * 5 * 2 * 4
    (configuration[IMPALA.self].lstm, configuration[IMPALA.self].extras) = (lstm, lstm > 0)
    configuration[IMPALA.self].rmsProp.momentum = 0.5
    return configuration
  }

  @Test("A run that was stopped and resumed ends with the same bytes", arguments: [0, 1, 2], [0, 8])
  func exact(lag: Int, lstm: Int) throws { try resumesExactly(configuration(lag: lag, lstm: lstm)) }

  @Test(
    "A run with a replay, too, stopped before its first update and after", arguments: ["soft-modularization", "sac"])
  func exactWithReplay(preset: String) throws {
    var configuration = try RunConfiguration(preset, suite: "planar10")
    (configuration.tasks, configuration.unroll) = (["reach", "push", "press", "pull"], 5)
    (configuration.environmentsPerTask, configuration[SAC.self].replay.updates) = (1, 5)
    configuration.steps = 24 * 5 * 4
    (configuration[SAC.self].width, configuration[SAC.self].replay.batch, configuration[SAC.self].replay.capacity) = (
      16, 4, 100
    )
    (configuration[SAC.self].routing.width, configuration[SAC.self].routing.embedding) = (8, 12)
    for warmUp in [20, 70] {
      configuration[SAC.self].replay.warmUp = warmUp
      try resumesExactly(configuration)
    }
  }

  @Test(
    "A run on Gymnasium's environments, too, in workers of one task and of two",
    .enabled(if: (try? Suites.make("gymnasium:CartPole-v1")) != nil), arguments: [1, 2])
  func exactInWorkers(shards: Int) throws {
    var configuration = try RunConfiguration("popart-impala", suite: "gymnasium:CartPole-v1,Acrobot-v1")
    (configuration.unroll, configuration.environmentsPerTask, configuration.shards) = (5, 4, shards)
    configuration.steps = 24 * 5 * 4 * 2
    try resumesExactly(configuration)
  }

  @Test("A run on Atari games, too, where they are played exactly", .enabled(if: canPlayAtari))
  func exactAtari() throws {
    var configuration = try RunConfiguration("popart-impala", suite: "atari8")
    (configuration.tasks, configuration.isExact) = (["breakout"], true)
    configuration.gymnasium.arguments = ["sticky_actions": "0.25"]
    (configuration.unroll, configuration.environmentsPerTask) = (5, 2)
    configuration.steps = 24 * 5 * 2
    try resumesExactly(configuration)
  }

  private func resumesExactly(_ configuration: RunConfiguration) throws {
    try inFolder { folder in
      func training(threads: Int) throws -> Training {
        var configuration = configuration
        configuration.threads = threads
        return try Training(Agent(configuration))
      }
      let through = try training(threads: 1)
      #expect(through.agent.rounds == 24)
      let noEpisodes = Array(repeating: Run.RecentEpisodes(), count: through.agent.taskSet.tasks.count)
      try through.engine.run(until: 24)
      try Checkpoint.write(through, recent: noEpisodes, to: "\(folder)/through")

      let stopped = try training(threads: 2)
      try stopped.engine.run(until: 11)
      #expect(try Checkpoint.write(stopped, recent: noEpisodes, to: "\(folder)/stopped"))
      let resumed = try training(threads: 3)
      _ = try Checkpoint.restore(resumed, from: "\(folder)/stopped")
      #expect(resumed.engine.round == 11)
      try resumed.engine.run(until: 24)
      try Checkpoint.write(resumed, recent: noEpisodes, to: "\(folder)/resumed")
      for file in ["model.safetensors", "state.safetensors", "state.json"] {
        #expect(try AtomicFile.read("\(folder)/through/\(file)") == AtomicFile.read("\(folder)/resumed/\(file)"))
      }
      #expect(
        try AtomicFile.read("\(folder)/through/model.safetensors")
          != AtomicFile.read("\(folder)/stopped/model.safetensors"))
    }
  }

  private var noEpisodes: [Run.RecentEpisodes] { Array(repeating: Run.RecentEpisodes(), count: 4) }

  /// Environments that keep their state to themselves.
  private final class Forgetful: Environment {
    private let counting: CountingEnvironment
    init(_ counting: CountingEnvironment) { self.counting = counting }
    var slots: Int { counting.slots }
    func reset(into observation: ObservationRows) -> StepProgress { counting.reset(into: observation) }
    func step(_ action: ActionRows, into rows: StepRows) -> StepProgress { counting.step(action, into: rows) }
    func saveState() -> [UInt8]? { nil }
    func restoreState(_: [UInt8]) throws {}
  }

  @Test("Where environments can't be saved, fresh episodes are played by the trained policy", arguments: [0, 1, 2])
  func inexact(lag: Int) throws {
    try inFolder { folder in
      let task = Task(
        id: "task", observation: CountingEnvironment.observation, action: .discrete(3),
        actionMask: [true, true, true], scores: nil, parameters: [:]
      ) { replicas, _, _ in Forgetful(CountingEnvironment(replicas: replicas, length: 7)) }
      let taskSet = try TaskSet(name: "forgetful", tasks: [task])
      func training() throws -> Training { try Training(Agent(configuration(lag: lag), taskSet: taskSet)) }
      let stopped = try training()
      try stopped.engine.run(until: 30)
      let recent = [Run.RecentEpisodes()]
      #expect(try !Checkpoint.write(stopped, recent: recent, to: "\(folder)/checkpoint"))
      let resumed = try training()
      _ = try Checkpoint.restore(resumed, from: "\(folder)/checkpoint")
      try resumed.engine.run(until: 31)
      // The first rounds are acted by the parameters that learn from them.
      let learner = try #require(resumed.agent.learner as? IMPALA)
      #expect(learner.statistics.largestLogRho <= 1e-5)
      // Untrained parameters would act uniformly: an entropy of log 3, and log rho far from 0.
      #expect(learner.statistics.entropy < 0.5)
    }
  }

  @Test("A damaged checkpoint is refused, whichever byte of it is wrong")
  func damage() throws {
    try inFolder { folder in
      let stopped = try Training(Agent(configuration(lag: 1)))
      try stopped.engine.run(until: 2)
      try Checkpoint.write(stopped, recent: noEpisodes, to: "\(folder)/checkpoint")
      let resumed = try Training(Agent(configuration(lag: 1)))
      for file in ["model.safetensors", "state.safetensors"] {
        let path = "\(folder)/checkpoint/\(file)"
        let bytes = try AtomicFile.read(path)
        for position in [0, 9, bytes.count / 2, bytes.count - 1] {
          var damaged = bytes
          damaged[position] ^= 0x40
          try AtomicFile.write(damaged, to: path)
          #expect(throws: RunError.self) { try Checkpoint.restore(resumed, from: "\(folder)/checkpoint") }
        }
        try AtomicFile.write(bytes, to: path)
      }
      let path = "\(folder)/checkpoint/state.json"
      let text = try String(decoding: AtomicFile.read(path), as: UTF8.self)
      for round in ["-1", "9223372036854775807", "3", "null"] {
        let wrong = text.replacing("\"round\" : 2", with: "\"round\" : \(round)")
        #expect(wrong != text)
        try AtomicFile.write(wrong.utf8, to: path)
        #expect(throws: RunError.self) { try Checkpoint.restore(resumed, from: "\(folder)/checkpoint") }
      }
      try AtomicFile.write(text.utf8, to: path)
      _ = try Checkpoint.restore(resumed, from: "\(folder)/checkpoint")
    }
  }
}
