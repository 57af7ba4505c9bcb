/// MinAtar's games (Young and Tian 2019, 1903.03176), in worker processes (`make minatar` installs it).
///
/// A game is seen as 4 to 10 planes of 10 x 10 cells, 0 or 1. All games take its six actions: noop, left, up, right, down, fire; masks
/// leave out those that a game has no use for. Actions are sticky and games grow harder, as in the paper.
public enum MinAtar {
  public static let suite = Suite("minatar", .games) { tasks() }

  private struct Game {
    let id: String
    /// In Gymnasium's registry; its version 0 has all six actions.
    let environment: String
    let planes: Int
    /// The arcade's game of the same rules, whose actions, and planes from the first, are the same.
    let twin: String
    /// Mean return of uniformly random play, 300 episodes.
    let random: Double
  }

  private static let games = [
    Game(id: "asterix", environment: "MinAtar/Asterix-v0", planes: 4, twin: "forage", random: 0.49),
    Game(id: "breakout", environment: "MinAtar/Breakout-v0", planes: 4, twin: "bricks", random: 0.377),
    Game(id: "freeway", environment: "MinAtar/Freeway-v0", planes: 7, twin: "crossing", random: 0.39),
    Game(id: "seaquest", environment: "MinAtar/Seaquest-v0", planes: 10, twin: "diver", random: 0.12),
    Game(id: "space_invaders", environment: "MinAtar/SpaceInvaders-v0", planes: 6, twin: "swarm", random: 4.307),
  ]

  static let packages = PythonPackages.pinned(
    in: "requirements-minatar.txt", ["gymnasium", "MinAtar"])

  /// All five games. Making an environment throws `EnvironmentError.pythonMissing` or `packageMissing`.
  static func tasks() -> [Task] { games.map(task) }

  private static func task(_ game: Game) -> Task {
    var options = Gymnasium.Options()
    options.arguments = ["sticky_action_prob": "0.1", "difficulty_ramping": "True"]
    let twin = Arcade.task(game.twin)
    return Gymnasium.task(
      game.id, kind: "minatar", options: Gymnasium.WorkerOptions(game.environment, options),
      leaf: ObservationLeaf(name: "planes", element: .uint8, shape: [10, 10, game.planes]), action: Arcade.action,
      actionMask: twin.actionMask,
      scores: Task.ReferenceScores(random: game.random, reference: nil, label: "single-task agent"),
      parameters: [
        "suite": "minatar", "environment": game.environment, "sticky_actions": "0.1", "ramping": "true",
        "horizon": "none",
      ], packages: packages, hasSuccessRule: false, palette: Array(twin.palette.prefix(game.planes)))
  }
}
