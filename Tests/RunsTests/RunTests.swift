import Algorithms
import Foundation
import Layers
import Testing

@testable import Runs

/// Whole runs with their folders, as the tool makes them.
@Suite("The life of a run", .serialized)
struct RunTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try body(path)
  }

  /// 24 rounds of 40 steps, with a checkpoint after every seventh and lines where multiples of 100 are passed.
  private func configuration(_ preset: String = "mt-sac", lag: Int = 1) throws -> RunConfiguration {
    let isSAC = preset == "mt-sac"
    var configuration = try RunConfiguration(preset, suite: isSAC ? "control-continuous" : "control")
    configuration.tasks = isSAC ? ["pendulum", "reacher"] : ["cart_pole", "acrobot"]
    (configuration.lag, configuration.unroll, configuration.environmentsPerTask) = (lag, 5, 4)
    (configuration.steps, configuration.checkpointEvery, configuration.metricsEvery) = (24 * 40, 7 * 40, 100)
    if isSAC {
      (configuration[SAC.self].width, configuration[SAC.self].replay.batch, configuration[SAC.self].replay.updates) = (
        8, 4, 1
      )
      (configuration[SAC.self].replay.warmUp, configuration[SAC.self].replay.capacity) = (30, 100)
    }
    return configuration
  }

  private func lines(_ path: String) throws -> [[String: Double?]] {
    try AtomicFile.read(path).split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode([String: Double?].self, from: Data($0))
    }
  }

  private func steps(_ path: String) throws -> [Int] { try lines(path).map { Int(try #require($0["steps"] ?? nil)) } }

  /// What a kill just before the newest checkpoint leaves.
  private func forgetNewestCheckpoint(_ directory: RunDirectory) throws {
    let newest = try #require(directory.checkpointSteps.last)
    try FileManager.default.removeItem(atPath: directory.checkpoint(steps: newest))
    let log = try #require(FileHandle(forWritingAtPath: directory.metrics))
    try log.seekToEnd()
    try log.write(contentsOf: Data("{\"steps\":99".utf8))
  }

  @Test(
    "Killed and resumed, it ends with the same logs and checkpoints, byte by byte",
    arguments: [("mt-sac", 0), ("mt-sac", 1), ("mt-sac", 2), ("popart-impala", 1)] as [(String, Int)])
  func killed(preset: String, lag: Int) throws {
    try inFolder { folder in
      let whole = RunDirectory(path: "\(folder)/whole")
      try Run.begin(configuration(preset, lag: lag), out: whole.path, overwrite: false).train { _ in }
      #expect(
        try steps(whole.metrics) == Array(Set((1...24).map { $0 * 40 }.filter { $0 % 100 < 40 || $0 == 960 })).sorted())
      #expect(whole.checkpointSteps == [21 * 40, 24 * 40])
      for every in [5, 13] {
        let cut = RunDirectory(path: "\(folder)/cut\(every)")
        var other = try configuration(preset, lag: lag)
        (other.checkpointEvery, other.threads) = (every * 40, 3)
        try Run.begin(other, out: cut.path, overwrite: false).train { _ in }
        try forgetNewestCheckpoint(cut)
        #expect(cut.checkpointSteps.last == every * 40 * (23 / every))
        try Run.resume(cut.path, flags: [("threads", "2")], cores: 1).train { _ in }
        let files =
          [(whole.metrics, cut.metrics)]
          + ["model.safetensors", "state.safetensors"].map {
            ("\(whole.checkpoint(steps: 960))/\($0)", "\(cut.checkpoint(steps: 960))/\($0)")
          }
        for (expected, found) in files { #expect(try AtomicFile.read(expected) == AtomicFile.read(found), "\(found)") }
      }
    }
  }

  @Test("Seconds go on after a resume, and steps rise, in the log of times; the metrics know no clock")
  func times() throws {
    try inFolder { folder in
      let directory = RunDirectory(path: "\(folder)/run")
      try Run.begin(configuration(), out: directory.path, overwrite: false).train { _ in }
      try forgetNewestCheckpoint(directory)
      let resumed = try Run.resume(directory.path, flags: [], cores: 1)
      let before = try #require(try lines(directory.timing).last)
      #expect(before["steps"] == 21 * 40)
      #expect(resumed.seconds >= before["seconds"]!!)
      try resumed.train { _ in }
      let times = try lines(directory.timing)
      #expect(times.allSatisfy { Set($0.keys) == ["steps", "seconds", "steps_per_second"] })
      for (earlier, later) in zip(times, times.dropFirst()) {
        #expect(earlier["steps"]!! < later["steps"]!! && earlier["seconds"]!! <= later["seconds"]!!)
      }
      #expect(try lines(directory.metrics).allSatisfy { $0["seconds"] == nil && $0["steps_per_second"] == nil })
    }
  }

  @Test("Trained for longer, where nothing is annealed, it is the run that was longer from the start")
  func longer() throws {
    try inFolder { folder in
      let configuration = try configuration()
      var short = configuration
      short.steps = 13 * 40
      let (whole, extended) = (RunDirectory(path: "\(folder)/whole"), RunDirectory(path: "\(folder)/extended"))
      try Run.begin(configuration, out: whole.path, overwrite: false).train { _ in }
      try Run.begin(short, out: extended.path, overwrite: false).train { _ in }
      #expect {
        _ = try Run.resume(extended.path, flags: [("steps", "519")], cores: 1)
      } throws: {
        "\($0)".contains("steps 520, not 519") && !"\($0)".contains("\n")
      }
      // The steps that count are those of the checkpoint, not what somebody wrote into run.yaml.
      let yaml = try AtomicFile.text(extended.configuration)
      try AtomicFile.write(yaml.replacing("steps: 520", with: "steps: 100").utf8, to: extended.configuration)
      #expect(throws: RunError.self) { _ = try Run.resume(extended.path, flags: [("steps", "480")], cores: 1) }
      try AtomicFile.write(yaml.utf8, to: extended.configuration)
      try Run.resume(extended.path, flags: [("steps", "960")], cores: 1).train { _ in }
      #expect(try Run.configuration(of: extended.path).steps == 960)
      #expect(try AtomicFile.read(whole.metrics) == AtomicFile.read(extended.metrics))
      for file in ["model.safetensors", "state.safetensors"] {
        #expect(
          try AtomicFile.read("\(whole.checkpoint(steps: 960))/\(file)")
            == AtomicFile.read("\(extended.checkpoint(steps: 960))/\(file)"))
      }
      // A finished run is resumed without harm.
      let finished = try Run.resume(extended.path, flags: [], cores: 1)
      #expect(finished.isComplete)
      try finished.train { _ in }
      #expect(try AtomicFile.read(whole.metrics) == AtomicFile.read(extended.metrics))
    }
  }

  @Test("Without a checkpoint yet, a resume begins it again")
  func noCheckpoint() throws {
    try inFolder { folder in
      let directory = RunDirectory(path: "\(folder)/run")
      try Run.begin(configuration(), out: directory.path, overwrite: false).train { _ in }
      let metrics = try AtomicFile.read(directory.metrics)
      // As a kill leaves it before the first checkpoint, or while it is begun.
      for missing in [
        ["checkpoints"], ["checkpoints", "tasks.lock", "manifest.json", "metrics.jsonl", "timing.jsonl"],
      ] {
        for name in missing { try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)") }
        let run = try Run.resume(directory.path, flags: [], cores: 1)
        #expect(run.steps == 0)
        try run.train { _ in }
        #expect(try AtomicFile.read(directory.metrics) == metrics)
      }
    }
  }

  @Test("Two trainings in one folder: the second is refused, and the first is left as it was")
  func twice() throws {
    try inFolder { folder in
      let directory = RunDirectory(path: "\(folder)/run")
      let first = try Run.begin(configuration(), out: directory.path, overwrite: false)
      let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      for second in [
        { _ = try Run.resume(directory.path, flags: [], cores: 1) },
        { _ = try Run.begin(self.configuration(), out: directory.path, overwrite: true) },
      ] {
        #expect {
          try second()
        } throws: {
          "\($0)".contains("is being trained by process \(getpid())")
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == files)
      try first.train { _ in }
      #expect(directory.checkpointSteps.last == 960)
    }
  }

  @Test("A folder that is deleted or moved ends the training with its name, and is not made again", arguments: [0, 1])
  func lost(how: Int) throws {
    try inFolder { folder in
      let directory = RunDirectory(path: "\(folder)/run")
      let run = try Run.begin(configuration(), out: directory.path, overwrite: false)
      if how == 0 {
        try FileManager.default.removeItem(atPath: directory.path)
      } else {
        try FileManager.default.moveItem(atPath: directory.path, toPath: "\(folder)/moved")
      }
      #expect(throws: RunError.folderLost(path: directory.path)) { try run.train { _ in } }
      #expect(!directory.exists)
    }
  }

  @Test("A run that can't start leaves no folder, and what it should replace as it was")
  func cannotStart() throws {
    try inFolder { folder in
      let directory = RunDirectory(path: "\(folder)/run")
      var wrong = try configuration()
      wrong.suite = "gymnasium:No-Such-v9"
      #expect(throws: (any Error).self) { try Run.begin(wrong, out: directory.path, overwrite: false) }
      #expect(!directory.exists)
      try Run.begin(configuration(), out: directory.path, overwrite: false).train { _ in }
      #expect(throws: (any Error).self) { try Run.begin(wrong, out: directory.path, overwrite: true) }
      #expect(directory.checkpointSteps.last == 960)
    }
  }

  @Test("A run that is replaced stays until the new one has logged something, and foreign files stay for good")
  func replaces() throws {
    try inFolder { folder in
      let directory = RunDirectory(path: "\(folder)/run")
      try Run.begin(configuration(), out: directory.path, overwrite: false).train { _ in }
      try AtomicFile.write("mine".utf8, to: "\(directory.path)/notes.md")
      let metrics = try AtomicFile.read(directory.metrics)
      var other = try configuration()
      other.seed = 77
      // Killed before its first line, or failed.
      for fails in [false, true] {
        let run = try Run.begin(other, out: directory.path, overwrite: true)
        #expect(directory.checkpointSteps.isEmpty)
        if fails { directory.discard() } else { run.close() }
      }
      #expect(try AtomicFile.read(directory.metrics) == metrics)
      #expect(directory.checkpointSteps.last == 960)
      try Run.begin(other, out: directory.path, overwrite: true).train { _ in }
      #expect(try Run.configuration(of: directory.path).seed == 77)
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(names.contains("notes.md") && !names.contains { $0.hasPrefix("replaced-run") })
    }
  }
}

@Suite("When checkpoints are written")
struct CheckpointScheduleTests {
  @Test("By steps, and by the clock at most every 50 times what one takes")
  func schedule() {
    let start = ContinuousClock.now
    var schedule = CheckpointSchedule(rounds: 7, seconds: 60, start: start)
    #expect([0, 6, 7, 20].map(schedule.limit) == [7, 7, 14, 21])
    #expect(!schedule.isDue(start + .seconds(59)) && schedule.isDue(start + .seconds(60)))
    for (cost, wait) in [(1, 60), (3, 150)] {
      let end = start + .seconds(100 + cost)
      schedule.wrote(from: start + .seconds(100), to: end)
      #expect(!schedule.isDue(end + .seconds(wait - 1)) && schedule.isDue(end + .seconds(wait)))
    }
    #expect(!CheckpointSchedule(rounds: 7, seconds: 0, start: start).isDue(start + .seconds(1 << 40)))
  }
}
