import Algorithms
import Environments
import Foundation
import Testing

@testable import Runs

/// What decides bits is bound to a checkpoint: a run's folder whose files were changed goes on with none of it.
@Suite("Settings bound to a checkpoint", .serialized)
final class BoundSettingsTests {
  private let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
  private let yaml: String

  init() throws {
    let flags = [
      ("suite", "goals"), ("steps", "160"), ("unroll", "5"), ("environments-per-task", "2"), ("entropy-cost", "0.02"),
    ]
    let run = try Run.begin(RunConfiguration.resolve(flags: flags), out: path, overwrite: false)
    try run.train { _ in }
    yaml = try String(contentsOfFile: run.directory.configuration, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private func write(_ text: String) throws {
    try AtomicFile.write(text.utf8, to: RunDirectory(path: path).configuration)
  }

  private var newest: String { get throws { try RunDirectory(path: path).latestCheckpoint() } }

  @Test("A setting that was changed in run.yaml is refused by name, with both values, by training and acting alike")
  func edited() throws {
    for (before, after, words) in [
      ("entropy-cost: 0.02", "entropy-cost: 0.82", ["entropy-cost 0.82", "0.02"]),
      ("seed: 1", "seed: 3", ["seed 3", "1"]), ("steps: 160", "steps: 1600", ["steps 1600", "160"]),
      ("algorithm: popart-impala", "algorithm: impala", ["algorithm impala", "popart-impala"]),
      ("extras: false", "extras: true", ["extras true", "false"]),
    ] {
      let changed = yaml.replacing(before, with: after)
      #expect(changed != yaml)
      try write(changed)
      for read in [{ _ = try Run.resume(self.path, flags: [], cores: 1) }, { _ = try Run.load(self.path) }] {
        do {
          try read()
          Issue.record("\(after) was taken")
        } catch { for word in words { #expect("\(error)".contains(word), "\(error)") } }
      }
    }
  }

  @Test("A run.yaml that is cut off anywhere is refused, or says the same")
  func cutOff() throws {
    let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
    for count in stride(from: 1, to: lines.count, by: 4) {
      try write(lines[..<count].joined(separator: "\n"))
      guard let read = try? Run.configuration(of: path) else { continue }
      let same = try read.bound == RunConfiguration.resolve(file: (yaml, "x"), flags: []).bound
      #expect((try? Run.load(path)) == nil || same)
    }
  }

  @Test("Settings on which no bit depends may change, in run.yaml and as flags")
  func free() throws {
    let changed = yaml.replacing("checkpoint-every: 1000000", with: "checkpoint-every: 7")
    #expect(changed != yaml)
    try write(changed)
    _ = try Run.load(path)
    let run = try Run.resume(path, flags: [("threads", "2"), ("worker-restarts", "9")], cores: 1)
    #expect(run.training.agent.configuration.recovery.most == 9 && run.differences.isEmpty)
  }

  @Test("Any change of state.json is refused")
  func state() throws {
    let file = try "\(newest)/state.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    for (before, after) in [
      ("\"round\" : 4", "\"round\" : 3"), ("\"exact\" : true", "\"exact\" : false"),
      ("\"entropy-cost\" : \"0.02\"", "\"entropy-cost\" : \"0.82\""), ("\"count\" : ", "\"count\" : 1"),
      ("\"level\" : \"v", "\"level\" : \"w"), ("\"hash\"", "\"hush\""),
    ] {
      let changed = text.replacing(before, with: after)
      #expect(changed != text)
      try AtomicFile.write(changed.utf8, to: file)
      #expect(throws: RunError.self) { try Run.load(self.path) }
    }
    try AtomicFile.write(text.utf8, to: file)
    _ = try Run.load(path)
  }

  @Test("A setting that the checkpoint is too old to know must have its default")
  func younger() throws {
    let configuration = try RunConfiguration.resolve(file: (yaml, "x"), flags: [])
    var state = try Checkpoint.State(in: newest)
    state.settings["extras"] = nil
    try state.check(configuration, in: "x")
    state.settings["entropy-cost"] = nil
    #expect(throws: RunError.self) { try state.check(configuration, in: "x") }
    state.settings["entropy-cost"] = "0.02"
    // One that this version does not know.
    state.settings["twirl"] = "1"
    #expect(throws: RunError.self) { try state.check(configuration, in: "x") }
  }

  @Test("What signed counts contradict is refused: too many scores, fewer successes, negative or huge numbers")
  func counts() throws {
    let agent = try Agent(RunConfiguration.resolve(file: (yaml, "x"), flags: []))
    let state = try Checkpoint.State(in: newest)
    try state.check(agent, in: "x")
    for change: (inout Checkpoint.State) throws -> Void in [
      { $0.round = -1 }, { $0.round = .max }, { $0.steps = .min }, { $0.recent = [] }, { $0.lockfile = "" },
      {
        $0.recent[0] = try JSONDecoder().decode(
          Run.RecentEpisodes.self, from: Data(#"{"count":1000,"scores":[1],"successes":[]}"#.utf8))
      },
      { state in
        let (scores, successes) = (Array(repeating: "1", count: 100), Array(repeating: "true", count: 100))
        let episodes =
          "{\"count\":\(Int.max),\"scores\":[\(scores.joined(separator: ","))],"
          + "\"successes\":[\(successes.joined(separator: ","))]}"
        state.recent[0] = try JSONDecoder().decode(Run.RecentEpisodes.self, from: Data(episodes.utf8))
      },
      {
        $0.recent[0] = try JSONDecoder().decode(
          Run.RecentEpisodes.self, from: Data(#"{"count":-1,"scores":[],"successes":[]}"#.utf8))
      },
    ] {
      var changed = state
      try change(&changed)
      #expect(throws: RunError.self) { try changed.check(agent, in: "x") }
    }
  }

  @Test("A lockfile of other bytes is refused in one line, whatever they are")
  func lockfile() throws {
    let file = RunDirectory(path: path).lockfile
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") }
    for changed in [
      text.replacing("\n", with: "\r\n"), "\u{1b}]0;x\u{7}" + text, text + "more\n",
      String(repeating: "y", count: 1 << 20),
    ] {
      try AtomicFile.write(changed.utf8, to: file)
      let error = #expect(throws: RunError.self) { try Run.load(self.path) }
      let message = "\(try #require(error))"
      #expect(message.count < 1000 && message.utf8.allSatisfy { $0 >= 32 }, "\(message)")
    }
    #expect(lines > 3)
  }

  @Test("A resume with other kernels says so, and says no longer that it is bit-identical")
  func kernels() throws {
    let folder = try newest
    var state = try Checkpoint.State(in: folder)
    state.kernels = Checkpoint.Kernels(level: "v9", openblasCore: "Imaginary")
    try AtomicFile.write(state.json, to: "\(folder)/state.json")
    let run = try Run.resume(path, flags: [], cores: 1)
    #expect(run.differences.count == 1 && run.differences[0].contains("v9") && run.differences[0].contains("Imaginary"))
    let manifest = try Manifest(path: run.directory.manifest)
    #expect(manifest.starts.last?.differences == run.differences && manifest.resumesExactly == false)
  }
}
