import Engine
import Environments
import Tensors

/// A learner that describes itself: what it is called, what can be set, what it accepts, and how it is made. Whatever
/// trains, evaluates and compares goes by this alone, so that a new algorithm is one folder and one line in a list.
public protocol Algorithm: Learner {
  /// Its hyperparameters, with their defaults.
  associatedtype Configuration: Hyperparameters

  /// As sentences name it: "IMPALA".
  static var title: String { get }
  /// Its named variants; the first is the one that its help describes.
  static var presets: [Preset<Configuration>] { get }
  /// What can be set of its configuration, in the order in which it is printed.
  static var settings: [Setting<Configuration>] { get }
  /// What it can see and do.
  static var accepts: AcceptedSpaces { get }
  /// The suite that it is trained on where none is named.
  static var defaultSuite: String { get }
  /// What `bench` can time of it.
  static var benchmarks: [any Benchmark.Type] { get }

  /// Chooses defaults for a suite: of the hyperparameters, which are a preset's, and of how long and in which portions
  /// a run learns.
  ///
  /// - Parameter run: Has its suite and its tasks, none for all.
  static func adapt(_ configuration: inout Configuration, _ run: inout RunConfiguration, to suite: Suite.Traits)
  /// Parts of the batch that are differentiated together, where the user doesn't say.
  static func shards(tasks: Int, environmentsPerTask: Int, _ configuration: Configuration) -> Int
  /// Whether what is learned doesn't depend on the unit of each task's rewards.
  static func isScaleFree(_ configuration: Configuration) -> Bool
  /// What a learner with its rounds will take, before it is made.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  static func memory(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], threads: Int
  ) throws(EngineError) -> MemoryUse

  /// - Parameters:
  ///   - tasks: All with the same spaces; what a task lacks of them, its mask says.
  ///   - totalSteps: Agent steps of the whole run.
  /// - Throws: `EngineError` where tasks or numbers don't fit each other.
  init(
    _ configuration: Configuration, shape: RunShape, tasks: [Task], totalSteps: Int, seed: UInt64
  ) throws(EngineError)

  /// Numbers that are learned.
  var parameterCount: Int { get }
  /// Bytes that its own tapes hold, beside those of the engine's threads.
  var tapeCapacity: Int { get }
  /// What the last update saw. Only between rounds, or when one has just ended.
  var metrics: LearnerMetrics { get }
  /// Whether nothing is learned before there is more experience of a task. Only between rounds, or when one has just
  /// ended.
  func waits(for task: Int) -> Bool

  /// Adds what acting and further learning need alike: parameters, statistics.
  func saveModel(into archive: inout StateArchive)
  /// Adds what only learning needs: optimiser slots, replay. What is added may lie in the learner's own memory, and
  /// holds until learning goes on.
  func saveTraining(into archive: inout StateArchive)
  /// Takes over a saved model, for acting.
  /// - Throws: `EngineError.badState` where it does not fit.
  func restoreModel(from archive: StateArchive) throws(EngineError)
  /// Goes on with learning, after `restoreModel`.
  /// - Throws: `EngineError.badState` where it does not fit.
  func restoreTraining(from archive: StateArchive) throws(EngineError)
}

extension Algorithm {
  public static var benchmarks: [any Benchmark.Type] { [] }
  public static func adapt(_: inout Configuration, _: inout RunConfiguration, to _: Suite.Traits) {}
  /// One per task.
  public static func shards(tasks: Int, environmentsPerTask _: Int, _: Configuration) -> Int { tasks }
  public static func isScaleFree(_: Configuration) -> Bool { false }
  public var tapeCapacity: Int { 0 }
  public func waits(for task: Int) -> Bool { false }
}

/// Hyperparameters of an algorithm, as one value.
public protocol Hyperparameters: Hashable, Sendable {
  /// The algorithm's own defaults.
  init()
}
