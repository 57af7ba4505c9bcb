/// Named quantities of one update: of the whole, and of each task in the order of the task set.
public struct LearnerMetrics: Sendable {
  public var overall: [(name: String, value: Double)] = []
  public var tasks: [[(name: String, value: Double)]]
  /// What a user should know and can mend, one sentence each.
  public var remarks: [String] = []
  public init(tasks: Int) { self.tasks = Array(repeating: [], count: tasks) }
}
