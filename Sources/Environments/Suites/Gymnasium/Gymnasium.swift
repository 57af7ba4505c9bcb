import Foundation

/// Any environment that Gymnasium can make, in worker processes (`make gymnasium` installs it): suite `gymnasium:ID,ID...`, where an
/// environment may have arguments of its own (`Line-v0?length=5,Line-v0?length=9`).
///
/// Boxes of bytes or booleans with two or three axes are images; every other observation is flattened to one vector, in Gymnasium's
/// own order. MultiDiscrete and MultiBinary actions are numbered. Boxes of actions have bounds, and an agent's -1 and 1 stand for these.
public enum Gymnasium {
  /// `gymnasium:ID,ID...`. Only a worker can tell what these are like.
  public static let suite = Suite(
    "gymnasium", describe: { .init(tasks: 1, nil, nil, hasKnownRewards: false) }, listsTasks: true, takesModules: true
  ) { entries, options in try entries.concurrentMap { try task($0, options: options) } }

  /// What is passed to `gymnasium.make`, and which modules register environments before.
  public struct Options: Hashable, Sendable {
    /// Keyword arguments: flags, numbers and text, told apart as `ArgumentValue` says.
    public var arguments: [String: String] = [:]
    /// Python modules.
    public var modules: [String] = []
    /// Where workers run, and where modules may lie besides where Python looks for its own.
    public var directory = FileManager.default.currentDirectoryPath
    /// Seconds that one environment may take to be made, reset or stepped.
    public var timeout = 30.0
    /// Steps of random play that look for what is taken but not as it should be, of which the task's notes then tell; nil for
    /// a few that look only for what is refused.
    public var inspectedSteps: Int?

    public init() {}
  }

  /// The Python modules that the name of a suite has imported: `gymnasium:module:ID`.
  public static func modules(inSuite name: String) -> [String] {
    let prefix = "\(suite.name):"
    guard name.hasPrefix(prefix), let entries = try? TaskEntry.list(name.dropFirst(prefix.count)) else { return [] }
    return entries.flatMap {
      $0.name.split(separator: ":", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
  }

  /// What the worker makes its environments with.
  struct WorkerOptions: Encodable {
    let id: String
    /// A JSON object, as text.
    private let arguments: String
    let modules: [String]
    let directory: String
    let inspectedSteps: Int?

    init(_ id: String, _ options: Options) {
      (self.id, modules, directory, inspectedSteps) = (id, options.modules, options.directory, options.inspectedSteps)
      arguments = ArgumentValue.object(options.arguments)
    }
  }

  /// The task of one environment, `ID` or `ID?name=value?name=value`. A worker is asked what it looks like.
  ///
  /// Its id is the environment's with its own arguments, in lower case, words joined by underscores. These arguments win over those of
  /// `options`.
  ///
  /// - Throws: `EnvironmentError.pythonMissing`, `refused` where there is no such environment or its spaces are of no use, or
  ///   `workerFailed`.
  public static func task(_ entry: String, options: Options = Options()) throws -> Task {
    try task(TaskEntry(entry), options: options)
  }

  static func task(_ entry: TaskEntry, options common: Options) throws -> Task {
    let (name, id) = (entry.id, entry.name)
    var options = common
    options.arguments = entry.arguments(besides: common.arguments)
    let python = try WorkerPython.locate()
    try PythonPackages.gymnasium.check(in: python, for: name)
    let ready = try StartFile.describe(
      name, kind: "gymnasium", options: WorkerOptions(id, options), python: python, directory: options.directory,
      timeout: options.timeout)
    guard let spaces = ready.spaces else { preconditionFailure("a worker that was asked describes its environments") }
    let (leaf, action) = try spaces.usable(by: name)
    var parameters = ["suite": "gymnasium", "environment": id, "horizon": spaces.horizon.map(String.init) ?? "none"]
    for (argument, value) in options.arguments { parameters["argument_\(argument)"] = value }
    if !options.modules.isEmpty { parameters["modules"] = options.modules.joined(separator: " ") }
    for (part, divisor) in spaces.divisors { parameters["divided_\(part)"] = "\(divisor)" }
    return task(
      name, kind: "gymnasium", options: WorkerOptions(id, options), leaf: leaf, action: action, parameters: parameters,
      packages: PythonPackages(ready.versions[0].mapValues(Optional.some)),
      hasSuccessRule: true, notes: spaces.notes, directory: options.directory, timeout: options.timeout)
  }

  /// A task whose environments a worker steps one after the other.
  ///
  /// - Parameters:
  ///   - kind: Which of the worker's batches.
  ///   - options: What that makes them with.
  ///   - actionMask: nil for all.
  ///   - packages: What the worker's Python must have; versions stand in the lockfile.
  ///   - directory: Where workers run; nil for a temporary folder.
  ///   - timeout: Seconds for one environment; nil for the worker's own.
  static func task(
    _ name: String, kind: String, options: any Encodable & Sendable, leaf: ObservationLeaf, action: ActionSpace,
    actionMask: [Bool]? = nil, scores: Task.ReferenceScores? = nil, parameters: [String: String],
    packages: PythonPackages, hasSuccessRule: Bool, palette: [UInt32] = [], notes: [String] = [],
    directory: String? = nil, timeout: Double? = nil
  ) -> Task {
    Task(
      id: name, observation: ObservationSpace([leaf]), action: action,
      actionMask: actionMask ?? Array(repeating: true, count: action.count), scores: scores,
      parameters: parameters.merging(packages.parameters) { $1 },
      hasSuccessRule: hasSuccessRule, palette: palette, notes: notes
    ) { replicas, seed, worker in
      let program = WorkerProgram(
        task: name, kind: kind,
        seeds: { WorkerProgram.seeds(task: name, replicas: replicas, seed: seed, generation: $0) }, options: options,
        leaves: [WorkerLeaf(leaf: leaf, planesFirst: false)], action: action, packages: packages,
        directory: directory, timeout: timeout)
      return try WorkerEnvironment(program, in: worker)
    }
  }
}

extension WorkerProcess.Spaces {
  /// What an agent sees and does.
  ///
  /// - Throws: `EnvironmentError.refused` where there is nothing to see or to do; the worker should have said so.
  func usable(by task: String) throws -> (ObservationLeaf, ActionSpace) {
    let shape = observation.shape
    guard let element = ObservationLeaf.Element(rawValue: observation.element), !shape.isEmpty,
      shape.allSatisfy({ $0 > 0 })
    else {
      throw EnvironmentError.refused(
        task: task, reason: "observations are \(observation.element) \(shape): an agent needs something to see")
    }
    guard let count = action.discrete ?? action.box, count > 0 else {
      throw EnvironmentError.refused(task: task, reason: "there is no action: an agent needs something to choose")
    }
    return (
      ObservationLeaf(name: "observation", element: element, shape: shape, scale: observation.scale),
      action.discrete.map(ActionSpace.discrete) ?? .box(count)
    )
  }
}
