/// How far a batch of environments has come with what it was asked to do.
public enum StepProgress: Equatable, Sendable {
  case done
  /// Nothing to do until this file descriptor is readable; then call `advance()`. No thread is held meanwhile. Batches
  /// of one worker share it, and what one of them reads is gone for the others: call `advance()` of each before waiting
  /// again.
  case waiting(fileDescriptor: Int32)
}

/// A batch of environments of one task, stepped together; each is a *slot*.
///
/// Memory belongs to the caller, and its addresses may differ from step to step. Ends of episodes follow Gymnasium's
/// SAME_STEP: when an episode ends, `observation` is already the first one of the next episode, `finalObservation`
/// holds the last one of the old, and reward, terminated, truncated and success belong to the step that ended it. The
/// next action acts in the new episode, so that every step is a real transition.
///
/// Random events are addressed by (seed, task, replica, environment step), so equal seeds and actions give equal
/// episodes.
public protocol Environment: AnyObject {
  /// Number of slots, fixed for life.
  var slots: Int { get }

  /// Starts the first episode of every slot and writes its first observation.
  func reset(into observation: ObservationRows) throws -> StepProgress

  /// Acts once in every slot and writes what follows.
  ///
  /// `waiting` means that the rows are written only when a later `advance()` returns `done`; both must stay valid
  /// until then.
  func step(_ action: ActionRows, into rows: StepRows) throws -> StepProgress

  /// Continues a `reset` or `step` that was waiting.
  func advance() throws -> StepProgress

  /// What was lost so far, and why. Safe to ask on any thread.
  var losses: EnvironmentLosses { get }

  /// Whether `beginEpisode` may be called; false for environments that begin episodes only where one ended.
  var beginsEpisodes: Bool { get }

  /// Leaves the episode of `slot` unfinished, begins its next one and writes the first observation to the slot's row.
  /// Random numbers go on: it is not the episode that `reset` begins.
  ///
  /// - Precondition: `beginsEpisodes`, and no step is under way.
  func beginEpisode(slot: Int, into observation: ObservationRows) throws

  /// What `normalize-observation` learned of observations, over all slots; nil without it. Only between steps.
  var statistics: ObservationStatistics? { get }

  /// Normalizes every slot's observations by `statistics`, and adds to them only where not `frozen`.
  /// - Throws: `EnvironmentError.badState` where they are of another number of numbers.
  func adopt(_ statistics: ObservationStatistics, frozen: Bool) throws

  /// The exact state of all slots, or nil where it can't be had: then a resumed run begins fresh episodes and says so.
  func saveState() throws -> [UInt8]?

  /// Goes on from a state that `saveState` gave in an equal environment.
  func restoreState(_ state: [UInt8]) throws
}

extension Environment {
  public func advance() throws -> StepProgress { .done }
  public var losses: EnvironmentLosses { EnvironmentLosses() }
  public var beginsEpisodes: Bool { false }
  public func beginEpisode(slot: Int, into observation: ObservationRows) throws {
    preconditionFailure("these environments begin episodes only where one ended")
  }
  public var statistics: ObservationStatistics? { nil }
  public func adopt(_ statistics: ObservationStatistics, frozen: Bool) throws {}
}

/// Steps of a batch whose process failed: every step asked for was received or is counted as lost.
public struct EnvironmentLosses: Hashable, Sendable {
  public var received = 0, lost = 0
  /// Times that the process was started again.
  public var restarts = 0
  /// Whether it was given up.
  public var quarantined = false
  /// Of the last failure.
  public var reason = ""

  public init() {}

  public static func += (total: inout EnvironmentLosses, more: EnvironmentLosses) {
    total.received += more.received
    total.lost += more.lost
    total.restarts += more.restarts
    total.quarantined = total.quarantined || more.quarantined
    if !more.reason.isEmpty { total.reason = more.reason }
  }
}

/// Where observations of a batch go: one pointer a leaf, each to `[slots, leaf shape]`.
public struct ObservationRows {
  public let leaves: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
  public init(leaves: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>) { self.leaves = leaves }
}

/// What a batch of slots does next: `discrete` for a discrete space, `box` `[slots, dimension]` for a box.
public struct ActionRows {
  public let discrete: UnsafePointer<Int32>?
  public let box: UnsafePointer<Float>?
  public init(discrete: UnsafePointer<Int32>) { (self.discrete, self.box) = (discrete, nil) }
  public init(box: UnsafePointer<Float>) { (self.discrete, self.box) = (nil, box) }
}

/// What an environment says of success at a step, one byte of `StepRows.success`. An episode is solved where one of its
/// steps says so.
public enum SuccessFlag {
  public static let no: UInt8 = 0, yes: UInt8 = 1
  /// Nothing was said. Where that holds of a whole episode, nobody knows whether it was solved.
  public static let silent: UInt8 = 2

  /// What two steps of an episode say together.
  public static func joined(_ first: UInt8, _ second: UInt8) -> UInt8 {
    if first == silent { return second }
    return second == silent ? first : first | second
  }

  /// Whether the episode is solved, nil where nobody knows.
  public static func meaning(of flag: UInt8) -> Bool? { flag == silent ? nil : flag == yes }

  public static func flag(of success: Bool?) -> UInt8 { success.map { $0 ? yes : no } ?? silent }
}

/// Where one step of a batch is written, every array `[slots]`; flags are 0 or 1. The environment writes every element.
public struct StepRows {
  public var observation: ObservationRows
  /// Written only where `terminated` or `truncated`.
  public var finalObservation: ObservationRows
  /// In the task's own units, never clipped.
  public var reward: UnsafeMutablePointer<Float>
  /// The episode ended and nothing follows: the value of what comes after is zero.
  public var terminated: UnsafeMutablePointer<UInt8>
  /// The episode was cut off, by a time limit say; `terminated` wins where both are set.
  public var truncated: UnsafeMutablePointer<UInt8>
  /// 0 where the step must be left out of losses and statistics (a lost worker).
  public var valid: UnsafeMutablePointer<UInt8>
  /// Whether the task's success rule held at this step, a `SuccessFlag`.
  public var success: UnsafeMutablePointer<UInt8>
  /// Lives left, 0 where a game has none.
  public var lives: UnsafeMutablePointer<Int16>

  public init(
    observation: ObservationRows, finalObservation: ObservationRows, reward: UnsafeMutablePointer<Float>,
    terminated: UnsafeMutablePointer<UInt8>, truncated: UnsafeMutablePointer<UInt8>,
    valid: UnsafeMutablePointer<UInt8>, success: UnsafeMutablePointer<UInt8>, lives: UnsafeMutablePointer<Int16>
  ) {
    (self.observation, self.finalObservation) = (observation, finalObservation)
    (self.reward, self.terminated, self.truncated) = (reward, terminated, truncated)
    (self.valid, self.success, self.lives) = (valid, success, lives)
  }
}
