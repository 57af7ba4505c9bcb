import Algorithms
import Engine
import Environments
import Foundation
import Testing

@testable import Runs

@Suite("Runs with normalized observations")
struct NormalizedRunTests {
  private func configuration(threads: Int = 1) throws -> RunConfiguration {
    var configuration = try RunConfiguration("popart-impala", suite: "control")
    (configuration.wrappers, configuration.tasks) = (
      [.actionRepeat(2), .normalizeObservation], ["cart_pole", "acrobot"]
    )
    (configuration.unroll, configuration.environmentsPerTask, configuration.shards) = (5, 4, 4)
    (configuration.steps, configuration.threads) = (12 * 5 * 8, threads)
    return configuration
  }

  private let noEpisodes = [Run.RecentEpisodes(), Run.RecentEpisodes()]

  private func inFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test("end with the same bytes, stopped or not, on any number of threads")
  func exact() throws {
    try inFolder { folder in
      let through = try Training(Agent(configuration()))
      try through.engine.run(until: 12)
      try Checkpoint.write(through, recent: noEpisodes, to: "\(folder)/through")
      let stopped = try Training(Agent(configuration(threads: 3)))
      try stopped.engine.run(until: 7)
      #expect(try Checkpoint.write(stopped, recent: noEpisodes, to: "\(folder)/stopped"))
      let resumed = try Training(Agent(configuration(threads: 2)))
      _ = try Checkpoint.restore(resumed, from: "\(folder)/stopped")
      try resumed.engine.run(until: 12)
      try Checkpoint.write(resumed, recent: noEpisodes, to: "\(folder)/resumed")
      for file in ["model.safetensors", "state.safetensors"] {
        #expect(try AtomicFile.read("\(folder)/through/\(file)") == AtomicFile.read("\(folder)/resumed/\(file)"))
      }
    }
  }

  @Test("A loaded agent plays with what training learned of observations, and learns no more")
  func loaded() throws {
    try inFolder { folder in
      let training = try Training(Agent(configuration()))
      try training.engine.run(until: 12)
      try Checkpoint.write(training, recent: noEpisodes, to: "\(folder)/checkpoint")
      var agent = try Agent(configuration())
      try Checkpoint.readModel("\(folder)/checkpoint", into: &agent)
      #expect(agent.taskSet.lockfile == training.agent.taskSet.lockfile)
      for (task, learned) in zip(try agent.taskSet.subset(["cart_pole"]).tasks, training.statistics) {
        let learned = try #require(learned)
        // Each of four slots saw its first observation, 12 unrolls of 5 and one ahead, and ends of episodes.
        #expect(learned.count >= 4 * (1 + 13 * 5))
        #expect(try task.makeEnvironment(0..<2, 1, Worker()).statistics == learned + learned)
      }
    }
  }

  @Test("Where environments can't be saved, a resumed run goes on from what was learned")
  func inexact() throws {
    let stopped = try Training(Agent(configuration()))
    try stopped.engine.run(until: 7)
    let resumed = try Training(Agent(configuration()))
    try resumed.adopt(stopped.statistics)
    for (before, after) in zip(stopped.statistics, resumed.statistics) {
      let (before, after) = (try #require(before), try #require(after))
      #expect(after.count == before.count && after.mean == before.mean)
      for (one, other) in zip(before.squares, after.squares) { #expect(abs(one - other) <= 1e-12 * one) }
    }
  }
}
