import Foundation

/// How Atari games are played. Papers differ in each of these, and scores of different choices can't be compared.
public struct AtariOptions: Hashable, Sendable {
  /// Frames that each action is held for; the observation is the maximum of the last two.
  public var frameSkip = 4
  /// Probability, a frame, that the emulator repeats the last action instead of taking the new one. The papers of
  /// IMPALA and PopArt use 0; 0.25 is what the emulator's authors recommend since.
  public var stickyActions = 0.0
  /// An episode begins with 0 to `noopMax - 1` frames of doing nothing.
  public var noopMax = 30
  /// Presses FIRE for the first frame of an episode, where the game's minimal action set has FIRE.
  public var fireReset = true
  /// Frames after which a game is stopped; 108,000 are 30 minutes. IMPALA treats that as termination, and so do we.
  public var maxFrames = 108_000
  /// A lost life ends the episode for the learner, while the game and its score go on.
  public var lifeLossEndsEpisode = true
  /// Plays through the emulator's own interface, whose state can be saved, instead of ale-py's vector environment, which is
  /// faster. Sticky actions and frame limits are the same, the numbers of no-ops are drawn otherwise.
  public var isExact = false

  public init() {}

  /// What arguments ask for: `frame_skip`, `sticky_actions`, `noop_max`, `max_frames`, `exact`.
  ///
  /// - Throws: `EnvironmentError.refused` for any other name or value; `suite` is for its message.
  init(_ arguments: [String: String], of suite: String) throws {
    for (argument, value) in arguments {
      switch (argument, Int(value), Double(value), Bool(value)) {
      case ("frame_skip", let frames?, _, _) where (1...60).contains(frames): frameSkip = frames
      case ("sticky_actions", _, let probability?, _) where (0...1).contains(probability): stickyActions = probability
      case ("noop_max", let frames?, _, _) where (1...1000).contains(frames): noopMax = frames
      case ("max_frames", let frames?, _, _) where (1...1_000_000_000).contains(frames): maxFrames = frames
      case ("exact", _, _, let flag?): isExact = flag
      default:
        throw EnvironmentError.refused(
          task: suite,
          reason: "\(argument)=\(value) is none of frame_skip=1 to 60, sticky_actions=0 to 1, noop_max=1 to 1000, "
            + "max_frames=1 to 1000000000, and exact=true or false")
      }
    }
  }
}

/// Atari games, played by the Arcade Learning Environment in worker processes (`make gymnasium` installs it).
///
/// Observations are the last four frames, grey, 84x84, `[84, 84, 4]` with the newest frame last; frames before an
/// episode's first are zeros. All games share the full set of 18 actions, in the emulator's own codes.
public enum Atari {
  /// A suite of some of the games; 200 million frames of each are usual.
  static func suite(_ name: String, _ ids: [String]) -> Suite {
    Suite(
      name, .init(tasks: ids.count, .pictures, .discrete, .games, isHeavy: true, publishedSteps: 50_000_000)
    ) { try tasks(ids, $0, of: name) }
  }

  /// Eight games in which agents get better early, with rewards from 1 (pong) to hundreds (up_n_down).
  public static let suite8 = [
    "pong", "breakout", "boxing", "freeway", "crazy_climber", "kung_fu_master", "up_n_down", "krull",
  ]

  /// What an agent sees.
  public static let observation = ObservationSpace([
    ObservationLeaf(name: "frames", element: .uint8, shape: [84, 84, 4], scale: 1 / 255)
  ])

  /// The emulator and what it is driven through, at the versions that the task definitions name.
  static let packages = PythonPackages.pinned(
    in: "requirements.txt", ["ale-py", "gymnasium"])

  /// The task of one game.
  ///
  /// - Throws: `EnvironmentError.unknownTask` when `id` is none of the 57 games. Making its environment throws
  ///   `pythonMissing`, `romMissing` or `workerFailed`.
  public static func task(_ id: String, options: AtariOptions = AtariOptions()) throws -> Task {
    guard let game = games.first(where: { $0.id == id }) else {
      throw EnvironmentError.unknownTask(suite: "atari", task: id, nearest: nearest(to: id, among: games.map(\.id)))
    }
    // Skiing has neither FIRE nor anything with it.
    let mask = (0..<18).map { id != "skiing" || $0 == 0 || (2...9).contains($0) }
    return Task(
      id: id, observation: observation, action: .discrete(18), actionMask: mask,
      scores: Task.ReferenceScores(random: game.random, reference: game.human, label: "human"),
      parameters: parameters(id, options), lifeLossEndsEpisode: options.lifeLossEndsEpisode
    ) { replicas, seed, worker in
      try environment(id, options: options, in: worker) {
        WorkerProgram.seeds(task: id, replicas: replicas, seed: seed, generation: $0)
      }
    }
  }

  /// The tasks of these games, in their order.
  ///
  /// - Parameter arguments: Those of `AtariOptions`.
  static func tasks(_ ids: [String], _ arguments: [String: String], of suite: String) throws -> [Task] {
    let options = try AtariOptions(arguments, of: suite)
    return try ids.map { try task($0, options: options) }
  }

  private struct WorkerOptions: Encodable {
    let game: String
    let frameSkip: Int
    let stickyActions: Double
    let noopMax: Int
    let fireReset: Bool
    let maxFrames: Int
  }

  static func environment(
    _ id: String, options: AtariOptions, in worker: Worker, seeds: @escaping (_ generation: Int) -> [UInt32]
  ) throws -> WorkerEnvironment {
    let program = WorkerProgram(
      task: id, kind: options.isExact ? "atari_exact" : "atari", seeds: seeds,
      options: WorkerOptions(
        game: id, frameSkip: options.frameSkip, stickyActions: options.stickyActions, noopMax: options.noopMax,
        fireReset: options.fireReset, maxFrames: options.maxFrames),
      leaves: observation.leaves.map { WorkerLeaf(leaf: $0, planesFirst: true) }, action: .discrete(18),
      truncationTerminates: true, packages: packages)
    return try WorkerEnvironment(program, in: worker)
  }

  private static func parameters(_ id: String, _ options: AtariOptions) -> [String: String] {
    var parameters = [
      "suite": "atari",
      "game": id,
      "actions": "full set, emulator codes",
      "frame_skip": "\(options.frameSkip)",
      "frame_pooling": "maximum of the last two",
      "frame_stack": "4, zeros before the first frame",
      "image": "grey, 84x84, area interpolation",
      "sticky_actions": "\(options.stickyActions)",
      "noop_max": "\(options.noopMax)",
      "fire_reset": options.fireReset ? "where the minimal action set has it" : "no",
      "max_frames": "\(options.maxFrames)",
      "frame_limit": "terminates",
      "life_loss": options.lifeLossEndsEpisode ? "ends the learner's episode" : "ignored",
      "reward": "unclipped",
    ].merging(packages.parameters) { $1 }
    if options.isExact { parameters["emulation"] = "exact" }
    return parameters
  }
}
