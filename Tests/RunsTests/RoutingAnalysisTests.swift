import Algorithms
import Analysis
import Foundation
import Layers
import Testing

@testable import Runs

/// Routing of a small run that hardly learned.
@Suite("Routing analysis", .serialized)
struct RoutingAnalysisTests {
  private func withRun(
    _ preset: String, tasks: [String] = ["reach", "push", "press"],
    _ change: (inout RunConfiguration) -> Void = { _ in },
    _ body: (String) throws -> Void
  ) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = try RunConfiguration(preset, suite: "planar10")
    (configuration.tasks, configuration.steps) = (tasks, 300)
    (configuration.environmentsPerTask, configuration[SAC.self].width, configuration[SAC.self].routing.width) = (
      1, 12, 6
    )
    (configuration[SAC.self].routing.embedding, configuration[SAC.self].routing.routingWidth) = (10, 8)
    (
      configuration[SAC.self].replay.batch, configuration[SAC.self].replay.capacity,
      configuration[SAC.self].replay.warmUp
    ) = (5, 200, 12)
    change(&configuration)
    try Run.begin(configuration, out: path, overwrite: false).train { _ in }
    try body(path)
  }

  private func isFinite(_ measures: RoutingReport.Measures) -> Bool {
    (measures.entropy + [measures.betweenTasks, measures.withinTasks]).allSatisfy(\.isFinite)
  }

  @Test(
    "The report is finite, routing begins uniform, and the files are there",
    arguments: SoftModularization.Definition.allCases)
  func report(definition: SoftModularization.Definition) throws {
    try withRun("soft-modularization") {
      $0[SAC.self].routing.definition = definition
      $0[SAC.self].routing.layers = 3
    } _: { path in
      var options = RoutingAnalysis.Options()
      (options.episodes, options.stride) = (3, 50)
      let analysis = try RoutingAnalysis(path, options)
      let report = analysis.report
      // Episodes of 150 steps: three rows of each.
      #expect(report.tasks.map(\.rows) == [9, 9, 9] && report.steps == 300)
      #expect(analysis.trained.samples.prefix(4).map(\.episode) == [0, 0, 0, 1])
      #expect(analysis.trained.samples.prefix(4).map(\.step) == [0, 50, 100, 0])
      for measures in [report.trained, report.untrained, report.trainedShuffled, report.untrainedShuffled] {
        #expect(isFinite(measures) && measures.entropy.count == 2)
        #expect((measures.headEntropy != nil) == (definition == .code))
        let neighbours = try #require(measures.neighbours)
        #expect(neighbours >= 0 && neighbours <= 1)
      }
      #expect(report.untrained.entropy.allSatisfy { abs($0 - 1) <= 1e-3 })
      #expect(report.trained.entropy != report.untrained.entropy)
      #expect(report.trained.entropy == report.trainedShuffled.entropy)
      #expect(report.tasks.map(\.other) == ["push", "press", "reach"])
      #expect(zip(report.tasks, analysis.trained.tasks).allSatisfy { $0.own.id == $1 && $0.rerouted.id == $1 })
      // What was played and noted is what an evaluation plays.
      let agent = try Run.load(path)
      let played = try Evaluation.play(
        agent.taskSet, policy: agent.learner, episodes: 3, seed: options.seed, greedy: true)
      #expect(played.map(\.return) == report.tasks.map(\.own.return))
      #expect(played.map(\.return) != report.tasks.map(\.rerouted.return))

      let files = try analysis.write()
      #expect(
        files
          == ["routing.json", "routing.csv", "routing-before.csv", "routing.svg", "tsne.svg", "tsne-before.svg"])
      for file in files { #expect(FileManager.default.fileExists(atPath: "\(path)/analysis/\(file)")) }
      #expect(try AtomicFile.read("\(path)/analysis/routing-before.csv") == Array(analysis.untrained.csv.utf8))
      let json = try Data(AtomicFile.read("\(path)/analysis/routing.json"))
      #expect(try JSONDecoder().decode(RoutingReport.self, from: json).trained.entropy == report.trained.entropy)
    }
  }

  @Test("One episode a task is no evidence for another")
  func oneEpisode() throws {
    try withRun("soft-modularization", tasks: ["reach", "push"]) { path in
      var options = RoutingAnalysis.Options()
      (options.episodes, options.stride) = (1, 10)
      let report = try RoutingAnalysis(path, options).report
      #expect(report.trained.neighbours == nil && isFinite(report.trained))
      options.stride = 150
      #expect(
        throws: RunError.noRouting(
          reason: "needs at least 4 rows; there are 2: play more episodes, or take a smaller stride")
      ) { try RoutingAnalysis(path, options) }
    }
  }

  @Test("Other algorithms, single tasks and folders that are no runs are refused in one line")
  func refusals() throws {
    try withRun("mt-sac") { path in
      #expect(
        throws: RunError.noRouting(reason: "needs a network that mixes modules by weights; that of mt-sac has none")
      ) {
        try RoutingAnalysis(path)
      }
    }
    try withRun("soft-modularization", tasks: ["reach"]) { path in
      #expect(throws: RunError.noRouting(reason: "compares tasks; this run has one, reach")) {
        try RoutingAnalysis(path)
      }
    }
    #expect(throws: RunError.notARun(path: "/nowhere")) { try RoutingAnalysis("/nowhere") }
  }
}
