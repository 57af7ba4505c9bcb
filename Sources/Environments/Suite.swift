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
  fileprivate func tasks(for name: String, _ options: Gymnasium.Options) throws -> [Task] {
    if !options.modules.isEmpty && !takesModules {
      throw EnvironmentError.refused(
        task: name,
        reason: "its environments come with no modules of yours: leave out env-module "
          + options.modules.joined(separator: ","))
    }
    return try make(listsTasks ? TaskEntry.list(name.dropFirst(self.name.count + 1)) : [], options)
  }

  fileprivate func isNamed(_ name: String) -> Bool { listsTasks ? name.hasPrefix("\(self.name):") : name == self.name }
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

/// The suites that come with the library, and how task sets are made by their names.
public enum Suites {
  // A new suite is a line here.
  public static let all: [Suite] = [
    Arcade.suite, Arcade.unscaledSuite, Control.discreteSuite, Control.continuousSuite, GoalGrids.suite,
    GoalGrids.denseSuite, MinAtar.suite, Planar.suite, Rooms.suite, Rooms.pixelSuite,
    Atari.suite("atari8", Atari.suite8),
    Atari.suite("atari57", Atari.games.map(\.id)), MetaWorld.suite("metaworld-mt10", MetaWorld.mt10),
    MetaWorld.suite("metaworld-mt25", MetaWorld.mt25), MetaWorld.suite("metaworld-mt50", MetaWorld.mt50),
    Gymnasium.suite, MetaWorld.listed,
  ]

  /// The suite of this name, or `SUITE:TASK,TASK...` of one that lists its tasks, each with arguments of its own where
  /// wanted: `gymnasium:ID?name=value?name=value`.
  ///
  /// - Parameters:
  ///   - ids: Tasks to take, in this order; all where empty. Spaces are no wider than these need.
  ///   - wrappers: Around every task, the first nearest to the environment.
  ///   - options: For Gymnasium's environments, and the arguments for Atari's and Meta-World's.
  ///   - suites: Those that there are.
  /// - Throws: `EnvironmentError.unknownSuite` or `unknownTask`, with the name that was probably meant, and what
  ///   `TaskSet`, `Gymnasium.task` and `Task.wrapped(by:)` throw.
  public static func make(
    _ name: String, tasks ids: [String] = [], context: TaskContext = .none, wrappers: [Wrapper] = [],
    options: Gymnasium.Options = Gymnasium.Options(), from suites: [Suite] = .all
  ) throws -> TaskSet {
    guard let suite = suites.named(name) else {
      throw EnvironmentError.unknownSuite(name: name, nearest: suites.meant(by: name))
    }
    let tasks = try suite.tasks(for: name, options)
    let chosen = ids.isEmpty ? tasks : try TaskSet.choose(ids, from: tasks, of: name)
    return try TaskSet(name: name, tasks: chosen.map { try $0.wrapped(by: wrappers) }, context: context)
  }
}

extension [Suite] {
  /// The suites that come with the library.
  public static var all: [Suite] { Suites.all }

  /// Names of the suites that are whole without a list of tasks.
  public var names: [String] { filter { !$0.listsTasks }.map(\.name) }

  /// What the tasks of the suite of this name have in common, no environment being asked; nil where there is no such
  /// suite.
  public func traits(of name: String) -> Suite.Traits? {
    guard let suite = named(name) else { return nil }
    var traits = suite.traits
    if suite.listsTasks { traits.tasks = name.dropFirst(suite.name.count + 1).split(separator: ",").count }
    return traits
  }

  fileprivate func named(_ name: String) -> Suite? { first { $0.isNamed(name) } }

  /// The suite that a name which is none most likely meant, perhaps with its task.
  fileprivate func meant(by name: String) -> String? {
    let listing = filter(\.listsTasks)
    // Of `gym:CartPole-v1` only the prefix is wrong.
    if let colon = name.firstIndex(of: ":"),
      let prefix = nearest(to: String(name[..<colon]), among: listing.map(\.name))
    {
      return prefix + name[colon...]
    }
    // Gymnasium's ids end with a version.
    if name.split(separator: ",").allSatisfy({ $0.contains(/-v[0-9]+(\?|$)/) }) {
      return "\(Gymnasium.suite.name):\(name)"
    }
    if let suite = nearest(to: name, among: names) { return suite }
    let native = first { suite in
      !suite.listsTasks
        && ((try? suite.tasks(for: suite.name, Gymnasium.Options()))?.contains { $0.id == name } ?? false)
    }
    return native.map { "\($0.name) --tasks \(name)" }
  }
}
