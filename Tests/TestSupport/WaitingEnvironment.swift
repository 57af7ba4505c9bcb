import Environments
import Glibc

/// A counting environment that makes its group wait: each step is done only when its pipe was found readable.
public final class WaitingEnvironment: Environment {
  private let counting: CountingEnvironment
  private let pipe: (read: Int32, write: Int32)
  private var pending: (action: [Int32], rows: StepRows)?
  private var polls = 0

  public init(replicas: Range<Int>, length: Int) {
    counting = CountingEnvironment(replicas: replicas, length: length)
    var ends: [Int32] = [0, 0]
    precondition(Glibc.pipe(&ends) == 0, "the system refused a pipe")
    pipe = (ends[0], ends[1])
  }

  deinit {
    close(pipe.read)
    close(pipe.write)
  }

  public static func task(_ id: String, length: Int) -> Task {
    Task(
      id: id, observation: CountingEnvironment.observation, action: .discrete(3), actionMask: [true, true, true],
      scores: nil, parameters: [:]
    ) { replicas, _, _ in WaitingEnvironment(replicas: replicas, length: length) }
  }

  public var slots: Int { counting.slots }

  public func reset(into observation: ObservationRows) -> StepProgress { counting.reset(into: observation) }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    pending = ((0..<slots).map { action.discrete![$0] }, rows)
    polls = 0
    var byte: UInt8 = 1
    _ = write(pipe.write, &byte, 1)
    return .waiting(fileDescriptor: pipe.read)
  }

  /// The first call after a step finds nothing yet; a later one finishes the step.
  public func advance() -> StepProgress {
    guard let pending else { return .done }
    polls += 1
    if polls == 1 { return .waiting(fileDescriptor: pipe.read) }
    var byte: UInt8 = 0
    _ = read(pipe.read, &byte, 1)
    self.pending = nil
    return pending.action.withUnsafeBufferPointer {
      counting.step(ActionRows(discrete: $0.baseAddress!), into: pending.rows)
    }
  }

  public func saveState() -> [UInt8]? { counting.saveState() }
  public func restoreState(_ state: [UInt8]) throws { try counting.restoreState(state) }
}
