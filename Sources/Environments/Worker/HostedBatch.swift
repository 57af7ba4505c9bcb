import CKernels
import CWorkers
import Foundation
import Synchronization
import Tensors

/// What a worker hosts for one task.
struct WorkerProgram {
  var task: String
  /// Which of the worker's batches.
  var kind: String
  /// One a slot, for a worker that was started again so many times.
  var seeds: (_ generation: Int) -> [UInt32]
  var options: any Encodable
  var leaves: [WorkerLeaf]
  var action: ActionSpace
  /// Reports a truncation as a termination.
  var truncationTerminates = false
  /// What its Python must have.
  var packages = PythonPackages([:])
  /// Where the process runs: the user's folder, by which environments of the user's own find their files. nil for a temporary
  /// folder, into which simulators may write what they like.
  var directory: String?
  /// Seconds that one environment may take to be made, reset or stepped; nil for those of the worker.
  var timeout: Double?

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
}

/// One task's environments within a worker: what they were asked, where the answer goes, and what was lost of them.
final class HostedBatch {
  /// What is asked of the batch, and where the answer goes.
  enum Request {
    case reset(ObservationRows)
    case step(StepRows)

    var command: WorkerProcess.Command {
      switch self {
      case .reset: .reset
      case .step: .step
      }
    }
  }

  /// How far a request has come.
  enum Pending {
    case none
    /// The worker was not told of it yet.
    case waiting(Request)
    case sent(Request)

    var request: Request? {
      switch self {
      case .none: nil
      case .waiting(let request), .sent(let request): request
      }
    }
  }

  /// What the batch's environments can do next.
  enum Environments {
    /// They must be reset before they can step.
    case fresh
    /// They begin in a state that the worker was not told yet.
    case saved(Data)
    case running
    /// Every step is lost.
    case quarantined
  }

  /// The most that its environments ever did.
  enum Use: Comparable { case none, reset, stepped }

  let program: WorkerProgram
  let slots: Int
  let layout: WorkerLayout
  var pending = Pending.none
  var environments = Environments.fresh
  private(set) var use = Use.none
  /// What this process has done for the batch: its steps, and when its first episodes had begun.
  private var (steps, began) = (0, ContinuousClock.Instant?.none)
  /// Whether the process before failed early.
  var failedEarly = false
  var failures: [ContinuousClock.Instant] = []
  let ledger = Mutex(EnvironmentLosses())

  init(_ program: WorkerProgram, at offset: Int) {
    self.program = program
    slots = program.seeds(0).count
    layout = WorkerLayout(slots: slots, action: program.action, leaves: program.leaves, at: offset)
  }

  /// What the worker is to do next, in its numbers.
  var command: WorkerProcess.Command { pending.request?.command ?? .nothing }

  var isQuarantined: Bool { if case .quarantined = environments { true } else { false } }

  func write(_ action: ActionRows, to memory: UnsafeMutableRawPointer) {
    let actions = memory + layout.action.offset
    switch program.action {
    case .discrete(let count):
      let chosen = UnsafeBufferPointer(start: action.discrete!, count: slots)
      precondition(chosen.allSatisfy { $0 >= 0 && $0 < count }, "an action of \(program.task) is in 0..<\(count)")
      actions.copyMemory(from: action.discrete!, byteCount: layout.action.bytes)
    case .box:
      actions.copyMemory(from: action.box!, byteCount: layout.action.bytes)
    }
  }

  /// Copies what the worker wrote to where it was asked for, if it was.
  ///
  /// - Throws: `EnvironmentError.workerFailed` where a number is not finite.
  func finish(from memory: UnsafeMutableRawPointer) throws {
    guard case .sent(let request) = pending else { return }
    switch request {
    case .reset(let observation):
      try copy(layout.observation, to: observation, slots: 0..<slots, from: memory)
      (environments, use) = (.running, max(use, .reset))
      began = began ?? .now
    case .step(let rows):
      try copy(layout.observation, to: rows.observation, slots: 0..<slots, from: memory)
      copy(layout.reward, to: rows.reward, from: memory)
      copy(layout.terminated, to: rows.terminated, from: memory)
      copy(layout.truncated, to: rows.truncated, from: memory)
      copy(layout.valid, to: rows.valid, from: memory)
      copy(layout.success, to: rows.success, from: memory)
      copy(layout.lives, to: rows.lives, from: memory)
      for slot in 0..<slots {
        if !rows.reward[slot].isFinite { throw broken("a reward of \(rows.reward[slot])") }
        if rows.terminated[slot] | rows.truncated[slot] == 0 { continue }
        try copy(layout.final, to: rows.finalObservation, slots: slot..<slot + 1, from: memory)
        if program.truncationTerminates { (rows.terminated[slot], rows.truncated[slot]) = (1, 0) }
      }
      use = .stepped
      began = began ?? .now
      steps += 1
      ledger.withLock { $0.received += slots }
    }
    pending = .none
  }

  /// A step that nobody made: its episodes are cut off there, and nothing is to be learned from them. What follows is
  /// to be the first observation of others.
  func lose(_ rows: StepRows) {
    for slot in 0..<slots {
      (rows.reward[slot], rows.terminated[slot], rows.truncated[slot]) = (0, 0, 1)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (0, 0, 0)
    }
    clear(rows.finalObservation)
    ledger.withLock { $0.lost += slots }
  }

  /// The process is no more.
  func forget() {
    switch pending.request {
    case .none: break
    case .reset(let observation): pending = .waiting(.reset(observation))
    case .step(let rows):
      lose(rows)
      pending = .waiting(.reset(rows.observation))
    }
    (environments, steps, began) = (.fresh, 0, nil)
  }

  /// Whether the process has not yet been at work for a while.
  func isEarly(_ recovery: WorkerRecovery) -> Bool {
    steps < recovery.earlySteps && began.map { .now - $0 < .seconds(recovery.earlySeconds) } ?? true
  }

  func quarantine() {
    forget()
    if case .reset(let observation) = pending.request { clear(observation) }
    (pending, environments) = (.none, .quarantined)
    ledger.withLock { $0.quarantined = true }
  }

  func clear(_ rows: ObservationRows) {
    for (index, leaf) in program.leaves.enumerated() {
      rows.leaves[index].initializeMemory(as: UInt8.self, repeating: 0, count: slots * leaf.leaf.byteCount)
    }
  }

  private func broken(_ what: String) -> EnvironmentError {
    .workerFailed(task: program.task, reason: "gave \(what)", log: "")
  }

  private func copy(_ block: WorkerLayout.Block, to row: UnsafeMutableRawPointer, from memory: UnsafeMutableRawPointer)
  {
    row.copyMemory(from: memory + block.offset, byteCount: block.bytes)
  }

  private func copy(
    _ blocks: [WorkerLayout.Block], to rows: ObservationRows, slots: Range<Int>, from memory: UnsafeMutableRawPointer
  ) throws {
    for (index, leaf) in program.leaves.enumerated() {
      let bytes = leaf.leaf.byteCount
      let source = memory + blocks[index].offset
      guard leaf.planesFirst else {
        let first = slots.lowerBound * bytes
        let row = rows.leaves[index] + first
        row.copyMemory(from: source + first, byteCount: slots.count * bytes)
        if leaf.leaf.element == .float32 {
          let count = slots.count * leaf.leaf.elementCount
          let bad = cworkers_first_not_finite(row.assumingMemoryBound(to: Float.self), count)
          if bad < count {
            throw broken(
              "an observation whose number \(bad % leaf.leaf.elementCount) is "
                + "\(row.assumingMemoryBound(to: Float.self)[bad])")
          }
        }
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
