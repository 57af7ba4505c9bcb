import Testing

@testable import Environments

private func task(_ id: String, planes: Int = 1, action: ActionSpace = .discrete(2)) -> Task {
  Task(
    id: id, observation: ObservationSpace([ObservationLeaf(name: "planes", element: .uint8, shape: [planes])]),
    action: action, actionMask: Array(repeating: true, count: action.count), scores: nil, parameters: [:]
  ) { _, _, _ in throw EnvironmentError.pythonMissing(reason: "not to be made", packages: []) }
}

@Suite("Task sets")
struct TaskSetTests {
  @Test("A suite's traits are those of its tasks, and no worker is asked", arguments: Suites.all.names)
  func traits(name: String) throws {
    let (traits, set) = (try #require(Suites.all.traits(of: name)), try Suites.make(name))
    #expect(traits.tasks == set.tasks.count)
    #expect(traits.observation == set.observation.kind && traits.action == set.action.kind)
  }

  @Test("Tasks that a suite's name lists are counted without a worker")
  func listed() {
    #expect(Suites.all.traits(of: "gymnasium:A-v0,B-v1?x=2")?.tasks == 2)
    #expect(Suites.all.traits(of: "metaworld-mt1:reach")?.tasks == 1 && Suites.all.traits(of: "nonsense") == nil)
  }

  @Test("Every suite can be made, and its streams are distinct for 64 replicas")
  func suites() throws {
    for name in Suites.all.names { try Suites.make(name).checkStreams(replicas: 64) }
    #expect(try Suites.make("arcade").ids == ["swarm", "bricks", "vault", "forage", "diver", "crossing"])
  }

  @Test("A misspelt suite or task is refused with the name that was meant")
  func suggests() throws {
    #expect(throws: EnvironmentError.unknownSuite(name: "arcad", nearest: "arcade")) { try Suites.make("arcad") }
    let error = #expect(throws: EnvironmentError.self) { try Suites.make("arcade").subset(["swarm", "brikcs"]) }
    #expect(
      error?.description == "suite arcade has no task brikcs: did you mean bricks? (`polymath list suites` shows all)")
    #expect(throws: EnvironmentError.unknownTask(suite: "arcade", task: "tetris", nearest: nil)) {
      try Suites.make("arcade").subset(["tetris"])
    }
  }

  @Test("A subset has the order asked for")
  func subset() throws {
    #expect(try Suites.make("arcade").subset(["vault", "swarm"]).ids == ["vault", "swarm"])
  }

  @Test("No task, a task twice, and tasks of different spaces are refused")
  func refuses() {
    #expect(throws: EnvironmentError.emptySet(suite: "s")) { try TaskSet(name: "s", tasks: []) }
    #expect(throws: EnvironmentError.duplicateTask(suite: "s", task: "a")) {
      try TaskSet(name: "s", tasks: [task("a"), task("a")])
    }
    let observations = #expect(throws: EnvironmentError.self) {
      try TaskSet(name: "s", tasks: [task("a"), task("b", planes: 2)])
    }
    #expect(
      observations?.description
        == "tasks a and b can't be in one set: observations are planes uint8 [1] x 1.0 and planes uint8 [2] x 1.0")
    let actions = #expect(throws: EnvironmentError.self) {
      try TaskSet(name: "s", tasks: [task("a"), task("b", action: .box(2))])
    }
    #expect(actions?.description == "tasks a and b can't be in one set: actions are discrete(2) and box(2)")
  }

  @Test("Two names with one stream are refused")
  func collision() {
    // FNV-1a, 32 bits, of "\(name)/0/0": found by search.
    #expect(throws: EnvironmentError.streamCollision(first: "task_332789/0/0", second: "task_529192/0/0")) {
      try TaskSet(name: "s", tasks: [task("task_332789"), task("task_529192")])
    }
  }

  @Test("Masks are widened to the widest action space")
  func widens() throws {
    let set = try TaskSet(name: "s", tasks: [task("a"), task("b", action: .discrete(4))])
    #expect(set.action == .discrete(4))
    #expect(set.tasks[0].actionMask == [true, true, false, false])
    #expect(set.tasks[0].action == .discrete(4))
  }

  @Test("A lockfile tells tasks and options apart, and is the same every time")
  func lockfile() throws {
    let lockfile = try Suites.make("arcade").lockfile
    #expect(try Suites.make("arcade").lockfile == lockfile)
    #expect(
      try TaskSet(name: "arcade", tasks: [Arcade.task("swarm")]).lockfile.hasPrefix(
        """
        suite: arcade
        observation: planes uint8 [10, 10, 10] x 1.0
        action: discrete(6)
        tasks:
          - id: swarm
            actions: [0, 1, 3, 5]
            life_loss_ends_episode: false
        """))
    #expect(lockfile.contains("      sticky_actions: 0.1\n"))
    let calm = Arcade.ids.map { Arcade.task($0, stickyActions: 0) }
    #expect(try TaskSet(name: "arcade", tasks: calm).lockfile != lockfile)
  }

  @Test(
    "Edits are insertions, deletions, replacements and exchanges of neighbours",
    arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("trian", "train", 1), ("ca", "ac", 1), ("a", "a", 0)])
  func edits(from: String, to: String, edits: Int) {
    #expect(editDistance(from, to) == edits && editDistance(to, from) == edits)
  }

  @Test(
    "The nearest name is the one of fewest edits, and none where a short name would be another word",
    arguments: [
      ("crosing", "crossing"), ("Crossing", "crossing"), ("trian", "train"), ("popart", "popart-impala"),
      ("impala", "popart-impala"), ("sed", "seed"), ("n", nil), ("tau", nil), ("lax", nil), ("zzzzzz", nil),
      ("", nil),
    ] as [(String, String?)])
  func nearestName(name: String, meant: String?) {
    #expect(nearest(to: name, among: ["h", "lag", "seed", "train", "crossing", "popart-impala"]) == meant)
    #expect(nearest(to: name, among: []) == nil)
  }
}
