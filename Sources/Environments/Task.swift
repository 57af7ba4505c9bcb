/// One task, as a value: what is seen and done, how to make its environments, and what its scores mean.
public struct Task: Sendable {
  /// Scores that give a return its meaning, in the task's own units.
  public struct ReferenceScores: Hashable, Sendable {
    /// Mean return of uniformly random play; nil until it was measured.
    public var random: Double?
    /// Mean return of `label` ("human" for Atari, "single-task agent" for arcade); nil until it was measured or given.
    public var reference: Double?
    public var label: String
    public init(random: Double?, reference: Double?, label: String) {
      (self.random, self.reference, self.label) = (random, reference, label)
    }

    /// (score - random) / (reference - random): 0 is random play, 1 the reference; nil where one of them is unknown or
    /// they are equal.
    public func normalized(_ score: Double) -> Double? {
      guard let random, let reference, reference != random else { return nil }
      return (score - random) / (reference - random)
    }
  }

  /// Unique in its set: lower case, words joined by underscores.
  public let id: String
  public internal(set) var observation: ObservationSpace
  public internal(set) var action: ActionSpace
  /// Which of the space's actions, or of its dimensions, this task has. Count equals the space's.
  public internal(set) var actionMask: [Bool]
  /// nil until references were measured or given. They change nothing that is learned.
  public internal(set) var scores: ReferenceScores?
  /// Everything else that changes what the task is (reward scale, horizon, sticky actions, versions), for the lockfile.
  public internal(set) var parameters: [String: String]
  /// Whether a lost life counts as the end of an episode for the learner (discount 0), while the game and its score go
  /// on.
  public let lifeLossEndsEpisode: Bool
  /// Whether its environments may say of an episode that it was solved (`SuccessFlag`); without a rule of success
  /// nobody asks.
  public let hasSuccessRule: Bool
  /// Colours of an observation's planes for drawing, one a plane, `0xRRGGBB`; empty for camera images. Where
  /// observations are stacked, of the newest one's.
  public internal(set) var palette: [UInt32]
  /// What a user may not expect of the task, one sentence each; for the terminal, not for the lockfile.
  public let notes: [String]
  /// Makes the environments of these replicas. Streams of random numbers are addressed by seed, id and replica. What
  /// needs a process lives in `worker`, with all that is given the same one.
  public internal(set) var makeEnvironment: MakeEnvironment
  public typealias MakeEnvironment =
    @Sendable (_ replicas: Range<Int>, _ seed: UInt64, _ worker: Worker) throws -> any Environment

  public init(
    id: String, observation: ObservationSpace, action: ActionSpace, actionMask: [Bool], scores: ReferenceScores?,
    parameters: [String: String], lifeLossEndsEpisode: Bool = false, hasSuccessRule: Bool = false,
    palette: [UInt32] = [], notes: [String] = [],
    makeEnvironment: @escaping MakeEnvironment
  ) {
    precondition(
      actionMask.count == action.count && actionMask.contains(true),
      "task \(id): the mask has \(action.count) flags, one set")
    (self.id, self.observation, self.action, self.actionMask) = (id, observation, action, actionMask)
    (self.scores, self.parameters, self.lifeLossEndsEpisode) = (scores, parameters, lifeLossEndsEpisode)
    (self.hasSuccessRule, self.palette, self.notes) = (hasSuccessRule, palette, notes)
    self.makeEnvironment = makeEnvironment
  }
}
