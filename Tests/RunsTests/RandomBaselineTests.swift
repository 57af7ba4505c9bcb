import Algorithms
import Engine
import Environments
import Foundation
import Testing

@testable import Runs

/// Pays 1 a step; slot by slot the same. It may end after so many steps, take time, or fail.
private final class Steady: Environment {
  let slots: Int
  private let length: Int?
  private let delay: UInt32
  private let failure: EnvironmentError?
  private var step = 0

  static func task(
    _ id: String, length: Int? = nil, delay: UInt32 = 0, failure: EnvironmentError? = nil,
    scores: Task.ReferenceScores? = nil
  ) -> Task {
    Task(
      id: id,
      observation: ObservationSpace([ObservationLeaf(name: "vector", element: .float32, shape: [1])]),
      action: .discrete(2), actionMask: [true, true], scores: scores, parameters: [:]
    ) { replicas, _, _ in Steady(replicas.count, length, delay, failure) }
  }

  private init(_ slots: Int, _ length: Int?, _ delay: UInt32, _ failure: EnvironmentError?) {
    (self.slots, self.length, self.delay, self.failure) = (slots, length, delay, failure)
  }

  private func show(_ rows: ObservationRows) {
    rows.leaves[0].assumingMemoryBound(to: Float.self).update(repeating: 0, count: slots)
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    show(observation)
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    if let failure { throw failure }
    usleep(delay)
    step += 1
    let ends = length.map { step.isMultiple(of: $0) } ?? false
    for slot in 0..<slots {
      (rows.reward[slot], rows.terminated[slot], rows.truncated[slot]) = (1, ends ? 1 : 0, 0)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (1, 0, 0)
    }
    if ends { show(rows.finalObservation) }
    show(rows.observation)
    return .done
  }

  func saveState() -> [UInt8]? { nil }
  func restoreState(_ state: [UInt8]) {}
}

private func limits(episodes: Int = 100, steps: Int = 1000, seconds: Double = 60) -> RandomBaseline.Limits {
  RandomBaseline.Limits(episodes: episodes, steps: steps, seconds: seconds)
}

@Suite("Random baselines")
struct RandomBaselineTests {
  @Test("Random play is measured where the suite doesn't know it, and only there")
  func measures() throws {
    let known = Task.ReferenceScores(random: 3, reference: 9, label: "expert")
    let set = try TaskSet(
      name: "s",
      tasks: [
        Steady.task("short", length: 4), Steady.task("known", length: 4, scores: known),
        Steady.task("long", length: 300),
      ])
    let baselines = try RandomBaseline.measure(set, within: limits())
    #expect(baselines.map(\.task) == ["short", "long"])
    #expect(baselines[0].episodes == 100 && baselines[0].return == 4 && baselines[0].low == 4)
    // Three whole episodes are played in 1000 steps.
    #expect(baselines[1].episodes == 3 && baselines[1].return == 300)
    let scored = set.scored(with: baselines)
    #expect(scored.tasks.map(\.scores?.random) == [4, 3, 300] && scored.tasks[1].scores == known)
    #expect(scored.lockfile == set.lockfile)
    let referenced = try scored.scored(against: ["short": 8])
    #expect(referenced.tasks[0].scores?.normalized(6) == 0.5 && referenced.tasks[2].scores?.normalized(6) == nil)
    #expect(throws: EnvironmentError.unknownTask(suite: "s", task: "shrt", nearest: "short")) {
      try set.scored(against: ["shrt": 8])
    }
  }

  @Test("What random play returns on average is what it is known to return")
  func value() throws {
    let set = try TaskSet(name: "catch", tasks: [Catch.task]).scored { _ in nil }
    let baseline = try RandomBaseline.measure(set, within: limits(episodes: 400, steps: 10_000))[0]
    let (low, high) = (try #require(baseline.low), try #require(baseline.high))
    #expect(baseline.episodes == 400 && abs(baseline.return + 0.6) <= 0.16 && low < high)
  }

  @Test("Environments that never end, or take their time, hold nothing up and have no baseline")
  func bounded() throws {
    let endless = try TaskSet(name: "s", tasks: [Steady.task("endless")])
    #expect(try RandomBaseline.measure(endless, within: limits(steps: 200)).isEmpty)
    let slow = try TaskSet(name: "s", tasks: [Steady.task("slow", length: 2, delay: 10_000)])
    let baseline = try RandomBaseline.measure(slow, within: limits(steps: 1_000_000, seconds: 0.1))
    #expect(baseline.count <= 1 && baseline.allSatisfy { $0.episodes < 100 && $0.steps < 1000 })
  }

  @Test("An environment that fails at once is told by its own error")
  func failing() throws {
    let failure = EnvironmentError.workerFailed(task: "broken", reason: "failed: ValueError: no", log: "")
    let set = try TaskSet(name: "s", tasks: [Steady.task("broken", failure: failure)])
    #expect(throws: failure) { try RandomBaseline.measure(set, within: limits()) }
  }

  @Test("A run keeps what was measured; what it logs doesn't depend on it")
  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "polymath-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let flags = [
      ("suite", "control"), ("tasks", "cart_pole"), ("steps", "320"), ("unroll", "10"),
      ("environments-per-task", "4"), ("reference", "cart_pole=200"),
    ]
    let run = try Run.begin(RunConfiguration.resolve(flags: flags), out: folder, overwrite: false)
    let measured = try #require(run.tasks[0].scores)
    let random = try #require(measured.random)
    #expect(measured.reference == 200 && (10...40).contains(random))
    #expect(run.training.agent.taskSet.tasks[0].scores == nil)
    try run.train { _ in }
    run.close()
    let log = try String(contentsOfFile: "\(folder)/metrics.jsonl", encoding: .utf8)
    #expect(log.contains("cart_pole/return") && !log.contains("normalized"))
    #expect(try Run.load(folder).taskSet.tasks[0].scores == measured)
    #expect(try Run.load(folder, references: ["cart_pole": 500]).taskSet.tasks[0].scores?.reference == 500)
    #expect(try Run.measuredScores(of: ["cart_pole"], in: folder) == [measured])
  }

  @Test("Returns far from 1 are told before training, where the algorithm doesn't normalise them")
  func remarks() throws {
    let baselines = [2e-6, 0, 1, -3e7].map { value in
      RandomBaseline(task: "t\(value)", episodes: 9, return: value, low: value, high: value, steps: 9, seed: 1)
    }
    func remarks(_ algorithm: String) throws -> [String] {
      try RunConfiguration.resolve(flags: [("algorithm", algorithm)]).remarks(on: baselines)
    }
    #expect(try remarks("popart-impala").isEmpty)
    for algorithm in ["impala", "mt-sac"] {
      let told = try remarks(algorithm)
      #expect(told.count == 2 && told[0].hasPrefix("t2e-06: ") && told[0].contains("reward-scale:1e+06"))
      #expect(told[1].hasPrefix("t-30000000.0: ") && told[1].contains("reward-scale:1e-07"))
    }
  }

  @Test("An episode that reaches the limit of steps counts as it stands, and says so")
  func cut() throws {
    let set = try TaskSet(
      name: "s", tasks: [Steady.task("endless"), Steady.task("exact", length: 50), Steady.task("longer", length: 51)])
    let policy = Evaluation.randomPolicy(set.action)
    let scores = try Evaluation.play(set, policy: policy, episodes: 20, seed: 1, longestEpisode: 50)
    #expect(scores.map(\.episodes) == [20, 20, 20] && scores.map(\.cut) == [20, 0, 20])
    #expect(scores.map(\.return) == [50, 50, 50] && scores[0].returnLow == 50)
    let one = try Evaluation.play(set, tasks: ["exact"], policy: policy, episodes: 1, seed: 1)[0]
    #expect(one.return == 50 && one.cut == 0 && one.returnLow == nil && one.low == nil)
  }
}

@Suite("References")
struct ReferencesTests {
  @Test("Words and files say the same, and come back from run.yaml")
  func parses() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "polymath-test-\(UUID().uuidString).yaml").path
    try "a_v0: 1.5\nb: -2e3\n".write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    for text in ["a_v0=1.5,b=-2e3", file] {
      let configuration = try RunConfiguration.resolve(flags: [("reference", text)])
      #expect(configuration.references == ["a_v0": 1.5, "b": -2000])
      let again = try RunConfiguration.resolve(file: (configuration.yaml, "run.yaml"), flags: [])
      #expect(again.yaml == configuration.yaml)
    }
    #expect(try RunConfiguration.resolve(flags: []).references.isEmpty)
  }

  @Test(
    "What is no reference is refused in one line", arguments: ["a=", "=1", "a=x", "a=inf", "a=nan", "a=1,a=2", "a=1=2"])
  func refuses(text: String) {
    #expect(throws: ConfigurationError.self) { try RunConfiguration.resolve(flags: [("reference", text)]) }
  }

  @Test("So is a file that holds none", arguments: ["- 1", "a: x", "a: [1]", "a"])
  func refusesFile(text: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "polymath-test-\(UUID().uuidString).yaml").path
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    let error = #expect(throws: ConfigurationError.self) { try RunConfiguration.resolve(flags: [("reference", file)]) }
    #expect(error?.description.hasPrefix(file) == true && error?.description.contains("\n") == false)
    #expect(throws: RunError.self) { try RunConfiguration.resolve(flags: [("reference", "/nowhere/none.yaml")]) }
  }
}

@Suite("Estimates at the edges")
struct EstimateEdgeTests {
  @Test("No episode has no mean, one has no interval, equal ones an interval of no width")
  func episodes() {
    #expect(Estimate.mean(ofEpisodes: []).estimate.isNaN)
    let one = Estimate.mean(ofEpisodes: [7])
    #expect(one.estimate == 7 && one.bounds == nil)
    let equal = Estimate.mean(ofEpisodes: [0.1, 0.1, 0.1])
    #expect(equal.bounds.map { abs($0.low - 0.1) <= 1e-12 && abs($0.high - 0.1) <= 1e-12 } == true)
  }

  @Test("A reference that equals random play normalises nothing")
  func equalReference() {
    #expect(Task.ReferenceScores(random: 2, reference: 2, label: "reference").normalized(2) == nil)
    #expect(Task.ReferenceScores(random: nil, reference: 2, label: "reference").normalized(2) == nil)
  }
}
