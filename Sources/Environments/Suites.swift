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
