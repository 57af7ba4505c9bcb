import CArcade
import Foundation

/// Six games on a 10x10 grid with one space of observations and actions; rewards differ by four orders of magnitude and
/// come dense in some and sparse in others. Rules, planes and the agreement with MinAtar: `docs/arcade.md`.
public enum Arcade {
  /// Rewards as learning likes them.
  public static let suite = Suite("arcade", .games) { tasks() }
  /// The same games with the rewards of their rules.
  public static let unscaledSuite = Suite("arcade-unscaled", .games) { ids.map { task($0, rewardScale: 1) } }

  private struct Game {
    let id: String
    let number: Int
    let rewardScale: Float
    /// Steps after which an episode is cut off. Where the rules alone could let it go on forever, a long one.
    let horizon: Int
    let palette: [UInt32]
  }

  private static let unused: UInt32 = 0x000000
  /// In the order of default reward scales.
  private static let games = [
    Game(
      id: "swarm", number: CARCADE_SWARM, rewardScale: 0.1, horizon: 2500,
      palette: [0x4fc3f7, 0xef5350, 0xc62828, 0xff8a65, 0xffffff, 0xffd54f, unused, unused, unused, unused]),
    Game(
      id: "bricks", number: CARCADE_BRICKS, rewardScale: 1, horizon: 2500,
      palette: [0x4fc3f7, 0xffffff, 0x757575, 0xff8a65, unused, unused, unused, unused, unused, unused]),
    Game(
      id: "vault", number: CARCADE_VAULT, rewardScale: 1, horizon: 200,
      palette: [
        0x4fc3f7, 0x616161, 0xa1887f, 0xffd54f, 0x8d6e63, 0xef5350, 0x6d2c2c, 0x81c784, 0xffecb3, 0xff8a80,
      ]),
    Game(
      id: "forage", number: CARCADE_FORAGE, rewardScale: 10, horizon: 2500,
      palette: [0x4fc3f7, 0xef5350, 0x757575, 0xffd54f, unused, unused, unused, unused, unused, unused]),
    Game(
      id: "diver", number: CARCADE_DIVER, rewardScale: 100, horizon: 2500,
      palette: [
        0x4fc3f7, 0x0288d1, 0xffffff, 0x546e7a, 0xff8a80, 0xff8a65, 0xef5350, 0x80deea, 0xaed581, 0xffd54f,
      ]),
    // Its rules end it, and as termination, after 2,501 steps.
    Game(
      id: "crossing", number: CARCADE_CROSSING, rewardScale: 1000, horizon: 0,
      palette: [
        0x4fc3f7, 0xef5350, 0xffcdd2, 0xef9a9a, 0xb0bec5, 0x78909c, 0x455a64, unused, unused, unused,
      ]),
  ]

  /// Names of the games, least reward scale first.
  public static let ids = games.map(\.id)

  /// What an agent sees: `planes`, uint8 `[10, 10, 10]`, row, column, plane; cells are 0 or 1, plane 0 is the player.
  public static let observation = ObservationSpace([
    ObservationLeaf(
      name: "planes", element: .uint8, shape: [Int(CARCADE_SIZE), Int(CARCADE_SIZE), Int(CARCADE_SIZE)])
  ])

  /// Noop, left, up, right, down, fire.
  public static let action = ActionSpace.discrete(Int(CARCADE_ACTIONS))

  /// All six games as they are by default.
  public static func tasks() -> [Task] { ids.map { task($0) } }

  /// The task of one game.
  ///
  /// - Parameters:
  ///   - id: One of `ids`.
  ///   - rewardScale: What points are multiplied by; nil for the game's own, from 0.1 (swarm) to 1,000 (crossing).
  ///   - stickyActions: Probability that the last action is repeated instead of the given one.
  ///   - ramping: Whether swarm, forage and diver grow harder as an episode goes on.
  ///   - horizon: Steps after which an episode is truncated, 0 for never; nil for the game's own.
  /// - Precondition: `id` is one of `ids`.
  public static func task(
    _ id: String, rewardScale: Float? = nil, stickyActions: Float = 0.1, ramping: Bool = true, horizon: Int? = nil
  ) -> Task {
    guard let game = games.first(where: { $0.id == id }) else {
      preconditionFailure("arcade has no game \(id), but \(ids.joined(separator: ", "))")
    }
    precondition(0...1 ~= stickyActions, "stickyActions is \(stickyActions), not in 0...1")
    precondition(horizon ?? 0 >= 0, "horizon is \(horizon ?? 0), not 0 or more")
    let rules = carcade_rules(
      sticky: stickyActions, reward_scale: rewardScale ?? game.rewardScale, horizon: UInt32(horizon ?? game.horizon),
      game: UInt8(game.number), ramping: ramping ? 1 : 0)
    let mask = carcade_action_mask(rules.game)
    return Task(
      id: id, observation: observation, action: action,
      actionMask: (0..<Int(CARCADE_ACTIONS)).map { mask >> $0 & 1 == 1 },
      scores: references[id]?.scores(rewardScale: Double(rules.reward_scale)),
      parameters: [
        "rules_version": "\(CARCADE_RULES_VERSION)",
        "reward_scale": "\(rules.reward_scale)",
        "sticky_actions": "\(rules.sticky)",
        "ramping": "\(ramping)",
        "horizon": "\(rules.horizon)",
      ], hasSuccessRule: rules.game == CARCADE_VAULT, palette: game.palette
    ) { replicas, seed, _ in ArcadeEnvironment(task: id, rules: rules, replicas: replicas, seed: seed) }
  }

  /// Measured mean returns at reward scale 1, sticky actions 0.1, ramping on; `reference` is null until it was
  /// measured.
  struct Reference: Decodable {
    let random: Double
    let reference: Double?

    func scores(rewardScale: Double) -> Task.ReferenceScores {
      Task.ReferenceScores(
        random: random * rewardScale, reference: reference.map { $0 * rewardScale }, label: "single-task agent")
    }
  }

  static let references: [String: Reference] = {
    guard let file = Bundle.module.url(forResource: "references", withExtension: "json") else { return [:] }
    do { return try JSONDecoder().decode([String: Reference].self, from: Data(contentsOf: file)) } catch {
      preconditionFailure("references.json of the arcade can't be read: \(error)")
    }
  }()
}
