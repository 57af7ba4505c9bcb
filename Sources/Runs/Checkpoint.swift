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
/// - `model.safetensors`: parameters, PopArt statistics and those of normalized observations: what evaluation needs.
/// - `state.safetensors`: optimiser slots, environments, recurrent state, experience collected ahead.
/// - `state.json`: the round, whether the environments could be saved, each task's last episodes, and the hashes of the
///   other two files.
enum Checkpoint {
  struct State: Codable {
    var round: Int
    /// Agent steps of the run.
    var steps: Int
    /// Whether a resumed run continues to the bit. False where an environment has no state to save.
    var exact: Bool
    /// SHA-256 of the files: what is damaged is refused before any of it is used.
    var model, state: String
    /// One a task.
    var recent: [Run.RecentEpisodes]
  }

  /// Writes the checkpoint of `training` into `folder`, which appears only when it is complete.
  /// - Returns: whether a resumed run continues to the bit.
  @discardableResult
  static func write(_ training: Training, recent: [Run.RecentEpisodes], to folder: String) throws -> Bool {
    let (agent, engine) = (training.agent, training.engine)
    let learner = agent.learner
    var model = TensorFile()
    model.metadata = ["lockfile": SHA256.hex(agent.taskSet.lockfile.utf8)]
    model.add(learner.layout, learner.parameters(version: engine.round))
    model.add("popart.mu", learner.popArt.mu)
    model.add("popart.nu", learner.popArt.nu)
    for (id, statistics) in zip(agent.taskSet.ids, training.statistics) {
      guard let statistics else { continue }
      model.add("observations.\(id).count", [statistics.count])
      model.add("observations.\(id).mean", statistics.mean)
      model.add("observations.\(id).squares", statistics.squares)
    }

    var archive = StateArchive()
    let exact = try engine.saveState(into: &archive)
    var state = TensorFile()
    state.metadata = model.metadata
    state.add(learner.layout, learner.optimizer.meanSquare, prefix: "mean_square.")
    if let momentum = learner.optimizer.momentum { state.add(learner.layout, momentum, prefix: "momentum.") }
    for entry in archive.entries {
      entry.bytes.withUnsafeBytes { state.add(entry.name, .bytes, shape: [$0.count], $0) }
    }
    let (modelBytes, stateBytes) = (model.encoded, state.encoded)
    let description = State(
      round: engine.round, steps: training.steps, exact: exact, model: SHA256.hex(modelBytes),
      state: SHA256.hex(stateBytes), recent: recent)
    try AtomicFile.writeFolder(folder) { folder in
      try AtomicFile.write(modelBytes, to: "\(folder)/model.safetensors")
      try AtomicFile.write(stateBytes, to: "\(folder)/state.safetensors")
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
      try AtomicFile.write(Array(encoder.encode(description)), to: "\(folder)/state.json")
    }
    return exact
  }

  /// Puts the parameters and statistics of `folder` into an agent's learner and its environments, for acting only.
  static func readModel(_ folder: String, into agent: inout Agent) throws {
    agent.taskSet = agent.taskSet.frozen(try readModel(folder, state(of: agent, in: folder), into: agent))
  }

  /// - Returns: what was learned of each task's observations.
  private static func readModel(_ folder: String, _ state: State, into agent: Agent) throws -> [ObservationStatistics?]
  {
    let path = "\(folder)/model.safetensors"
    let file = try tensors(path, hash: state.model)
    guard file.metadata["lockfile"] == SHA256.hex(agent.taskSet.lockfile.utf8) else {
      throw RunError.lockfileMismatch(path: path, difference: "the hash of its task lockfile is another one")
    }
    let tasks = agent.taskSet.tasks.count
    let (mu, nu) = try (
      file.doubles("popart.mu", count: tasks, path: path), file.doubles("popart.nu", count: tasks, path: path)
    )
    try agent.learner.restore(popArtMu: mu, nu: nu) { parameters throws(RunError) in
      try file.restore(agent.learner.layout, parameters, path: path)
    }
    return try agent.taskSet.ids.map { id in
      guard let size = file.tensor("observations.\(id).mean")?.shape.first else { return nil }
      return ObservationStatistics(
        count: try file.doubles("observations.\(id).count", count: 1, path: path)[0],
        mean: try file.doubles("observations.\(id).mean", count: size, path: path),
        squares: try file.doubles("observations.\(id).squares", count: size, path: path))
    }
  }

  /// Sets `training` to where the checkpoint in `folder` was taken.
  /// - Returns: each task's last episodes.
  static func restore(_ training: Training, from folder: String) throws -> [Run.RecentEpisodes] {
    let state = try state(of: training.agent, in: folder)
    let statistics = try readModel(folder, state, into: training.agent)
    let path = "\(folder)/state.safetensors"
    let file = try tensors(path, hash: state.state)
    let learner = training.agent.learner
    try file.restore(learner.layout, learner.optimizer.meanSquare, prefix: "mean_square.", path: path)
    if let momentum = learner.optimizer.momentum {
      try file.restore(learner.layout, momentum, prefix: "momentum.", path: path)
    }
    let archive = StateArchive(file.tensors.filter { $0.element == .bytes }.map { ($0.name, $0.bytes) })
    try training.engine.restoreState(from: archive, round: state.round, exact: state.exact)
    if !state.exact { training.adopt(statistics) }
    return state.recent
  }

  private static func state(of agent: Agent, in folder: String) throws -> State {
    let path = "\(folder)/state.json"
    let bytes = try AtomicFile.read(path)
    guard let state = try? JSONDecoder().decode(State.self, from: Data(bytes)),
      state.recent.count == agent.taskSet.tasks.count, (0...agent.rounds).contains(state.round),
      state.steps == state.round * agent.shape.stepsPerRound
    else {
      throw RunError.badCheckpoint(path: path, reason: "it does not describe a checkpoint of this run and this version")
    }
    return state
  }

  private static func tensors(_ path: String, hash: String) throws(RunError) -> TensorFile {
    let bytes = try AtomicFile.read(path)
    guard SHA256.hex(bytes) == hash else {
      throw .badCheckpoint(path: path, reason: "its bytes are not those that were saved")
    }
    return try TensorFile(bytes, path: path)
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
      throw .badCheckpoint(path: path, reason: "it has no \(name) of \(count) numbers")
    }
    let numbers = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
    guard numbers.allSatisfy(\.isFinite) else {
      throw .badCheckpoint(path: path, reason: "\(name) holds numbers that are not finite")
    }
    return numbers
  }

  /// Fills a buffer with the parameters of its layout.
  /// - Throws: `RunError.badCheckpoint` where one is missing, has another shape or is not finite.
  func restore(_ layout: ParameterLayout, _ buffer: ParameterBuffer, prefix: String = "", path: String) throws(RunError)
  {
    for entry in layout.entries {
      guard let tensor = tensor(prefix + entry.name) else {
        throw .badCheckpoint(path: path, reason: "it has no \(prefix)\(entry.name): it is of another network")
      }
      let shape = entry.parameter.shape
      guard tensor.element == .float32, tensor.shape == shape.array else {
        throw .badCheckpoint(
          path: path, reason: "\(prefix)\(entry.name) has shape \(tensor.shape), this network needs \(shape)")
      }
      let target = UnsafeMutableRawBufferPointer(buffer[entry.parameter])
      tensor.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
      guard ck_count_nonfinite(buffer[entry.parameter].baseAddress!, shape.count) == 0 else {
        throw .badCheckpoint(path: path, reason: "\(prefix)\(entry.name) holds numbers that are not finite")
      }
    }
  }
}
