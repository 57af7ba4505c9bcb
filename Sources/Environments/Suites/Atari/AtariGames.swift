extension Atari {
  /// One game: its name in ale-py, and the mean returns that normalise its scores.
  public struct Game: Hashable, Sendable {
    public let id: String
    /// Uniformly random play.
    public let random: Double
    /// A human games tester.
    public let human: Double

    init(_ id: String, _ random: Double, _ human: Double) { (self.id, self.random, self.human) = (id, random, human) }
  }

  /// The 57 games of the Atari-57 benchmark, in alphabetical order.
  ///
  /// - Source: the scores that the benchmark's papers share: no-op starts, at most 30 minutes a game.
  public static let games: [Game] = [
    Game("alien", 227.8, 7127.7),
    Game("amidar", 5.8, 1719.5),
    Game("assault", 222.4, 742.0),
    Game("asterix", 210.0, 8503.3),
    Game("asteroids", 719.1, 47388.7),
    Game("atlantis", 12850.0, 29028.1),
    Game("bank_heist", 14.2, 753.1),
    Game("battle_zone", 2360.0, 37187.5),
    Game("beam_rider", 363.9, 16926.5),
    Game("berzerk", 123.7, 2630.4),
    Game("bowling", 23.1, 160.7),
    Game("boxing", 0.1, 12.1),
    Game("breakout", 1.7, 30.5),
    Game("centipede", 2090.9, 12017.0),
    Game("chopper_command", 811.0, 7387.8),
    Game("crazy_climber", 10780.5, 35829.4),
    Game("defender", 2874.5, 18688.9),
    Game("demon_attack", 152.1, 1971.0),
    Game("double_dunk", -18.6, -16.4),
    Game("enduro", 0.0, 860.5),
    Game("fishing_derby", -91.7, -38.7),
    Game("freeway", 0.0, 29.6),
    Game("frostbite", 65.2, 4334.7),
    Game("gopher", 257.6, 2412.5),
    Game("gravitar", 173.0, 3351.4),
    Game("hero", 1027.0, 30826.4),
    Game("ice_hockey", -11.2, 0.9),
    Game("jamesbond", 29.0, 302.8),
    Game("kangaroo", 52.0, 3035.0),
    Game("krull", 1598.0, 2665.5),
    Game("kung_fu_master", 258.5, 22736.3),
    Game("montezuma_revenge", 0.0, 4753.3),
    Game("ms_pacman", 307.3, 6951.6),
    Game("name_this_game", 2292.3, 8049.0),
    Game("phoenix", 761.4, 7242.6),
    Game("pitfall", -229.4, 6463.7),
    Game("pong", -20.7, 14.6),
    Game("private_eye", 24.9, 69571.3),
    Game("qbert", 163.9, 13455.0),
    Game("riverraid", 1338.5, 17118.0),
    Game("road_runner", 11.5, 7845.0),
    Game("robotank", 2.2, 11.9),
    Game("seaquest", 68.4, 42054.7),
    Game("skiing", -17098.1, -4336.9),
    Game("solaris", 1236.3, 12326.7),
    Game("space_invaders", 148.0, 1668.7),
    Game("star_gunner", 664.0, 10250.0),
    Game("surround", -10.0, 6.5),
    Game("tennis", -23.8, -8.3),
    Game("time_pilot", 3568.0, 5229.2),
    Game("tutankham", 11.4, 167.6),
    Game("up_n_down", 533.4, 11693.2),
    Game("venture", 0.0, 1187.5),
    Game("video_pinball", 16256.9, 17667.9),
    Game("wizard_of_wor", 563.5, 4756.5),
    Game("yars_revenge", 3092.9, 54576.9),
    Game("zaxxon", 32.5, 9173.3),
  ]
}
