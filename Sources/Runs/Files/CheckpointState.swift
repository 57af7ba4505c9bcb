import Algorithms
import CKernels
import Engine
import Environments
import Foundation

extension Checkpoint {
  /// `state.json`: what a checkpoint is of, and where in the run it was made.
  ///
  /// The file ends in a hash of itself, so that what is damaged is refused before any of it is used.
  struct State: Codable {
    /// Settings that decide bits, by name, as `run.yaml` writes them.
    var settings: [String: String]
    /// SHA-256 of the task lockfile.
    var lockfile: String
    /// What computed the numbers: other kernels go on with other bits.
    var kernels: Kernels
    var round: Int
    /// Agent steps of the run.
    var steps: Int
    /// Whether a resumed run is bit-identical. False where an environment has no state to save.
    var exact: Bool
    /// SHA-256 of `model.safetensors` and `state.safetensors`.
    var model, state: String
    /// One per task.
    var recent: [Run.RecentEpisodes]
    /// SHA-256 of the compact encoding of all other fields, with sorted keys.
    private var hash: String?

    init(
      of training: Training, exact: Bool, model: String, state: String, recent: [Run.RecentEpisodes]
    ) {
      settings = training.agent.configuration.bound
      lockfile = SHA256.hex(training.agent.taskSet.lockfile.utf8)
      kernels = .current
      (round, steps, self.exact) = (training.engine.round, training.steps, exact)
      (self.model, self.state, self.recent) = (model, state, recent)
    }

    /// Reads the `state.json` of the checkpoint in `folder`.
    /// - Throws: `RunError.cannotRead`; `.badCheckpoint` where the file is damaged, or of another version.
    init(in folder: String) throws(RunError) {
      let path = "\(folder)/state.json"
      let bytes = try AtomicFile.read(path)
      guard let saved = try? JSONDecoder().decode(State.self, from: Data(bytes)) else {
        throw .badCheckpoint(path: path, reason: "it does not describe a checkpoint of this version")
      }
      guard saved.hash == saved.ownHash else {
        throw .badCheckpoint(path: path, reason: "its hash is not that of its contents: it was damaged or changed")
      }
      self = saved
    }

    /// The bytes of the file.
    var json: [UInt8] {
      var signed = self
      signed.hash = ownHash
      return signed.encoded([.prettyPrinted])
    }

    private var ownHash: String {
      var unsigned = self
      unsigned.hash = nil
      return SHA256.hex(unsigned.encoded([]))
    }

    private func encoded(_ formatting: JSONEncoder.OutputFormatting) -> [UInt8] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
      // Words, whole numbers and finite scores always encode.
      return Array(try! encoder.encode(self))
    }

    /// Refuses settings that are not those of the checkpoint.
    /// - Parameters:
    ///   - configuration: What `file` says.
    ///   - except: Names of settings that may differ.
    /// - Throws: `RunError.otherSetting` with the first that differs.
    func check(_ configuration: RunConfiguration, in file: String, except: Set<String> = []) throws(RunError) {
      // What a configuration has chosen can be chosen again.
      let (written, usual) = (configuration.bound, try! configuration.defaults.bound)
      let order = configuration.settings.map(\.name)
      // Earlier versions wrote settings that mean nothing at the values of others.
      let unread = configuration.catalogue.settings(ofPreset: configuration.algorithm)
        .filter { !$0.isRead(by: configuration) }.map(\.name)
      let names =
        order.filter { written[$0] != nil }
        + settings.keys.filter { written[$0] == nil && !unread.contains($0) }.sorted()
      for name in names where !except.contains(name) {
        // A setting that is younger than the checkpoint has its default.
        let made = settings[name] ?? usual[name]
        if written[name] != made { throw .otherSetting(path: file, setting: name, written: written[name], made: made) }
      }
    }

    /// Refuses numbers that no checkpoint of `agent` holds.
    func check(_ agent: Agent, in folder: String) throws(RunError) {
      func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(RunError) {
        if !holds { throw .badCheckpoint(path: "\(folder)/state.json", reason: reason()) }
      }
      try require(
        lockfile == SHA256.hex(agent.taskSet.lockfile.utf8), "the hash of its task lockfile is not that of these tasks")
      try require((0...agent.rounds).contains(round), "its round is \(round), and the run has \(agent.rounds)")
      try require(
        steps == round * agent.shape.stepsPerRound,
        "it has \(steps) steps, and \(round) rounds have \(round * agent.shape.stepsPerRound)")
      let tasks = agent.taskSet.tasks.count
      try require(recent.count == tasks, "it has episodes of \(recent.count) tasks, and the run has \(tasks)")
      try require(recent.allSatisfy { $0.isPossible(steps: steps) }, "its counts of episodes contradict each other")
    }
  }

  /// Machine code on which bits depend.
  struct Kernels: Codable, Equatable {
    /// "v4", "v3" or "v2".
    var level: String
    /// The core that OpenBLAS chose.
    var openblasCore: String

    static var current: Kernels {
      Kernels(
        level: String(cString: ck_kernel_level_name()), openblasCore: String(cString: ck_blas_core_name()))
    }

    /// What differs where a run goes on with `other` kernels, in one sentence; nil where nothing does.
    func difference(to other: Kernels) -> String? {
      if self == other { return nil }
      // These are words of a file.
      let (level, core) = (level.printable(longest: 20), openblasCore.printable(longest: 20))
      return "the checkpoint was made with kernels \(level) and OpenBLAS core \(core), and this process has "
        + "\(other.level) and \(other.openblasCore): the weights will not be bit-identical to the uninterrupted run's; "
        + "POLYMATH_KERNELS=\(level) OPENBLAS_CORETYPE=\(core) brings them back where the processor can"
    }
  }
}

extension RunConfiguration {
  /// Names of settings that decide no bits: they may change between starts of a run.
  var freeSettings: [String] { settings.filter { !$0.decidesBits }.map(\.name) }

  /// Settings that decide bits, as `run.yaml` writes them, by name.
  var bound: [String: String] {
    Dictionary(uniqueKeysWithValues: settings.filter(\.decidesBits).map { ($0.name, $0.read(self)) })
  }
}
