import CWorkers
import Foundation
import Synchronization

/// The process that hosts environments of one group, of one task or of several; started with the first request, and again when it
/// fails. A group of native environments has no use for it, and no process starts.
///
/// Requests of its batches go out together: a step begins when the last of them has asked for one, or when one of them is
/// told to go on. Used by one thread at a time.
public final class Worker {
  private enum State {
    /// No process: nothing was asked for yet, or all batches were given up.
    case idle
    /// The process makes its environments.
    case starting(WorkerProcess)
    /// The process waits for requests.
    case ready(WorkerProcess)
    case working(WorkerProcess)
    /// It takes no more requests.
    case ended
  }

  private let recovery: WorkerRecovery
  private let deadlines: WorkerDeadlines
  /// nil until it was looked for.
  private var python: String?
  private var batches: [HostedBatch] = []
  private var state = State.idle
  /// How many processes there were before, each with seeds of its own.
  public private(set) var generation = 0

  /// Always readable: what a batch waits for whose request goes out when it asks again.
  private var signal: Int32?

  public convenience init(recovery: WorkerRecovery = WorkerRecovery()) {
    self.init(recovery: recovery, deadlines: WorkerDeadlines(), python: nil)
  }

  /// - Parameter python: nil for the one that `WorkerPython` finds.
  init(recovery: WorkerRecovery, deadlines: WorkerDeadlines, python: String?) {
    (self.recovery, self.deadlines, self.python) = (recovery, deadlines, python)
  }

  deinit { if let signal { Foundation.close(signal) } }

  var process: WorkerProcess? {
    switch state {
    case .idle, .ended: nil
    case .starting(let process), .ready(let process), .working(let process): process
    }
  }

  /// Ends the processes of these workers, all at once: every environment is closed, and what does not end in time is killed.
  /// After that they take no more requests.
  public static func close(_ workers: [Worker]) {
    WorkerProcess.close(workers.compactMap(\.process))
    for worker in workers { worker.state = .ended }
  }

  /// Ends all worker processes of this program, which is about to leave without more ado; threads may be using them still.
  ///
  /// - Parameter seconds: What environments have to be closed in.
  public static func endAll(within seconds: Double) { WorkerProcess.endAll(within: seconds) }

  /// Begins with seeds that no environment before `generation` has had.
  ///
  /// - Precondition: Nothing was asked of it yet.
  public func begin(generation: Int) {
    precondition(process == nil, "a worker's generation is set before its process starts")
    self.generation = generation
  }

  func host(_ program: WorkerProgram) throws -> HostedBatch {
    guard case .idle = state else { preconditionFailure("a worker is given its environments before the first request") }
    let python = try self.python ?? WorkerPython.locate(packages: program.packages)
    try program.packages.check(in: python, for: program.task)
    self.python = python
    // Everything of the header lies on the first page.
    let batch = HostedBatch(program, at: batches.last?.layout.end ?? MemoryLayout<cworkers_header>.size)
    guard batches.count < Int(CWORKERS_MOST_BATCHES) else {
      throw EnvironmentError.refused(
        task: program.task,
        reason: "a group has more than \(CWORKERS_MOST_BATCHES) batches of environments: set groups to a multiple of it"
      )
    }
    batches.append(batch)
    return batch
  }

  func ask(_ request: HostedBatch.Request, of batch: HostedBatch, action: ActionRows? = nil) throws -> StepProgress {
    if case .ended = state {
      throw EnvironmentError.workerFailed(task: batch.program.task, reason: "has ended already", log: "")
    }
    guard case .none = batch.pending else {
      preconditionFailure("the last request to \(batch.program.task) is not complete")
    }
    do {
      let process = try self.process ?? start(after: 0)
      batch.pending = .waiting(request)
      if case .step(let rows) = request, case .fresh = batch.environments {
        precondition(batch.use > .none, "the first call of an environment is reset")
        batch.lose(rows)
        batch.pending = .waiting(.reset(rows.observation))
      } else if let action {
        batch.write(action, to: process.memory)
      }
      if case .ready = state, batches.allSatisfy({ $0.isQuarantined || $0.command != .nothing }) {
        try send(to: process)
      }
    } catch let error as EnvironmentError {
      try recover(from: error)
    }
    switch state {
    case .idle, .ended: return .done
    case .starting(let process), .working(let process): return .waiting(fileDescriptor: process.fileDescriptor)
    case .ready:
      let signal = self.signal ?? cworkers_open_signal()
      precondition(signal >= 0, "the system refused a descriptor: \(String(cString: strerror(errno)))")
      self.signal = signal
      return .waiting(fileDescriptor: signal)
    }
  }

  func advance(_ batch: HostedBatch) throws -> StepProgress {
    while batch.command != .nothing {
      do {
        switch state {
        case .idle, .ended: return .done
        case .starting(let process):
          guard let ready = try process.readiness() else { return .waiting(fileDescriptor: process.fileDescriptor) }
          try check(ready, of: process)
          state = .ready(process)
        case .ready(let process): try send(to: process)
        case .working(let process):
          guard try process.isComplete() else { return .waiting(fileDescriptor: process.fileDescriptor) }
          state = .ready(process)
          for (index, batch) in batches.enumerated() {
            do { try batch.finish(from: process.memory) } catch {
              process.close(blaming: index)
              throw error
            }
          }
        }
      } catch let error as EnvironmentError {
        try recover(from: error)
      }
    }
    return .done
  }

  /// The state of a batch's environments, nil where it can't be had. Waits for it.
  func saveState(of batch: HostedBatch) throws -> Data? {
    if case .saved(let state) = batch.environments { return state }
    guard case .ready(let process) = state, case .running = batch.environments,
      let index = batches.firstIndex(where: { $0 === batch })
    else { return nil }
    do {
      process.setCommand(.save, of: index)
      for other in batches.indices where other != index { process.setCommand(.nothing, of: other) }
      try process.request(.work)
      while try !process.isComplete() { _ = cworkers_wait(process.fileDescriptor, 1) }
      let state = try Data(contentsOf: URL(filePath: process.folder.state(of: index)))
      return state.isEmpty ? nil : state
    } catch let error as EnvironmentError {
      try recover(from: error)
      return nil
    }
  }

  /// Lets a batch, which is not given up, go on from a state. The worker reads it with the next request.
  func restoreState(_ state: Data, of batch: HostedBatch) { batch.environments = .saved(state) }

  /// Sends every request that waits to be.
  private func send(to process: WorkerProcess) throws {
    for (index, batch) in batches.enumerated() {
      process.setCommand(.nothing, of: index)
      guard let request = batch.pending.request else { continue }
      var command = request.command
      if case .saved(let state) = batch.environments {
        do { try state.write(to: URL(filePath: process.folder.state(of: index))) } catch {
          process.close(blaming: index)
          throw EnvironmentError.workerFailed(
            task: batch.program.task,
            reason: "can't be given its state, as \(process.folder.path) can't be written: "
              + "free space, or set TMPDIR", log: "")
        }
        command.insert(.restore)
        batch.environments = .running
      }
      process.setCommand(command, of: index)
      batch.pending = .sent(request)
    }
    try process.request(.work)
    state = .working(process)
  }

  /// Starts the process with the batches that are not given up.
  @discardableResult
  private func start(after delay: Double) throws -> WorkerProcess {
    let hosted = batches.enumerated().filter { !$0.element.isQuarantined }
    var file = StartFile(delay: delay)
    file.batches = hosted.map { index, batch in
      StartFile.Batch(index: index, batch.program, seeds: batch.program.seeds(generation), batch.layout)
    }
    let deadlines = self.deadlines.with(step: hosted.compactMap(\.element.program.timeout).max())
    let process = try WorkerProcess(
      hosts: batches.map(\.program.task), python: python!, directory: batches[0].program.directory,
      memory: batches.last!.layout.end, start: file, deadlines: deadlines)
    state = .starting(process)
    return process
  }

  private func check(_ ready: WorkerProcess.Ready, of process: WorkerProcess) throws {
    let hosted = batches.enumerated().filter { !$0.element.isQuarantined }
    for ((index, batch), versions) in zip(hosted, ready.versions) {
      do { try batch.program.packages.check(installed: versions, in: python!, for: batch.program.task) } catch {
        process.close(blaming: index)
        throw error
      }
    }
  }

  /// Starts the process again after `error`, and marks what was under way as lost.
  ///
  /// - Throws: `error` where what failed never was of use, or has failed too often.
  private func recover(from error: EnvironmentError) throws {
    let failure = process?.failure
    // What prevents a start is not the environments' fault.
    let isOwn = failure.map { !$0.isFromOutside } ?? false
    state = .idle
    let blamed = failure?.culprit.map { [batches[$0]] } ?? batches.filter { !$0.isQuarantined }
    var delay = 0.0
    for batch in blamed {
      if batch.use == .none || isOwn && batch.use < .stepped { try end(with: error) }
      batch.failures.append(.now)
      batch.ledger.withLock { $0.reason = error.summary }
      let isEarly = isOwn && batch.isEarly(recovery)
      defer { batch.failedEarly = isEarly }
      if !(isEarly && batch.failedEarly), let wait = recovery.delay(after: &batch.failures) {
        delay = max(delay, wait)
        batch.ledger.withLock { $0.restarts += 1 }
      } else if recovery.afterwards == .end {
        try end(with: error)
      } else {
        batch.quarantine()
      }
    }
    for batch in batches where !batch.isQuarantined { batch.forget() }
    guard batches.contains(where: { !$0.isQuarantined }) else { return }
    generation += 1
    do { try start(after: delay) } catch let failure as EnvironmentError {
      // What prevents a start is one more failure.
      try recover(from: failure)
    }
  }

  private func end(with error: EnvironmentError) throws -> Never {
    state = .ended
    for batch in batches { batch.pending = .none }
    throw error
  }
}
