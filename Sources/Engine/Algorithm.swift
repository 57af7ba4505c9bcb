/// A learner with what a run needs of it: what it reports, and its state.
public protocol Algorithm: Learner {
  /// Numbers that are learned.
  var parameterCount: Int { get }
  /// Bytes that its own tapes hold, beside those of the engine's threads.
  var tapeCapacity: Int { get }
  /// What the last update saw. Only between rounds, or when one has just ended.
  var metrics: LearnerMetrics { get }

  /// Whether nothing is learned before there is more experience of a task. Only between rounds, or when one has just ended.
  func waits(for task: Int) -> Bool

  /// Adds what acting and further learning need alike: parameters, statistics.
  func saveModel(into archive: inout StateArchive)
  /// Adds what only learning needs: optimiser slots, replay. What is added may lie in the learner's own memory, and holds
  /// until learning goes on.
  func saveTraining(into archive: inout StateArchive)
  /// Takes over a saved model, for acting.
  /// - Throws: `EngineError.badState` where it does not fit.
  func restoreModel(from archive: StateArchive) throws(EngineError)
  /// Goes on with learning, after `restoreModel`.
  /// - Throws: `EngineError.badState` where it does not fit.
  func restoreTraining(from archive: StateArchive) throws(EngineError)
}

extension Algorithm {
  public var tapeCapacity: Int { 0 }
  public func waits(for task: Int) -> Bool { false }
}

/// Named quantities of one update: of the whole, and of each task in the order of the task set.
public struct LearnerMetrics: Sendable {
  public var overall: [(name: String, value: Double)] = []
  public var tasks: [[(name: String, value: Double)]]
  /// What a user should know and can mend, one sentence each.
  public var remarks: [String] = []
  public init(tasks: Int) { self.tasks = Array(repeating: [], count: tasks) }
}
