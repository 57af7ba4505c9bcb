import Algorithms
import Engine
import Environments
import Foundation
import Tensors
import Testing

@testable import Runs

@Suite("Memory is estimated before it is taken")
struct MemoryEstimateTests {
  private func resolved(_ flags: [String: String]) throws -> (RunConfiguration, RunShape, [Task]) {
    let configuration = try RunConfiguration.resolve(flags: flags.map { ($0.key, $0.value) })
    let small = try Suites.make(configuration.suite, tasks: configuration.tasks)
    let shape = try RunShape(
      tasks: small.tasks.count, environmentsPerTask: configuration.environmentsPerTask, unroll: configuration.unroll,
      groups: small.tasks.count, shards: small.tasks.count, lag: configuration.lag)
    return (configuration, shape, small.tasks)
  }

  @Test(
    "What can't be had is refused in one line with the estimate, what is free, and the settings to lower",
    arguments: [
      (["lstm": "65536"], ["lstm (65536)"]),
      (["environments-per-task": "4096", "unroll": "10000"], ["environments-per-task (4096)", "unroll (10000)"]),
      (["algorithm": "mt-sac", "replay": "4294967295"], ["replay (4294967295)"]),
      (["algorithm": "soft-modularization", "module-width": "65536"], ["module-width (65536)"]),
      (
        ["algorithm": "soft-modularization", "module-width": "65536", "modules": "1024", "module-layers": "64"],
        ["modules (1024)"]
      ),
      (["algorithm": "mt-mh-sac", "width": "65536", "layers": "64", "batch": "40000"], ["width (65536)"]),
    ])
  func refused(flags: [String: String], words: [String]) throws {
    let configuration = try RunConfiguration.resolve(flags: flags.map { ($0.key, $0.value) })
    do {
      _ = try Agent(configuration)
      Issue.record("it was taken")
    } catch let error as RunError {
      guard case .notEnoughMemory = error else { throw error }
      for word in words + ["left", "B of memory are needed"] { #expect("\(error)".contains(word), "\(error)") }
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test(
    "The estimate is what is held, parts that are known to the byte and tapes within a factor of two",
    arguments: [
      ["suite": "arcade", "network": "small", "environments-per-task": "32"],
      ["suite": "arcade", "network": "deep", "environments-per-task": "32", "tasks": "bricks"],
      ["suite": "arcade", "network": "dense", "lstm": "64", "environments-per-task": "64", "tasks": "bricks,swarm"],
      ["suite": "control", "environments-per-task": "64"], ["algorithm": "mt-sac"],
      ["algorithm": "soft-modularization"], ["algorithm": "sac"],
      ["algorithm": "mixture-of-experts"], ["algorithm": "hard-routing"],
    ])
  func measured(flags: [String: String]) throws {
    var flags = flags
    if flags["algorithm"] != nil {
      (flags["warm-up"], flags["tasks"], flags["updates"]) = ("40", "reach,push,pull,press", "1")
    }
    var configuration = try RunConfiguration.resolve(flags: flags.map { ($0.key, $0.value) })
    configuration.steps = 1_000_000
    let training = try Training(Agent(configuration))
    let tasks = training.agent.taskSet.tasks
    let use = try MemoryEstimate.use(training.agent.configuration, training.agent.shape, tasks)
    try training.engine.run(until: 3)
    let held = Double(training.engine.tapeCapacity + training.agent.learner.tapeCapacity)
    let ratio = use.activations / held
    #expect(ratio >= 0.5 && ratio <= 2, "\(ratio)")
  }

  @Test("Too little address space is refused with the limit's name before OpenBLAS waits for it")
  func addressSpace() throws {
    let (configuration, shape, tasks) = try resolved(["suite": "goals"])
    let free = FreeMemory(bytes: .infinity, limit: "the machine")
    try MemoryEstimate.check(
      configuration, shape, tasks, for: .training, free: free, addressSpace: FreeMemory(bytes: 1e9, limit: "ulimit -v"))
    do {
      try MemoryEstimate.check(
        configuration, shape, tasks, for: .training, free: free,
        addressSpace: FreeMemory(bytes: 1e8, limit: "ulimit -v"))
      Issue.record("it was taken")
    } catch { #expect("\(error)".contains("ulimit -v has 100 MB left"), "\(error)") }
  }

  @Test("What is free is known here, and sizes are said in a unit that suits them")
  func free() {
    #expect(FreeMemory.now.bytes > 1e6 && FreeMemory.now.bytes < 1e16)
    #expect(RunError.size(0) == "0 kB" && RunError.size(1.5e9) == "1.5 GB" && RunError.size(2e30).hasSuffix("EB"))
  }
}
