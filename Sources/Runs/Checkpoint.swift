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
/// - `model.safetensors`: the learner's model and statistics of normalized observations: what evaluation needs.
/// - `state.safetensors`: optimiser slots, replay, environments, recurrent state, experience collected ahead.
/// - `state.json`: what the checkpoint is of, and the hashes of all three (`State`).
enum Checkpoint {
  /// Writes the checkpoint of `training` into `folder`, which appears only when it is complete.
  /// - Returns: whether a resumed run is bit-identical.
  @discardableResult
  static func write(_ training: Training, recent: [Run.RecentEpisodes], to folder: String) throws -> Bool {
    let (agent, engine) = (training.agent, training.engine)
    var (model, state) = (StateArchive(), StateArchive())
    agent.learner.saveModel(into: &model)
    for (id, statistics) in zip(agent.taskSet.ids, training.statistics) {
      guard let statistics else { continue }
      model.add("observations.\(id).count", [statistics.count])
      model.add("observations.\(id).mean", statistics.mean)
      model.add("observations.\(id).squares", statistics.squares)
    }
    agent.learner.saveTraining(into: &state)
    let exact = try engine.saveState(into: &state)
    let metadata = ["lockfile": SHA256.hex(agent.taskSet.lockfile.utf8)]
    try AtomicFile.writeFolder(folder) { folder in
      let description = State(
        of: training, exact: exact,
        model: try write(TensorFile(model, metadata: metadata), to: "\(folder)/model.safetensors"),
        state: try write(TensorFile(state, metadata: metadata), to: "\(folder)/state.safetensors"), recent: recent)
      try AtomicFile.write(description.json, to: "\(folder)/state.json")
    }
    return exact
  }

  /// - Returns: the hash of what was written.
  private static func write(_ file: TensorFile, to path: String) throws(RunError) -> String {
    var hash = SHA256()
    try AtomicFile.write(to: path) { write throws(RunError) in
      try file.forEachPart { part throws(RunError) in
        hash.update(part)
        try write(part)
      }
    }
    return hash.finalize()
  }

  /// Puts the parameters and statistics of `folder` into an agent's learner and its environments, for acting only.
  static func readModel(_ folder: String, into agent: inout Agent) throws {
    agent.taskSet = agent.taskSet.frozen(try readModel(folder, state(of: agent, in: folder), into: agent))
  }

  /// - Returns: what was learned of each task's observations.
  private static func readModel(
    _ folder: String, _ state: State, into agent: Agent
  ) throws -> [ObservationStatistics?] {
    let path = "\(folder)/model.safetensors"
    let file = try tensors(path, hash: state.model)
    return try reading(path) {
      try agent.learner.restoreModel(from: file.archive)
      return try agent.taskSet.ids.map { id in
        guard let size = file.archive.entry("observations.\(id).mean")?.shape.first else { return nil }
        return ObservationStatistics(
          count: try file.archive.doubles("observations.\(id).count", count: 1)[0],
          mean: try file.archive.doubles("observations.\(id).mean", count: size),
          squares: try file.archive.doubles("observations.\(id).squares", count: size))
      }
    }
  }

  /// Sets `training` to where the checkpoint in `folder` was taken.
  /// - Returns: what else the checkpoint holds.
  static func restore(_ training: Training, from folder: String) throws -> State {
    let state = try state(of: training.agent, in: folder)
    let statistics = try readModel(folder, state, into: training.agent)
    let path = "\(folder)/state.safetensors"
    let file = try tensors(path, hash: state.state)
    try reading(path) {
      try training.agent.learner.restoreTraining(from: file.archive)
      try training.engine.restoreState(from: file.archive, round: state.round, exact: state.exact)
    }
    if !state.exact { try reading("\(folder)/model.safetensors") { try training.adopt(statistics) } }
    return state
  }

  private static func state(of agent: Agent, in folder: String) throws(RunError) -> State {
    let state = try State(in: folder)
    try state.check(agent, in: folder)
    return state
  }

  private static func tensors(_ path: String, hash: String) throws(RunError) -> TensorFile {
    let bytes = try AtomicFile.map(path)
    guard bytes.withUnsafeBytes({ SHA256.hex($0) }) == hash else {
      throw .badCheckpoint(path: path, reason: "its bytes are not those that were saved")
    }
    return try TensorFile(bytes, path: path)
  }

  /// Says which file it was.
  private static func reading<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as EngineError {
      throw RunError.badCheckpoint(path: path, reason: error.description)
    } catch EnvironmentError.badState(let task, let reason) {
      throw RunError.badCheckpoint(path: path, reason: "the environments of \(task) can't be in this state: \(reason)")
    }
  }
}
