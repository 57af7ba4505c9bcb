/// What can go wrong with environments because of a name, a file, a package or another process.
public enum EnvironmentError: Error, Equatable, CustomStringConvertible {
  /// `nearest` is the name that was probably meant.
  case unknownSuite(name: String, nearest: String? = nil)
  case unknownTask(suite: String, task: String, nearest: String? = nil)
  case duplicateTask(suite: String, task: String)
  case emptySet(suite: String)
  /// Two environments ("task/replica/generation") would draw the same random numbers.
  case streamCollision(first: String, second: String)
  /// Two tasks of a set that one network can't serve; `reason` names both values.
  case differentSpaces(first: String, second: String, reason: String)
  /// A saved state that doesn't fit the environment.
  case badState(task: String, reason: String)
  /// `log` is the end of what the worker printed.
  case workerFailed(task: String, reason: String, log: String)
  /// No Python to run a worker with, which needs `packages`, named as Python's package index names them.
  case pythonMissing(reason: String, packages: [String])
  /// An environment that doesn't exist or has spaces that no agent here can use.
  case refused(task: String, reason: String)
  /// What the Python at `python` doesn't have. `packages` are what it needs, named as Python's package index names
  /// them; none where a module of the user's own is missing.
  case packageMissing(task: String, reason: String, packages: [String], python: String)
  case romMissing(task: String, reason: String)

  /// One line, without a log.
  var summary: String {
    if case .workerFailed(let task, let reason, _) = self { return "the worker of \(task) \(reason)" }
    return description
  }

  public var description: String {
    switch self {
    case .unknownSuite(let name, let nearest):
      "there is no suite \(name)" + (nearest.map { ": did you mean \($0)?" } ?? "")
        + " (`polymath list suites` shows all)"
    case .unknownTask(let suite, let task, let nearest):
      "suite \(suite) has no task \(task)" + (nearest.map { ": did you mean \($0)?" } ?? "")
        + " (`polymath list suites` shows all)"
    case .duplicateTask(let suite, let task): "suite \(suite) has task \(task) twice: ids must differ"
    case .emptySet(let suite): "suite \(suite) has no task: name at least one"
    case .streamCollision(let first, let second):
      "environments \(first) and \(second) would draw the same random numbers: rename a task or use fewer replicas"
    case .differentSpaces(let first, let second, let reason):
      "tasks \(first) and \(second) can't be in one set: \(reason)"
    case .badState(let task, let reason): "the saved state doesn't fit task \(task): \(reason)"
    case .workerFailed(let task, let reason, let log):
      "the worker of \(task) \(reason)" + (log.isEmpty ? "" : "; its log ends:\n\(log)")
    case .pythonMissing(let reason, let packages):
      "\(reason): set POLYMATH_PYTHON to a Python"
        + (packages.isEmpty ? "" : " that has \(packages.joined(separator: " and "))")
    case .packageMissing(let task, let reason, _, _), .refused(let task, let reason),
      .romMissing(let task, let reason):
      "\(task): \(reason)"
    }
  }
}
