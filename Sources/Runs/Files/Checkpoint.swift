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
    let state = try state(of: agent, in: folder)
    let model = try tensors("\(folder)/model.safetensors", hash: state.model)
    agent.taskSet = agent.taskSet.frozen(try takeModel(model.archive, into: agent, folder))
  }

  /// Sets `training` to where the checkpoint in `folder` was taken.
  /// - Returns: what else the checkpoint holds.
  static func restore(_ training: Training, from folder: String) throws -> State {
    let state = try state(of: training.agent, in: folder)
    let model = try tensors("\(folder)/model.safetensors", hash: state.model)
    let rest = try tensors("\(folder)/state.safetensors", hash: state.state)
    try restore(training, state, model: model.archive, rest: rest.archive, folder)
    return state
  }

  /// Takes over what was read from `folder`, after a look at every number of it.
  static func restore(
    _ training: Training, _ state: State, model: StateArchive, rest: StateArchive, _ folder: String
  ) throws {
    let statistics = try takeModel(model, into: training.agent, folder)
    try reading("\(folder)/state.safetensors") {
      try training.agent.learner.restoreTraining(from: rest)
      try training.engine.restoreState(from: rest, round: state.round, exact: state.exact)
    }
    if !state.exact { try reading("\(folder)/model.safetensors") { try training.adopt(statistics) } }
  }

  /// - Returns: what was learned of each task's observations.
  private static func takeModel(
    _ model: StateArchive, into agent: Agent, _ folder: String
  ) throws -> [ObservationStatistics?] {
    try reading("\(folder)/model.safetensors") {
      try agent.learner.restoreModel(from: model)
      return try agent.taskSet.tasks.map { task in
        guard task.parameters["wrappers"]?.contains("\(Wrapper.normalizeObservation)") == true else { return nil }
        let size = model.entry("observations.\(task.id).mean")?.shape.first ?? 0
        return ObservationStatistics(
          count: try model.doubles("observations.\(task.id).count", count: 1)[0],
          mean: try model.doubles("observations.\(task.id).mean", count: size),
          squares: try model.doubles("observations.\(task.id).squares", count: size))
      }
    }
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
