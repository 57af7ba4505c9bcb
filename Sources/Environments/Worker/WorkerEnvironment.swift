import CKernels
import CWorkers
import Foundation
import Synchronization
import Tensors

/// A batch of environments of one task in a worker process.
///
/// `step` hands the actions over and returns at once; `advance` copies what the worker wrote to the caller's rows. A
/// worker that dies, hangs or raises makes the waited-for descriptor readable too. Once it has been of use it is started again,
/// with seeds of the next generation: the step is lost, and marked so.
final class WorkerEnvironment: Environment {
  /// What the worker hosts.
  struct Program<Options: Encodable> {
    var task: String
    /// Which of the worker's batches.
    var kind: String
    /// One a slot, for a worker that was started again so many times.
    var seeds: (_ generation: Int) -> [UInt32]
    var options: Options
    var leaves: [WorkerLeaf]
    var action: ActionSpace
    /// Reports a truncation as a termination.
    var truncationTerminates = false
    /// Versions that the worker's packages must have, by the names that it gives them.
    var versions: [String: String] = [:]
    var deadlines = WorkerDeadlines()
  }

  private struct FirstPacket<Options: Encodable>: Encodable {
    let version = CWORKERS_VERSION
    let kind: String
    var slots = 0
    var seeds: [UInt32] = []
    /// Seconds to wait before anything else.
    var delay = 0.0
    let options: Options
    /// Without it the worker only describes its environments.
    var arrays: WorkerLayout?

    func encoded() throws -> Data {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return try encoder.encode(self)
    }
  }

  /// What is asked of the worker, and where the answer goes.
  private enum Pending {
    case none
    /// To be ready, and then to reset.
    case start(ObservationRows)
    case reset(ObservationRows)
    case step(StepRows)
  }

  let slots: Int
  private(set) var process: WorkerProcess
  private let start: (_ generation: Int, _ delay: Double) throws -> WorkerProcess
  private let layout: WorkerLayout
  private let leaves: [WorkerLeaf]
  private let action: ActionSpace
  private let truncationTerminates: Bool
  private let versions: [String: String]
  private var failures: [ContinuousClock.Instant] = []
  private var generation = 0
  /// Given up: every step is lost.
  private var isQuarantined = false
  /// Whether this worker has said that it is ready, and whether any has ever reset its environments.
  private var (isReady, wasOfUse) = (false, false)
  private var pending = Pending.none
  private let ledger = Mutex(EnvironmentLosses())

  /// Starts the worker, one slot for each seed. Its errors come with the first `reset`.
  init<Options: Encodable>(_ program: Program<Options>, python: String) throws {
    slots = program.seeds(0).count
    (leaves, action, versions) = (program.leaves, program.action, program.versions)
    truncationTerminates = program.truncationTerminates
    let layout = WorkerLayout(slots: slots, action: action, leaves: leaves)
    self.layout = layout
    start = { generation, delay in
      let seeds = program.seeds(generation)
      let packet = FirstPacket(
        kind: program.kind, slots: seeds.count, seeds: seeds, delay: delay, options: program.options, arrays: layout)
      var deadlines = program.deadlines
      deadlines.start += delay + deadlines.environment * Double(seeds.count)
      return try WorkerProcess(
        task: program.task, python: python, script: WorkerPython.resource("worker.py").path,
        memory: layout.byteCount, firstPacket: packet.encoded(), deadlines: deadlines)
    }
    process = try start(0, 0)
  }

  /// What the environments of `kind` with these options look like: asked of a worker that ends with its answer.
  static func describe<Options: Encodable>(
    _ task: String, kind: String, options: Options, python: String
  ) throws -> WorkerProcess.Ready {
    let process = try WorkerProcess(
      task: task, python: python, script: WorkerPython.resource("worker.py").path,
      memory: MemoryLayout<cworkers_header>.size, firstPacket: FirstPacket(kind: kind, options: options).encoded(),
      deadlines: WorkerDeadlines())
    defer { process.close() }
    return try process.waitUntilReady()
  }

  /// Seeds of replicas, each below 2^31: a simulator's own generator begins there and is never seeded again.
  static func seeds(task: String, replicas: Range<Int>, seed: UInt64, generation: Int = 0) -> [UInt32] {
    replicas.map { replica in
      let stream = RandomStream(
        seed: seed, task: task, replica: replica, generation: generation, purpose: .environment)
      var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      withUnsafeMutableBytes(of: &words) {
        ck_random_block($0.baseAddress!.assumingMemoryBound(to: UInt32.self), stream.address(step: 0), 0)
      }
      return words.0 >> 1
    }
  }

  var losses: EnvironmentLosses { ledger.withLock { $0 } }
  var recovery = WorkerRecovery()

  func reset(into observation: ObservationRows) throws -> StepProgress {
    try expectNothingPending()
    if isReady {
      try process.request(.reset)
      pending = .reset(observation)
    } else {
      pending = .start(observation)
    }
    return .waiting(fileDescriptor: process.fileDescriptor)
  }

  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    if isQuarantined {
      lose(rows)
      clear(rows.observation)
      return .done
    }
    try expectNothingPending()
    precondition(isReady, "the first call of an environment is reset")
    let actions = process.memory + layout.action.offset
    switch self.action {
    case .discrete(let count):
      let chosen = UnsafeBufferPointer(start: action.discrete!, count: slots)
      precondition(chosen.allSatisfy { $0 >= 0 && $0 < count }, "an action of \(process.task) is in 0..<\(count)")
      actions.copyMemory(from: action.discrete!, byteCount: layout.action.bytes)
    case .box:
      actions.copyMemory(from: action.box!, byteCount: layout.action.bytes)
    }
    try process.request(.step)
    pending = .step(rows)
    return .waiting(fileDescriptor: process.fileDescriptor)
  }

  func advance() throws -> StepProgress {
    while true {
      do {
        switch pending {
        case .none: return .done
        case .start(let observation):
          guard let ready = try process.readiness() else { break }
          try check(ready)
          isReady = true
          try process.request(.reset)
          pending = .reset(observation)
        case .reset(let observation):
          guard try process.isComplete() else { break }
          copy(layout.observation, to: observation, slots: 0..<slots)
          (pending, wasOfUse) = (.none, true)
          return .done
        case .step(let rows):
          guard try process.isComplete() else { break }
          finish(rows)
          pending = .none
          ledger.withLock { $0.received += slots }
          return .done
        }
        return .waiting(fileDescriptor: process.fileDescriptor)
      } catch let error as EnvironmentError {
        try recover(from: error)
      }
    }
  }

  func saveState() throws -> [UInt8]? { nil }

  func restoreState(_ state: [UInt8]) throws {
    throw EnvironmentError.badState(task: process.task, reason: "it lives in another process and can't be restored")
  }

  private func expectNothingPending() throws {
    try process.checkRunning()
    guard case .none = pending else { preconditionFailure("the last request to \(process.task) is not complete") }
  }

  private func check(_ ready: WorkerProcess.Ready) throws {
    for (package, version) in versions.sorted(by: { $0.key < $1.key }) where ready.versions[package] != version {
      process.close()
      let found = ready.versions[package] ?? "none"
      throw EnvironmentError.pythonMissing(
        reason: "\(process.task) is defined with \(package) \(version), and \(found) is installed")
    }
  }

  /// Starts the worker again after `error`, and marks what was under way as lost.
  ///
  /// - Throws: `error` where the worker never was of use, or has been started again too often.
  private func recover(from error: EnvironmentError) throws {
    var delay = try bear(error)
    let next: ObservationRows
    switch pending {
    case .none: preconditionFailure("nothing was asked of the worker that failed")
    case .start(let observation), .reset(let observation): next = observation
    case .step(let rows):
      lose(rows)
      next = rows.observation
    }
    (pending, isReady) = (.start(next), false)
    while let wait = delay {
      generation += 1
      do {
        process = try start(generation, wait)
        return
      } catch let failure as EnvironmentError {
        // What prevents a start is one more failure.
        delay = try bear(failure)
      }
    }
    clear(next)
    pending = .none
  }

  /// Notes a failure.
  /// - Returns: Seconds to wait before another start; nil where the batch is given up.
  private func bear(_ error: EnvironmentError) throws -> Double? {
    if !wasOfUse { throw error }
    failures.append(.now)
    let delay = recovery.delay(after: &failures)
    if delay == nil, recovery.afterwards == .end { throw error }
    isQuarantined = delay == nil
    ledger.withLock {
      $0.reason = error.summary
      if delay == nil { $0.quarantined = true } else { $0.restarts += 1 }
    }
    return delay
  }

  private func clear(_ rows: ObservationRows) {
    for (index, leaf) in leaves.enumerated() {
      rows.leaves[index].initializeMemory(as: UInt8.self, repeating: 0, count: slots * leaf.leaf.byteCount)
    }
  }

  /// A step that nobody made: its episodes are cut off there, and nothing is to be learned from them.
  private func lose(_ rows: StepRows) {
    for slot in 0..<slots {
      (rows.reward[slot], rows.terminated[slot], rows.truncated[slot]) = (0, 0, 1)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (0, 0, 0)
    }
    clear(rows.finalObservation)
    ledger.withLock { $0.lost += slots }
  }

  private func finish(_ rows: StepRows) {
    copy(layout.observation, to: rows.observation, slots: 0..<slots)
    copy(layout.reward, to: rows.reward)
    copy(layout.terminated, to: rows.terminated)
    copy(layout.truncated, to: rows.truncated)
    copy(layout.valid, to: rows.valid)
    copy(layout.success, to: rows.success)
    copy(layout.lives, to: rows.lives)
    for slot in 0..<slots where rows.terminated[slot] | rows.truncated[slot] != 0 {
      copy(layout.final, to: rows.finalObservation, slots: slot..<slot + 1)
      if truncationTerminates { (rows.terminated[slot], rows.truncated[slot]) = (1, 0) }
    }
  }

  private func copy(_ block: WorkerLayout.Block, to row: UnsafeMutableRawPointer) {
    row.copyMemory(from: process.memory + block.offset, byteCount: block.bytes)
  }

  private func copy(_ blocks: [WorkerLayout.Block], to rows: ObservationRows, slots: Range<Int>) {
    for (index, leaf) in leaves.enumerated() {
      let bytes = leaf.leaf.byteCount
      let source = process.memory + blocks[index].offset
      guard leaf.planesFirst else {
        let first = slots.lowerBound * bytes
        (rows.leaves[index] + first).copyMemory(from: source + first, byteCount: slots.count * bytes)
        continue
      }
      let planes = leaf.leaf.shape[2]
      for slot in slots {
        cworkers_interleave_planes(
          (rows.leaves[index] + slot * bytes).assumingMemoryBound(to: UInt8.self),
          (source + slot * bytes).assumingMemoryBound(to: UInt8.self), planes, bytes / planes)
      }
    }
  }
}
