/// Ten manipulation tasks in a plane with one observation and one action space, a light stand-in for Meta-World's MT10.
/// Rules, layout and scores: `docs/environments.md`.
public enum Planar {
  public static let suite = Suite("planar10", .manipulation) { tasks() }

  /// Suite `planar10`.
  public static func tasks() -> [Task] {
    rules.map { id, task in
      let scores = returns[id].map {
        Task.ReferenceScores(random: $0.random, reference: $0.expert, label: "scripted expert")
      }
      return Task(id, task, scores: scores)
    }
  }

  // A pusher can get at it from every side.
  private static let middle = PlanarTask.Region(x: -0.4...0.4, y: -0.3...0)
  private static let above = PlanarTask.Region(x: -0.6...0.6, y: 0.4...0.8)
  // Touching the upper edge: what lies there can't be pushed away from it.
  private static let upperEdge = PlanarTask.Region(x: -0.6...0.6, y: 0.94...0.94)

  static let rules: [(id: String, task: PlanarTask)] = [
    (
      "reach",
      PlanarTask(
        rewardMaximum: 0.1, moved: .pusher, objectStart: middle, goalRegion: .init(x: -0.8...0.8, y: -0.4...0.8))
    ),
    ("push", PlanarTask(rewardMaximum: 1, objectStart: middle, goalRegion: above)),
    (
      "pull",
      PlanarTask(
        rewardMaximum: 2, canBeHeld: true, objectStart: upperEdge,
        goalRegion: .init(x: -0.6...0.6, y: -0.4...0.2))
    ),
    (
      "slide_to",
      PlanarTask(
        rewardMaximum: 0.5, joint: .slider(axis: SIMD2(1, 0)), range: 1.4, startDisplacement: 0.2...0.6,
        goalDisplacement: 0.8...1.2, eitherWay: true, objectStart: .init(x: -0.7...(-0.7), y: -0.3...0.5))
    ),
    (
      "press",
      PlanarTask(
        rewardMaximum: 0.2, joint: .slider(axis: SIMD2(1, 0)), range: 0.1, goalDisplacement: 0.1...0.1, spring: 0.01,
        objectStart: .init(x: 0.84...0.84, y: -0.6...0.6), tolerance: 0.02,
        goalLength: 0.05)
    ),
    (
      "open_drawer",
      PlanarTask(
        rewardMaximum: 5, joint: .slider(axis: SIMD2(0, -1)), range: 0.6, goalDisplacement: 0.3...0.5, canBeHeld: true,
        objectStart: upperEdge, goalLength: 0.2)
    ),
    (
      "close_drawer",
      PlanarTask(
        rewardMaximum: 1, joint: .slider(axis: SIMD2(0, -1)), range: 0.6, startDisplacement: 0.3...0.5, canBeHeld: true,
        objectStart: upperEdge, goalLength: 0.2)
    ),
    (
      "turn_dial",
      PlanarTask(
        rewardMaximum: 2, joint: .dial(arm: 0.3), range: .pi, startDisplacement: 0.3...1, goalDisplacement: 2...2.8,
        eitherWay: true, canBeHeld: true, objectStart: .init(x: -0.5...0.5, y: -0.2...0.4),
        goalLength: 0.2)
    ),
    (
      "insert",
      PlanarTask(
        rewardMaximum: 10, canBeHeld: true, obstacle: .slot(mouth: 0.6, halfHeight: 0.08),
        pusherStart: .init(x: -0.9...(-0.6), y: -0.6...0.6), objectStart: .init(x: -0.3...0.2, y: -0.5...0.5),
        goalRegion: .init(x: 0.85...0.85, y: -0.6...0.6))
    ),
    (
      "push_around_wall",
      PlanarTask(
        rewardMaximum: 5, obstacle: .wall(halfWidth: 0.35, halfHeight: 0.05),
        objectStart: .init(x: -0.3...0.3, y: -0.48...(-0.3)), goalRegion: .init(x: -0.25...0.25, y: 0.35...0.7))
    ),
  ]

  /// Mean returns: random play of `./polymath evaluate --random --suite planar10 --episodes 4000`, and the expert's of
  /// PlanarTests, which says what it measured where this is wrong.
  private static let returns: [String: (random: Double, expert: Double)] = [
    "reach": (1.882, 13.707),
    "push": (27.762, 133.356),
    "pull": (22.541, 221.154),
    "slide_to": (17.821, 66.227),
    "press": (3.433, 26.737),
    "open_drawer": (70.188, 591.916),
    "close_drawer": (15.64, 125.641),
    "turn_dial": (29.285, 254.158),
    "insert": (214.765, 1249.371),
    "push_around_wall": (117.432, 632.996),
  ]
}
