/// What a configuration, a file or an environment may do wrong to a run.
public enum EngineError: Error, Equatable, CustomStringConvertible {
  case outOfRange(name: String, value: Int, least: Int)
  case notDivisible(what: String, value: Int, by: String, Int)
  /// A rule that needs each task's gradient, where shards hold several tasks.
  case mixedTasks(tasks: Int, shards: Int)
  case unsupportedSpace(String)
  case badState(String)

  public var description: String {
    switch self {
    case .outOfRange(let name, let value, let least): "\(name) is \(value), but must be at least \(least)"
    case .notDivisible(let what, let value, let by, let divisor):
      "\(divisor) \(by) don't divide \(value) \(what): change one of these numbers"
    case .mixedTasks(let tasks, let shards):
      "gradients of \(tasks) tasks in \(shards) shards can't be told apart: set shards to \(tasks), or aggregation to sum"
    case .unsupportedSpace(let sentence): sentence
    case .badState(let sentence): sentence
    }
  }
}
