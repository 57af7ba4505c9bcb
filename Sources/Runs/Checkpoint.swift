import Algorithms
import CKernels
import Engine
import Environments
import Foundation
import Layers
import Returns
import Tensors

/// The state of a run between two rounds, as a folder of three files.
///
/// - `model.safetensors`: parameters and PopArt statistics: what evaluation needs.
/// - `state.safetensors`: optimiser slots, environments, recurrent state, experience collected ahead.
/// - `state.json`: the round, whether the environments could be saved, and each task's last episodes.
public enum Checkpoint {
  struct State: Codable {
    var round: Int
    var steps: Int
    /// Whether a resumed run continues to the bit. False where an environment has no state to save.
    var exact: Bool
    var lockfile: String
    var recent: [Run.RecentEpisodes]
  }

  /// Writes the checkpoint of `training` into `folder`, which appears only when it is complete.
  /// - Returns: whether a resumed run continues to the bit.
  @discardableResult
  static func write(_ training: Training, recent: [Run.RecentEpisodes], to folder: String) throws -> Bool {
    let (learner, engine) = (training.learner, training.engine)
    let lockfile = SHA256.hex(training.taskSet.lockfile.utf8)
    var model = TensorFile()
    model.metadata = ["lockfile": lockfile, "round": "\(engine.round)"]
    model.add(learner.layout, learner.parameters(version: engine.round))
    model.add("popart.mu", learner.popArt.mu)
    model.add("popart.nu", learner.popArt.nu)

    var archive = StateArchive()
    let exact = try engine.saveState(into: &archive)
    var state = TensorFile()
    state.metadata = model.metadata
    state.add(learner.layout, learner.optimizer.meanSquare, prefix: "mean_square.")
    if let momentum = learner.optimizer.momentum { state.add(learner.layout, momentum, prefix: "momentum.") }
    for entry in archive.entries {
      entry.bytes.withUnsafeBytes { state.add(entry.name, .bytes, shape: [$0.count], $0) }
    }
    let description = State(
      round: engine.round, steps: training.steps, exact: exact, lockfile: lockfile, recent: recent)
    try AtomicFile.writeFolder(folder) { folder in
      try AtomicFile.write(model.encoded, to: "\(folder)/model.safetensors")
      try AtomicFile.write(state.encoded, to: "\(folder)/state.safetensors")
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
      try AtomicFile.write(Array(encoder.encode(description)), to: "\(folder)/state.json")
    }
    return exact
  }

  /// Puts the parameters and statistics of `folder` into a learner, as its version `round`.
  static func readModel(_ folder: String, into training: Training, round: Int) throws {
    let path = "\(folder)/model.safetensors"
    let file = try TensorFile(path: path)
    guard file.metadata["lockfile"] == SHA256.hex(training.taskSet.lockfile.utf8) else {
      throw RunError.lockfileMismatch(path: path, difference: "the hash of its task lockfile is another one")
    }
    try file.restore(training.learner.layout, training.learner.parameters(version: round), path: path)
    training.learner.restore(
      popArtMu: try file.doubles("popart.mu", count: training.taskSet.tasks.count, path: path),
      nu: try file.doubles("popart.nu", count: training.taskSet.tasks.count, path: path))
  }

  /// Sets `training` to where the checkpoint in `folder` was taken.
  /// - Returns: each task's last episodes.
  static func restore(_ training: Training, from folder: String) throws -> [Run.RecentEpisodes] {
    let statePath = "\(folder)/state.json"
    guard let state = try? JSONDecoder().decode(State.self, from: Data(AtomicFile.read(statePath))),
      state.recent.count == training.taskSet.tasks.count
    else { throw RunError.cannotRead(path: statePath, reason: "it does not describe a checkpoint of these tasks") }
    try readModel(folder, into: training, round: state.round)
    let path = "\(folder)/state.safetensors"
    let file = try TensorFile(path: path)
    let learner = training.learner
    try file.restore(learner.layout, learner.optimizer.meanSquare, prefix: "mean_square.", path: path)
    if let momentum = learner.optimizer.momentum {
      try file.restore(learner.layout, momentum, prefix: "momentum.", path: path)
    }
    let archive = StateArchive(file.tensors.filter { $0.element == .bytes }.map { ($0.name, $0.bytes) })
    try training.engine.restoreState(from: archive, round: state.round, exact: state.exact)
    return state.recent
  }
}

extension TensorFile {
  mutating func add(_ layout: ParameterLayout, _ buffer: ParameterBuffer, prefix: String = "") {
    for entry in layout.entries {
      add(
        prefix + entry.name, .float32, shape: entry.parameter.shape.array,
        UnsafeRawBufferPointer(buffer[entry.parameter]))
    }
  }

  mutating func add(_ name: String, _ numbers: [Double]) {
    numbers.withUnsafeBytes { add(name, .float64, shape: [numbers.count], $0) }
  }

  func doubles(_ name: String, count: Int, path: String) throws(RunError) -> [Double] {
    guard let tensor = tensor(name), tensor.element == .float64, tensor.shape == [count] else {
      throw .badTensorFile(path: path, reason: "it has no \(name) of \(count) numbers")
    }
    return tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
  }

  /// Fills a buffer with the parameters of its layout.
  /// - Throws: `RunError.badTensorFile` where one is missing, has another shape or is not finite.
  func restore(_ layout: ParameterLayout, _ buffer: ParameterBuffer, prefix: String = "", path: String) throws(RunError)
  {
    for entry in layout.entries {
      guard let tensor = tensor(prefix + entry.name) else {
        throw .badTensorFile(path: path, reason: "it has no \(prefix)\(entry.name): it is of another network")
      }
      let shape = entry.parameter.shape
      guard tensor.element == .float32, tensor.shape == shape.array else {
        throw .badTensorFile(
          path: path, reason: "\(prefix)\(entry.name) has shape \(tensor.shape), this network needs \(shape)")
      }
      let target = UnsafeMutableRawBufferPointer(buffer[entry.parameter])
      tensor.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
      guard ck_count_nonfinite(buffer[entry.parameter].baseAddress!, shape.count) == 0 else {
        throw .badTensorFile(path: path, reason: "\(prefix)\(entry.name) holds numbers that are not finite")
      }
    }
  }
}
