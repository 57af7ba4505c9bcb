import Tensors

/// What an observation says of its task.
public enum TaskContext: String, CaseIterable, Sendable {
  case none
  /// A number for each task of the set at the end of the vector, 1 for the observation's own and 0 for the others.
  case oneHot = "one-hot"
}

/// Ordered tasks that one agent learns together: one space of observations, one of actions.
public struct TaskSet: Sendable {
  public let name: String
  /// At least one; every space is the set's, every mask as wide as its action space.
  public private(set) var tasks: [Task]

  public var ids: [String] { tasks.map(\.id) }
  public var observation: ObservationSpace { tasks[0].observation }
  public var action: ActionSpace { tasks[0].action }

  /// Tasks may differ in their vectors' lengths, or in their images' heights, widths and channels, and in their numbers
  /// of actions: all are widened to the most there is of each. What is added to an observation, after the end of its
  /// axes, is 0, and masks leave out what is added to actions.
  ///
  /// - Parameter context: What observations say of their task.
  /// - Throws: `EnvironmentError.emptySet`, `duplicateTask`, `differentSpaces`, or `streamCollision` of first replicas.
  public init(name: String, tasks: [Task], context: TaskContext = .none) throws {
    guard let first = tasks.first else { throw EnvironmentError.emptySet(suite: name) }
    var seen: Set<String> = []
    for task in tasks where !seen.insert(task.id).inserted {
      throw EnvironmentError.duplicateTask(suite: name, task: task.id)
    }
    var (observation, action) = (first.observation, first.action)
    for task in tasks.dropFirst() {
      guard let wider = observation.widened(by: task.observation) else {
        throw EnvironmentError.differentSpaces(
          first: first.id, second: task.id,
          reason: "observations are \(first.observation.summary) and \(task.observation.summary)")
      }
      switch (action, task.action) {
      case (.discrete(let n), .discrete(let m)): action = .discrete(max(n, m))
      // Only beside what can be padded can a box be cut to what a task has of it.
      case (.box(let n), .box(let m)) where n == m || task.observation.isPaddable:
        action = .box(max(n, m))
      default:
        throw EnvironmentError.differentSpaces(
          first: first.id, second: task.id, reason: "actions are \(first.action.summary) and \(task.action.summary)")
      }
      observation = wider
    }
    self.name = name
    var marks: Int?
    if context == .oneHot && tasks.count > 1 {
      guard let leaf = observation.leaves.first, observation.leaves.count == 1, leaf.isVector else {
        throw EnvironmentError.refused(
          task: name,
          reason: "only vectors can say which task they are of, and observations are \(observation.summary): set "
            + "task-context to none")
      }
      marks = leaf.elementCount
      observation = ObservationSpace([
        ObservationLeaf(name: leaf.name, element: .float32, shape: [leaf.elementCount + tasks.count], scale: leaf.scale)
      ])
    }
    self.tasks = tasks.enumerated().map { [observation, action, marks] index, task in
      task.widened(to: observation, action, mark: marks.map { $0 + index })
    }
    try checkStreams(replicas: 1)
  }

  /// Makes sure that no two environments share random numbers, `replicas` of each task, before any was restarted.
  ///
  /// - Throws: `EnvironmentError.streamCollision`. Streams are 32 bits: of 456 environments, one set in 41,000 has a
  /// pair.
  public func checkStreams(replicas: Int) throws {
    var owners: [UInt32: String] = [:]
    for task in tasks {
      for replica in 0..<replicas {
        let owner = "\(task.id)/\(replica)/0"
        let stream = RandomStream(seed: 0, task: task.id, replica: replica, purpose: .environment).stream
        if let other = owners.updateValue(owner, forKey: stream) {
          throw EnvironmentError.streamCollision(first: other, second: owner)
        }
      }
    }
  }

  /// The tasks of these ids, in the order asked for, as wide as the whole set: for an agent that has learned that.
  ///
  /// - Throws: `EnvironmentError.unknownTask`, with the id that was probably meant, and what `init` throws.
  public func subset(_ ids: [String]) throws -> TaskSet {
    try TaskSet(name: name, tasks: Self.choose(ids, from: tasks, of: name))
  }

  /// The tasks as training left them: environments that normalize observations use these statistics and learn no more.
  ///
  /// - Parameter statistics: One a task, nil for a task that has none.
  public func frozen(_ statistics: [ObservationStatistics?]) -> TaskSet {
    var frozen = self
    frozen.tasks = zip(tasks, statistics).map { task, statistics in statistics.map(task.frozen) ?? task }
    return frozen
  }

  /// The same tasks with other reference scores.
  public func scored(_ scores: (Task) -> Task.ReferenceScores?) -> TaskSet {
    var scored = self
    for index in tasks.indices { scored.tasks[index].scores = scores(tasks[index]) }
    return scored
  }

  static func choose(_ ids: [String], from tasks: [Task], of suite: String) throws -> [Task] {
    try ids.map { id in
      guard let task = tasks.first(where: { $0.id == id }) else {
        throw EnvironmentError.unknownTask(suite: suite, task: id, nearest: nearest(to: id, among: tasks.map(\.id)))
      }
      return task
    }
  }

  /// Everything that makes the tasks what they are, as text: equal texts are equal tasks. Reference scores are left
  /// out: measuring them again changes no task. One fact a line, parameters sorted.
  public var lockfile: String {
    var lines = ["suite: \(name)", "observation: \(observation.summary)", "action: \(action.summary)", "tasks:"]
    for task in tasks {
      lines.append("  - id: \(task.id)")
      let allowed = task.actionMask.indices.filter { task.actionMask[$0] }
      lines.append("    actions: [\(allowed.map(String.init).joined(separator: ", "))]")
      lines.append("    life_loss_ends_episode: \(task.lifeLossEndsEpisode)")
      lines.append("    parameters:" + (task.parameters.isEmpty ? " {}" : ""))
      lines += task.parameters.sorted { $0.key < $1.key }.map { "      \($0.key): \($0.value)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ObservationSpace {
  /// Whether it is one vector or one image.
  var isPaddable: Bool { leaves.count == 1 && (leaves[0].isVector || leaves[0].isImage) }

  /// Two vectors, or two images, as one that holds either; the same of anything else; nil where the two have nothing in
  /// common.
  fileprivate func widened(by other: ObservationSpace) -> ObservationSpace? {
    if self == other { return self }
    guard isPaddable, other.isPaddable else { return nil }
    let (mine, theirs) = (leaves[0], other.leaves[0])
    guard mine.isImage == theirs.isImage, mine.scale == theirs.scale else { return nil }
    return ObservationSpace([
      ObservationLeaf(
        name: mine.name, element: mine.element, shape: zip(mine.shape, theirs.shape).map { max($0, $1) },
        scale: mine.scale)
    ])
  }

  /// One line: `planes uint8 [10, 10, 10] x 1.0`.
  public var summary: String {
    leaves.map { "\($0.name) \($0.element.rawValue) \($0.shape) x \($0.scale)" }.joined(separator: ", ")
  }
}

extension ActionSpace {
  /// `discrete(6)` or `box(2)`.
  public var summary: String {
    switch self {
    case .discrete(let n): "discrete(\(n))"
    case .box(let dimension): "box(\(dimension))"
    }
  }
}

extension Task {
  fileprivate func widened(to observation: ObservationSpace, _ action: ActionSpace, mark: Int?) -> Task {
    if observation == self.observation && action == self.action { return self }
    // A discrete action stays the number that it is.
    let padded = observation != self.observation || action.dimension != self.action.dimension
    // Added planes are never drawn, but the last colours of a palette are the last planes'.
    let added = observation.leaves[0].shape.last! - self.observation.leaves[0].shape.last!
    var task = self
    (task.observation, task.action) = (observation, action)
    task.actionMask += Array(repeating: false, count: action.count - actionMask.count)
    if !palette.isEmpty { task.palette += Array(repeating: 0, count: added) }
    task.makeEnvironment = { replicas, seed, worker in
      let environment = try makeEnvironment(replicas, seed, worker)
      return padded ? PaddedEnvironment(environment, of: self, in: observation, action, mark: mark) : environment
    }
    return task
  }
}
