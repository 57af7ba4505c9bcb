import Environments

extension Group {
  /// Saves the group after it has acted in the rounds `ahead` of learning.
  /// - Returns: whether every environment can be restored exactly.
  func saveState(into archive: inout StateArchive, name: String, ahead: Range<Int>) throws -> Bool {
    archive.add("\(name).carry", carry.saveState())
    episodes.save(into: &archive, name: name)
    var exact = true
    for (index, batch) in batches.enumerated() {
      if let state = try batch.environment.saveState() {
        archive.add("\(name).environment\(index)", state)
      } else {
        exact = false
      }
    }
    for (number, round) in ahead.enumerated() { record(round).save(into: &archive, name: "\(name).ahead\(number)") }
    // Last, as a worker that fails now has lost more and begins another generation.
    RoundRecord.save(totalLosses, into: &archive, name: name)
    archive.add("\(name).worker_generation", withUnsafeBytes(of: worker.generation, Array.init))
    return exact
  }

  /// Goes on where a saved group stopped. Environments without saved state begin fresh episodes; then so does the
  /// group.
  func restoreState(from archive: StateArchive, name: String, ahead: Range<Int>, exact: Bool) throws {
    earlierLosses = try RoundRecord.losses(from: archive, name: name, batches: batches.count)
    // What was given up is tried again.
    for batch in batches.indices { earlierLosses[batch].quarantined = false }
    var generation = 0
    try withUnsafeMutablePointer(to: &generation) {
      try archive.restore("\(name).worker_generation", to: UnsafeMutableBufferPointer(start: $0, count: 1))
    }
    guard (0..<1 << 32).contains(generation) else {
      throw EngineError.badState("\(name) has generation \(generation) of its worker, and should have a small count")
    }
    // Fresh episodes are not to be those that were played already.
    worker.begin(generation: generation + (exact ? 0 : 1))
    guard exact else { return }
    let columnTasks = Dictionary(uniqueKeysWithValues: zip(range, tasks))
    for (number, round) in ahead.enumerated() {
      try record(round).restore(
        from: archive, name: "\(name).ahead\(number)", tasks: columnTasks, batches: batches.count)
    }
    try carry.restoreState(archive.bytes("\(name).carry"), action: action, allowed: allowedActions)
    try episodes.restore(from: archive, name: name)
    for (index, batch) in batches.enumerated() {
      try batch.environment.restoreState(archive.bytes("\(name).environment\(index)"))
    }
    stage = .ready
  }
}
