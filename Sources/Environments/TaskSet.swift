import Tensors

/// Ordered tasks that one agent learns together: one space of observations, one of actions.
public struct TaskSet: Sendable {
  public let name: String
  /// At least one; every action space is the set's, every mask as wide as it.
  public let tasks: [Task]

  public var ids: [String] { tasks.map(\.id) }
  public var observation: ObservationSpace { tasks[0].observation }
  public var action: ActionSpace { tasks[0].action }

  /// Discrete action spaces are widened to the widest, with masks that leave the added actions out.
  ///
  /// - Throws: `EnvironmentError.emptySet`, `duplicateTask`, `differentSpaces`, or `streamCollision` of first replicas.
  public init(name: String, tasks: [Task]) throws {
    guard let first = tasks.first else { throw EnvironmentError.emptySet(suite: name) }
    var seen: Set<String> = []
    for task in tasks where !seen.insert(task.id).inserted {
      throw EnvironmentError.duplicateTask(suite: name, task: task.id)
    }
    for task in tasks where task.observation != first.observation {
      throw EnvironmentError.differentSpaces(
        first: first.id, second: task.id,
        reason: "observations are \(first.observation.summary) and \(task.observation.summary)")
    }
    let action = try Self.widest(tasks)
    (self.name, self.tasks) = (name, tasks.map { $0.widened(to: action) })
    try checkStreams(replicas: 1)
  }

  private static func widest(_ tasks: [Task]) throws -> ActionSpace {
    try tasks.dropFirst().reduce(tasks[0].action) { action, task in
      if case .discrete(let n) = action, case .discrete(let m) = task.action { return .discrete(max(n, m)) }
      guard action == task.action else {
        throw EnvironmentError.differentSpaces(
          first: tasks[0].id, second: task.id, reason: "actions are \(action.summary) and \(task.action.summary)")
      }
      return action
    }
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

  /// The tasks of these ids, in the order asked for.
  ///
  /// - Throws: `EnvironmentError.unknownTask`, with the id that was probably meant, and what `init` throws.
  public func subset(_ ids: [String]) throws -> TaskSet {
    let chosen = try ids.map { id in
      guard let task = tasks.first(where: { $0.id == id }) else {
        throw EnvironmentError.unknownTask(suite: name, task: id, nearest: nearest(to: id, among: self.ids))
      }
      return task
    }
    return try TaskSet(name: name, tasks: chosen)
  }

  /// Everything that makes the tasks what they are, as text: equal texts are equal tasks. Reference scores are left out:
  /// measuring them again changes no task. One fact a line, parameters sorted.
  public var lockfile: String {
    var lines = ["suite: \(name)", "observation: \(observation.summary)", "action: \(action.summary)", "tasks:"]
    for task in tasks {
      lines.append("  - id: \(task.id)")
      let allowed = task.actionMask.indices.filter { task.actionMask[$0] }
      if case .discrete = action { lines.append("    actions: [\(allowed.map(String.init).joined(separator: ", "))]") }
      lines.append("    life_loss_ends_episode: \(task.lifeLossEndsEpisode)")
      lines.append("    parameters:" + (task.parameters.isEmpty ? " {}" : ""))
      lines += task.parameters.sorted { $0.key < $1.key }.map { "      \($0.key): \($0.value)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ObservationSpace {
  /// One line: `planes uint8 [10, 10, 10] x 1.0`.
  var summary: String {
    leaves.map { "\($0.name) \($0.element.rawValue) \($0.shape) x \($0.scale)" }.joined(separator: ", ")
  }
}

extension ActionSpace {
  var summary: String {
    switch self {
    case .discrete(let n): "discrete(\(n))"
    case .box(let dimension): "box(\(dimension))"
    }
  }
}

extension Task {
  fileprivate func widened(to space: ActionSpace) -> Task {
    guard case .discrete(let n) = space, actionMask.count < n else { return self }
    return Task(
      id: id, observation: observation, action: space,
      actionMask: actionMask + Array(repeating: false, count: n - actionMask.count), scores: scores,
      parameters: parameters, lifeLossEndsEpisode: lifeLossEndsEpisode, hasSuccessRule: hasSuccessRule,
      palette: palette, makeEnvironment: makeEnvironment)
  }
}

/// Task sets that come with the library, by name.
public enum Suites {
  // A new suite is a line here.
  private static let all: [(name: String, tasks: @Sendable () throws -> [Task])] = [
    ("arcade", { Arcade.tasks() }),
    ("arcade-unscaled", { Arcade.ids.map { Arcade.task($0, rewardScale: 1) } }),
    ("atari8", { try Atari.suite8.map { try Atari.task($0) } }),
    ("atari57", { try Atari.games.map { try Atari.task($0.id) } }),
    ("goals", { GoalGrids.tasks() }),
    ("goals-dense", { GoalGrids.denseAndSparse() }),
  ]

  public static let names = all.map(\.name)

  /// - Throws: `EnvironmentError.unknownSuite`, with the name that was probably meant.
  public static func make(_ name: String) throws -> TaskSet {
    guard let suite = all.first(where: { $0.name == name }) else {
      throw EnvironmentError.unknownSuite(name: name, nearest: nearest(to: name, among: names))
    }
    return try TaskSet(name: name, tasks: suite.tasks())
  }
}
