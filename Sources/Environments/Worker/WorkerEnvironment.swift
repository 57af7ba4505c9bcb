import Foundation
import Synchronization

/// A batch of environments of one task in a worker process, which may host others beside it.
///
/// `step` hands the actions over and returns at once; `advance` copies what the worker wrote to the caller's rows. A
/// worker that dies, hangs or raises makes the waited-for descriptor readable too. Once it has been of use it is started again,
/// with seeds of the next generation: the step is lost, and marked so.
final class WorkerEnvironment: Environment {
  let worker: Worker
  private let batch: HostedBatch

  /// - Throws: `EnvironmentError.pythonMissing`. Other errors come with the first `reset`.
  init(_ program: WorkerProgram, in worker: Worker) throws {
    self.worker = worker
    batch = try worker.host(program)
  }

  var slots: Int { batch.slots }
  var losses: EnvironmentLosses { batch.ledger.withLock { $0 } }

  func reset(into observation: ObservationRows) throws -> StepProgress {
    if batch.isQuarantined {
      batch.clear(observation)
      return .done
    }
    return try worker.ask(.reset(observation), of: batch)
  }

  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress {
    if batch.isQuarantined {
      batch.lose(rows)
      batch.clear(rows.observation)
      return .done
    }
    return try worker.ask(.step(rows), of: batch, action: action)
  }

  func advance() throws -> StepProgress { try worker.advance(batch) }

  func saveState() throws -> [UInt8]? { try worker.saveState(of: batch).map(Array.init) }

  /// The state is read when the worker starts.
  func restoreState(_ state: [UInt8]) throws { worker.restoreState(Data(state), of: batch) }
}
