/// Tasks by one name: what they are like, and how they are made. A program of your own may add suites to those of
/// `Suites.all`.
public struct Suite: Sendable {
  /// By which runs name it. Where the user lists its tasks, the word before the colon: `gymnasium:ID,ID...`.
  public let name: String
  /// Whether the name is followed by a colon and the tasks that the user wants.
  public let listsTasks: Bool
  /// Whether its environments may come with Python modules of the user's.
  public let takesModules: Bool
  private let describe: @Sendable () -> Traits
  private let make: @Sendable (_ entries: [TaskEntry], _ options: Gymnasium.Options) throws -> [Task]

  /// A suite of native tasks, which need no worker to say what they are like.
  ///
  /// - Parameter subject: nil where nothing that an algorithm knows is like them.
  public init(_ name: String, _ subject: Traits.Subject? = nil, tasks: @escaping @Sendable () -> [Task]) {
    self.init(name, describe: { Traits(of: tasks(), subject) }) { _, options in
      guard options.arguments.isEmpty else {
        throw EnvironmentError.refused(
          task: name,
          reason: "its environments take no arguments: leave out env-arg "
            + options.arguments.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ","))
      }
      return tasks()
    }
  }

  /// A suite whose environments take arguments.
  ///
  /// - Parameter tasks: Throws `EnvironmentError.refused` for arguments that there are not.
  public init(
    _ name: String, _ traits: Traits, tasks: @escaping @Sendable (_ arguments: [String: String]) throws -> [Task]
  ) {
    self.init(name, describe: { traits }) { _, options in try tasks(options.arguments) }
  }

  /// A suite that makes its tasks from the entries that the user lists after its name.
  init(
    _ name: String, describe: @escaping @Sendable () -> Traits, listsTasks: Bool = false, takesModules: Bool = false,
    make: @escaping @Sendable (_ entries: [TaskEntry], _ options: Gymnasium.Options) throws -> [Task]
  ) {
    precondition(!name.contains(":"), "\(name): the tasks of a suite stand after the colon")
    (self.name, self.describe, self.listsTasks) = (name, describe, listsTasks)
    (self.takesModules, self.make) = (takesModules, make)
  }

  /// What its tasks have in common; of a suite that lists its tasks, what one has. No worker is asked.
  public var traits: Traits { describe() }

  /// All tasks of the suite, as `name` asks for them.
  func tasks(for name: String, _ options: Gymnasium.Options) throws -> [Task] {
    if !options.modules.isEmpty && !takesModules {
      throw EnvironmentError.refused(
        task: name,
        reason: "its environments come with no modules of yours: leave out env-module "
          + options.modules.joined(separator: ","))
    }
    return try make(listsTasks ? TaskEntry.list(name.dropFirst(self.name.count + 1)) : [], options)
  }

  func isNamed(_ name: String) -> Bool { listsTasks ? name.hasPrefix("\(self.name):") : name == self.name }
}

extension Suite {
  /// What the tasks of a suite have in common. Algorithms choose their defaults by it, before an environment is made.
  public struct Traits: Hashable, Sendable {
    public enum Observation: String, CaseIterable, Sendable {
      /// Images whose bytes are numbers of their own: cells of a board.
      case boards
      /// Images whose bytes are shades, scaled to [0, 1].
      case pictures
      /// Vectors of floats.
      case vectors
    }

    public enum Action: String, CaseIterable, Sendable { case discrete, box }

    public enum Subject: Sendable { case games, mazes, control, manipulation }

    /// How many there are.
    public var tasks: Int
    /// nil where only the environments can tell.
    public var observation: Observation?
    public var action: Action?
    /// nil where nobody knows.
    public var subject: Subject?
    /// Whether an environment takes much time or memory beside a policy's network, so that a run has few of each task.
    public var isHeavy = false
    /// Whether rewards are of a size that was seen when defaults were chosen.
    public var hasKnownRewards = true
    /// Agent steps of each task that published results were trained for; nil where there are none.
    public var publishedSteps: Int?

    public init(
      tasks: Int, _ observation: Observation?, _ action: Action?, _ subject: Subject? = nil, isHeavy: Bool = false,
      hasKnownRewards: Bool = true, publishedSteps: Int? = nil
    ) {
      (self.tasks, self.observation, self.action, self.subject) = (tasks, observation, action, subject)
      (self.isHeavy, self.hasKnownRewards, self.publishedSteps) = (isHeavy, hasKnownRewards, publishedSteps)
    }

    /// What tasks say of themselves.
    public init(of tasks: [Task], _ subject: Subject? = nil) {
      self.init(tasks: tasks.count, tasks.first?.observation.kind, tasks.first?.action.kind, subject)
    }
  }
}

extension ObservationSpace {
  /// nil where it is neither one image nor one vector.
  public var kind: Suite.Traits.Observation? {
    guard leaves.count == 1 else { return nil }
    if leaves[0].isVector { return .vectors }
    return leaves[0].isImage ? (leaves[0].scale == 1 ? .boards : .pictures) : nil
  }
}

extension ActionSpace {
  public var kind: Suite.Traits.Action {
    if case .discrete = self { .discrete } else { .box }
  }
}
