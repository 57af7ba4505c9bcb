import CKernels
import CWorkers
import Foundation
import Tensors

/// A batch of environments of one task in a worker process.
///
/// `step` hands the actions over and returns at once; `advance` copies what the worker wrote to the caller's rows. A
/// worker that dies, hangs or raises makes the waited-for descriptor readable too, and `advance` throws.
final class WorkerEnvironment: Environment {
  /// What the worker hosts.
  struct Program<Options: Encodable> {
    var task: String
    /// Which of the worker's batches.
    var kind: String
    var seeds: [UInt32]
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
    case reset(ObservationRows)
    case step(StepRows)
  }

  let slots: Int
  let process: WorkerProcess
  private let layout: WorkerLayout
  private let leaves: [WorkerLeaf]
  private let action: ActionSpace
  private let truncationTerminates: Bool
  private let versions: [String: String]
  private var isReady = false
  private var pending = Pending.none

  /// Starts the worker, one slot for each seed. Its errors come with the first `reset`.
  init<Options: Encodable>(_ program: Program<Options>, python: String) throws {
    slots = program.seeds.count
    (leaves, action, versions) = (program.leaves, program.action, program.versions)
    truncationTerminates = program.truncationTerminates
    layout = WorkerLayout(slots: slots, action: action, leaves: leaves)
    let packet = FirstPacket(
      kind: program.kind, slots: slots, seeds: program.seeds, options: program.options, arrays: layout)
    process = try WorkerProcess(
      task: program.task, python: python, script: WorkerPython.resource("worker.py").path,
      memory: layout.byteCount, firstPacket: packet.encoded(), deadlines: program.deadlines)
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
  static func seeds(task: String, replicas: Range<Int>, seed: UInt64) -> [UInt32] {
    replicas.map { replica in
      let stream = RandomStream(seed: seed, task: task, replica: replica, purpose: .environment)
      var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      withUnsafeMutableBytes(of: &words) {
        ck_random_block($0.baseAddress!.assumingMemoryBound(to: UInt32.self), stream.address(step: 0), 0)
      }
      return words.0 >> 1
    }
  }

  func reset(into observation: ObservationRows) throws -> StepProgress {
    try process.checkRunning()
    if !isReady {
      let found = try process.waitUntilReady().versions
      for (package, version) in versions.sorted(by: { $0.key < $1.key }) where found[package] != version {
        process.close()
        throw EnvironmentError.pythonMissing(
          reason: "\(process.task) is defined with \(package) \(version), and \(found[package] ?? "none") is installed")
      }
      isReady = true
    }
    return try request(.reset, .reset(observation))
  }

  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    try process.checkRunning()
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
    return try request(.step, .step(rows))
  }

  func advance() throws -> StepProgress {
    if case .none = pending { return .done }
    guard try process.isComplete() else { return .waiting(fileDescriptor: process.fileDescriptor) }
    switch pending {
    case .none: break
    case .reset(let observation): copy(layout.observation, to: observation, slots: 0..<slots)
    case .step(let rows): finish(rows)
    }
    pending = .none
    return .done
  }

  func saveState() throws -> [UInt8]? { nil }

  func restoreState(_ state: [UInt8]) throws {
    throw EnvironmentError.badState(task: process.task, reason: "it lives in another process and can't be restored")
  }

  private func request(_ command: WorkerProcess.Command, _ next: Pending) throws -> StepProgress {
    guard case .none = pending else { preconditionFailure("the last request to \(process.task) is not complete") }
    try process.request(command)
    pending = next
    return .waiting(fileDescriptor: process.fileDescriptor)
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
