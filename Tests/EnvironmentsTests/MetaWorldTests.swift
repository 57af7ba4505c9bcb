import Foundation
import Testing

@testable import Environments

/// A Python with the package.
private let python: String? = {
  guard let python = try? WorkerPython.locate(),
    let output = try? lines(python, ["-c", "import importlib.metadata as m; print(m.version('metaworld'))"])
  else { return nil }
  return output.isEmpty ? nil : python
}()

private func lines(_ program: String, _ arguments: [String]) throws -> [String] {
  let (process, output) = (Process(), Pipe())
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
  try process.run()
  let text = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
}

@Suite("Meta-World", .serialized)
struct MetaWorldTests {
  @Test(
    "Rollouts equal the package's own, over the end of an episode", .enabled(if: python != nil),
    arguments: MetaWorld.mt10, ["v1", "v2"])
  func parity(name: String, version: String) throws {
    let id = name.replacing("-", with: "_")
    let seed = WorkerProgram.seeds(task: id, replicas: 0..<1, seed: 5)[0]
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Parity/metaworld_rollouts.py").path
    let expected = try lines(try #require(python), [script, "\(name)-v3", version, "\(seed)", "510"])
    #expect(expected.count == 511)
    // The package draws the goals from the environment's own seed.
    let task = try MetaWorld.tasks([name], ["reward_version": version, "goal_seed": "\(seed)"])[0]
    let play = try Play(task, seed: 5)
    func bits(_ numbers: [Float]) -> UInt64 { numbers.reduce(0) { $0 + UInt64($1.bitPattern) } }
    var found = ["\(bits(play.row(0)))"]
    for t in 0..<510 {
      let action = (0..<4).map { Float((7 * t + 13 * $0) % 21 - 10) / 10 }
      try play.step(box: action)
      let final =
        play.ended(0) ? play.finalObservation.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } : play.row(0)
      found.append(
        "\(play.reward[0].bitPattern) \(play.terminated[0]) \(play.truncated[0]) \(play.success[0]) "
          + "\(bits(play.row(0))) \(bits(final))")
    }
    #expect(found.indices.first { found[$0] != expected[$0] } == nil)
  }

  @Test("Meta-World keeps the promises of Environment, with its state restored", .enabled(if: python != nil))
  func check() throws {
    let task = try MetaWorld.tasks(["push"], ["horizon": "20"])[0]
    #expect(try EnvironmentCheck.savesState(of: task))
    #expect(try EnvironmentCheck.failures(of: task, steps: 60, slots: 2) == [])
  }

  @Test("Goals are the package's, drawn or read from the cache", .enabled(if: python != nil))
  func goals() throws {
    let folder = WorkerPython.resource("worker.py").deletingLastPathComponent().path
    let program = """
      import os, sys, tempfile
      os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()
      sys.path.insert(0, "\(folder)")
      import metaworld
      from polymath_worker import metaworld_batch
      theirs = [task.data for task in metaworld.MT1("reach-v3", seed=3).train_tasks]
      import pickle, numpy
      def same(a, b):
          a, b = pickle.loads(a), pickle.loads(b)
          return a.keys() == b.keys() and all(numpy.array_equal(a[key], b[key]) for key in a)
      for _ in range(2):
          ours = [task.data for task in metaworld_batch.tasks("reach-v3", 3)]
          print(len(ours), all(map(same, ours, theirs)))
      """
    #expect(try lines(try #require(python), ["-c", program]) == ["50 True", "50 True"])
  }

  @Test("Arguments are checked, and stand in the lockfile")
  func arguments() throws {
    let task = try MetaWorld.tasks(["push"], ["reward_version": "v1", "horizon": "200"])[0]
    #expect(task.parameters["reward_version"] == "v1" && task.parameters["horizon"] == "200")
    #expect(task.parameters["goals"] == "50, drawn from seed 1")
    for (name, value) in [("reward_version", "v3"), ("horizon", "501"), ("goal_seed", "-1"), ("speed", "2")] {
      let error = #expect(throws: EnvironmentError.self) { try MetaWorld.tasks(["push"], [name: value]) }
      #expect(error?.description.hasPrefix("push: \(name)=\(value) is none of") == true)
    }
    let unknown = #expect(throws: EnvironmentError.self) { try Suites.make("metaworld-mt1:pusch") }
    #expect(unknown?.description.contains("did you mean push?") == true)
    #expect(try Suites.make("metaworld-mt1:push,reach").ids == ["push", "reach"])
  }
}
