import Algorithms
import Engine
import Environments
import Foundation
import TestSupport
import Testing

@testable import Runs

/// Checkpoints that were changed at random, with hashes that fit: each is refused with one line, or trains on without a trap.
///
/// `make fuzz` runs it for minutes under the address sanitizer; with the other tests it makes forty. FUZZ_SECONDS says for how
/// long, FUZZ_SEED with which number it begins: each number is one changed checkpoint, and the one that failed is the last that
/// was printed.
@Suite("Fuzzed checkpoints", .serialized)
struct StateFuzz {
  private static let environment = ProcessInfo.processInfo.environment
  private static let seconds = environment["FUZZ_SECONDS"].flatMap(Double.init)
  private static let first = environment["FUZZ_SEED"].flatMap(UInt64.init) ?? 1

  /// Settings of small runs that together hold every kind of state.
  private static let runs: [[String: String]] = [
    ["suite": "arcade", "lstm": "4", "extras": "true", "network": "small", "lag": "2"],
    ["suite": "rooms", "algorithm": "impala", "network": "small", "rmsprop-momentum": "0.5"],
    ["suite": "goals", "extras": "true", "network": "small"],
    ["suite": "control", "wrap": "normalize-observation,frame-stack:2,time-limit:9", "lstm": "4"],
    ["suite": "control-continuous", "algorithm": "impala-multihead", "wrap": "action-repeat:2", "extras": "true"],
    ["suite": "planar10", "algorithm": "soft-modularization", "tasks": "reach,push,pull,insert"],
    ["suite": "planar10", "algorithm": "hard-routing", "tasks": "push_around_wall,turn_dial"],
    ["suite": "control-continuous", "algorithm": "sac", "wrap": "normalize-observation"],
  ]

  /// A run with a checkpoint to change.
  private struct Subject {
    let configuration: RunConfiguration
    let folder: String
    let model, state: StateArchive
    let description: [UInt8]

    init(_ settings: [String: String], in folder: String) throws {
      var flags = settings
      (flags["unroll"], flags["environments-per-task"], flags["steps"]) = ("4", "2", "100000")
      if let algorithm = flags["algorithm"], Catalogue.all.algorithm(ofPreset: algorithm) == SAC.self {
        (flags["width"], flags["batch"], flags["replay"], flags["warm-up"], flags["updates"]) = (
          "8", "4", "30", "8", "2"
        )
        if algorithm != "sac" { (flags["module-width"], flags["embedding"]) = ("4", "6") }
        if algorithm == "soft-modularization" { flags["routing-width"] = "4" }
      }
      configuration = try RunConfiguration.resolve(flags: flags.map { ($0.key, $0.value) })
      self.folder = folder
      let training = try Training(Agent(configuration))
      try training.engine.run(until: 3)
      var recent = training.agent.taskSet.tasks.map { _ in Run.RecentEpisodes() }
      training.forEachEpisode(inRound: 2) { recent[$0.task].add($0) }
      try Checkpoint.write(training, recent: recent, to: folder)
      model = try TensorFile(path: "\(folder)/model.safetensors").archive
      state = try TensorFile(path: "\(folder)/state.safetensors").archive
      description = try AtomicFile.read("\(folder)/state.json")
    }

    /// Changes one of the files, and restores a new training from all.
    /// - Returns: the restored episodes.
    func restore(_ training: Training, _ mutation: inout StateMutation) throws -> [Run.RecentEpisodes] {
      var (model, state, description) = (model, state, description)
      switch Int.random(in: 0..<10, using: &mutation.numbers) {
      case 0..<6: state = mutation.change(state)
      case 6, 7: model = mutation.change(model)
      case 8: state = try TensorFile(SharedBytes(mutation.change(file: bytes(state))), path: "state").archive
      default: description = try mutation.change(json: description)
      }
      guard let decoded = try? JSONDecoder().decode(Checkpoint.State.self, from: Data(description)) else {
        throw RunError.badCheckpoint(path: "state.json", reason: "it does not describe a checkpoint")
      }
      try decoded.check(training.agent, in: folder)
      try Checkpoint.restore(training, decoded, model: model, rest: state, folder)
      return decoded.recent
    }

    private func bytes(_ archive: StateArchive) -> [UInt8] {
      var bytes: [UInt8] = []
      TensorFile(archive).forEachPart { bytes += $0 }
      return bytes
    }
  }

  @Test("are refused in one line, or train on")
  func fuzz() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var subjects: [Int: Subject] = [:]
    let start = ContinuousClock.now
    var (seed, refused, trained) = (Self.first, 0, 0)
    repeat {
      if Self.seconds != nil {
        print("FUZZ_SEED=\(seed)")
        fflush(nil)
      }
      var mutation = StateMutation(numbers: SplitMix64(seed))
      let index = Int.random(in: 0..<Self.runs.count, using: &mutation.numbers)
      let subject = try subjects[index] ?? Subject(Self.runs[index], in: "\(path)/\(index)")
      subjects[index] = subject
      let training = try Training(Agent(subject.configuration))
      do {
        var recent = try subject.restore(training, &mutation)
        for round in training.engine.round..<min(training.engine.round + 3, training.agent.rounds) {
          try training.engine.run(until: round + 1)
          training.forEachEpisode(inRound: round) { recent[$0.task].add($0) }
          _ = training.metrics(round: round, recent: recent)
        }
        trained += 1
      } catch {
        refused += 1
        #expect(!"\(error)".contains("\n"), "FUZZ_SEED=\(seed): \(error)")
      }
      seed += 1
    } while Self.seconds.map { ContinuousClock.now - start < .seconds($0) } ?? (seed < Self.first + 40)
    print("\(refused) changed checkpoints were refused, \(trained) trained on, seeds \(Self.first) to \(seed - 1)")
    #expect(refused > 0)
  }
}
