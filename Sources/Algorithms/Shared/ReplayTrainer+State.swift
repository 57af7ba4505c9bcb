import Engine
import Replay
import Tensors

extension ReplayTrainer {
  /// Adds what acting needs: the parameters of the network that acts.
  public func saveModel(into archive: inout StateArchive) { archive.add(networks[0].parameters) }

  /// Takes over a saved model; every version becomes it, and acts from now on.
  public func restoreModel(from archive: StateArchive) throws(EngineError) {
    try archive.restore(networks[0].parameters)
    for place in versions.places.indices {
      versions[place].parameters.copy(from: networks[0].parameters)
      versions[place].isRandom = false
    }
  }

  /// Adds the other networks, targets, moments, the replay, and how far learning has come.
  public func saveTraining(into archive: inout StateArchive) {
    for network in networks.dropFirst() { archive.add(network.parameters) }
    for network in networks { network.saveTraining(into: &archive) }
    archive.add("updates", [Double(updates)])
    archive.add("random_play", versions.places.map { $0.isRandom ? 1.0 : 0 })
    archive.add("replay.added", replay.added.map(Double.init))
    for task in tasks.indices {
      archive.add("replay.\(task)", SharedBytes(UnsafeRawBufferPointer(replay.records(task)), of: replay))
    }
  }

  public func restoreTraining(from archive: StateArchive) throws(EngineError) {
    for network in networks.dropFirst() { try archive.restore(network.parameters) }
    for network in networks { try network.restoreTraining(from: archive) }
    updates = try archive.counts("updates", count: 1)[0]
    let random = try archive.counts("random_play", count: versions.places.count, in: 0...1)
    for (place, flag) in random.enumerated() { versions[place].isRandom = flag == 1 }
    for (task, added) in try archive.counts("replay.added", count: tasks.count).enumerated() {
      replay.added[task] = added
      try archive.restore("replay.\(task)", to: replay.records(task).bindMemory(to: UInt8.self))
      if let problem = replay.problem(of: task) { throw .badState("replay.\(task) holds \(problem)") }
    }
  }
}
