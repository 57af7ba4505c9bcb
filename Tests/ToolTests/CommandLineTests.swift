import Algorithms
import Environments
import Foundation
import Runs
import Testing

/// What the tool said, called in an empty folder.
private struct Invocation {
  /// 128 and more where a signal ended it.
  let status: Int32
  let output: String
  let complaints: [String]

  init(_ words: [String]) throws {
    var (status, output, message) = (Int32(-1), "", "")
    try inFolder { folder in
      let file = folder.appending(path: "output")
      try Data().write(to: file)
      let program = try Program(
        words, in: folder, shell: "set -- timeout -s KILL 120 \"$@\"", output: FileHandle(forWritingTo: file))
      status = program.end()
      (output, message) = (try String(contentsOf: file, encoding: .utf8), program.message)
    }
    (self.status, self.output) = (status, output)
    complaints = message.split(separator: "\n").map(String.init)
  }
}

@Suite("Command line")
struct CommandLineTests {
  @Test(
    "A mistake is told in one line, with what was probably meant",
    arguments: [
      (["trian"], "did you mean train?"), (["eval", "r"], "did you mean evaluate?"),
      (["analyze", "curve"], "did you mean curves?"), (["bench", "learnr"], "did you mean learner?"),
      (["train", "--lr", "1"], "did you mean --learning-rate?"),
      (["train", "goals"], "did you mean --suite goals?"),
      (["train", "--overwite"], "did you mean --overwrite?"), (["train", "--log-dir", "x"], "did you mean --out?"),
      (["train", "--algorithm", "popart"], "did you mean popart-impala?"),
      (["train", "--network", "Depe"], "did you mean deep?"),
      (["train", "--suite", "CartPole-v1"], "did you mean gymnasium:CartPole-v1?"),
      (["train", "--suite", "gym:CartPole-v1"], "did you mean gymnasium:CartPole-v1?"),
      (["train", "--suite", "bricks"], "did you mean arcade --tasks bricks?"),
      (["train", "--suite", "goals", "--env-module", "x"], "leave out env-module"),
      (["evaluate", "--random", "--suite", "goals", "--env-arg", "a=1"], "leave out env-arg"),
      (["train", "--tasks", ","], "a list of tasks"),
      (["evaluate", "--random", "--tasks", ","], "separated by commas"),
      (["train", "--unroll"], "needs a value"), (["train", "--steps", "2e60"], "from 1 to 2^53"),
      (["train", "a\nb\u{1b}c"], "\"a\\nb\\u{1B}c\""), (["evaluate", ""], "must be a path"),
      (["train", "--suite", "a\n\u{1b}[31mb"], "\\u{1b}[31mb"),
    ])
  func mistakes(words: [String], hint: String) throws {
    let invocation = try Invocation(words)
    #expect([1, 64].contains(invocation.status))
    #expect(invocation.complaints.count == 1 && invocation.complaints[0].contains(hint), "\(invocation.complaints)")
  }

  @Test(
    "An unknown option is told before what is missing", arguments: [["evaluate"], ["check"], ["analyze", "curves"]])
  func unknownFirst(command: [String]) throws {
    let complaints = try Invocation(command + ["--nosuch"]).complaints
    #expect(complaints.count == 1 && complaints[0].contains("has no option --nosuch"), "\(complaints)")
  }

  @Test(
    "No Python that is started looks for modules in the current folder, whatever PYTHONPATH says",
    .enabled(if: (try? Suites.make("gymnasium:CartPole-v1")) != nil), arguments: ["", ":/opt/x::/opt/y", "."])
  func searchPath(variable: String) throws {
    try inFolder { folder in
      for name in ["sitecustomize", "polymath_worker", "gymnasium"] {
        try Data("open('\(folder.path)/imported', 'w')\n".utf8).write(to: folder.appending(path: "\(name).py"))
      }
      let program = try Program(
        ["check", "gymnasium:CartPole-v1", "--steps", "10"], in: folder, shell: "export PYTHONPATH=\(variable)")
      #expect(program.end() == 0, "\(program.message)")
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "imported").path))
    }
  }

  @Test(
    "A terminal obeys nothing that environments say of themselves",
    .enabled(if: (try? Suites.make("gymnasium:CartPole-v1")) != nil))
  func foreignNotes() throws {
    try inFolder { folder in
      let module = """
        import gymnasium, numpy
        class Foreign(gymnasium.Env):
            observation_space = gymnasium.spaces.Dict({"a\\x1b[2J\\x07": gymnasium.spaces.Box(0, 255, (4, 4, 3), numpy.uint8),
                                                       "b": gymnasium.spaces.Box(-1, 1, (2,))})
            action_space = gymnasium.spaces.Discrete(2)
            def reset(self, *, seed=None, options=None):
                super().reset(seed=seed)
                return self.observation_space.sample(), {}
            def step(self, action):
                return self.observation_space.sample(), 0.0, self.np_random.random() < 0.1, False, {}
        gymnasium.register("Foreign-v0", Foreign)
        """
      try Data(module.utf8).write(to: folder.appending(path: "foreign.py"))
      let file = folder.appending(path: "output")
      try Data().write(to: file)
      let program = try Program(
        ["check", "gymnasium:foreign:Foreign-v0", "--steps", "10"], in: folder,
        output: FileHandle(forWritingTo: file))
      _ = program.end()
      let output = try String(contentsOf: file, encoding: .utf8)
      #expect(output.contains("\\u{1b}[2J\\u{7}"), "\(output) \(program.message)")
      #expect((output + program.message).unicodeScalars.allSatisfy { $0 == "\n" || $0.isHarmless })
    }
  }

  @Test("A reference below random play is told, since it turns normalized returns around")
  func lowReference() throws {
    let words = ["evaluate", "--random", "--suite", "goals", "--tasks", "goal_ten", "--episodes", "2", "--reference"]
    for (reference, count) in [("goal_ten=-9", 1), ("goal_ten=9", 0)] {
      let invocation = try Invocation(words + [reference])
      #expect(invocation.status == 0)
      #expect(invocation.complaints.count { $0.contains("-9.00, is below random play, 1.60") } == count)
    }
  }

  @Test("Spaces after commas part no list, and lists given twice add up")
  func lists() throws {
    let words = [
      "train", "--suite", "arcade", "--tasks", "bricks,", "vault", ",swarm", "--tasks=diver", "--print-config",
    ]
    let invocation = try Invocation(words)
    #expect(invocation.status == 0 && invocation.output.contains("tasks: [bricks, vault, swarm, diver]\n"))
  }

  @Test("train --help names every setting with its range and default, in 80 columns")
  func help() throws {
    let text = try Invocation(["train", "--help"]).output
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let plain = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for setting in Catalogue.all.everySetting {
      #expect(plain.contains("--\(setting.name) "), "\(setting.name)")
      if !setting.isFlag && !setting.isList { #expect(plain.contains(setting.kind), "\(setting.name)") }
    }
    #expect(plain.contains("gamma per agent step; a number in [0, 1) (default: 0.99)"))
  }

  /// What hurts, for numbers, lists, names and paths.
  private static let extremes = [
    "", "-1", "9223372036854775807", "18446744073709551616", "1e400", "nan", "inf", "~", ",", "\u{1b}[31m\n", "٣",
    "%n%s",
    String(repeating: "9", count: 60_000),
  ]

  /// Commands with options, as the tool lists them: words, and the names of options that take a value.
  private static func commands() throws -> [(words: [String], options: [String])] {
    struct Name: Decodable { let name: String }
    struct Argument: Decodable {
      let kind: String
      let names: [Name]?
    }
    struct Command: Decodable {
      let commandName: String
      let arguments: [Argument]?
      let subcommands: [Command]?
    }
    struct Dump: Decodable { let command: Command }
    func list(_ command: Command, _ words: [String]) -> [(words: [String], options: [String])] {
      let options = (command.arguments ?? []).filter { $0.kind == "option" }.compactMap { $0.names?.first?.name }
      return [(words, options)] + (command.subcommands ?? []).flatMap { list($0, words + [$0.commandName]) }
    }
    let dump = try Invocation(["--experimental-dump-help"]).output
    return list(try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command, [])
  }

  /// One value for each option, and all in `make extremes`.
  @Test("No value of any option ends the tool by a signal or in more than one line")
  func extremes() throws {
    let everything = ProcessInfo.processInfo.environment["EXTREMES"] != nil
    var place = 0
    let commands = try Self.commands()
    #expect(commands.count >= 12 && commands.flatMap(\.options).count >= 40)
    for (words, options) in commands {
      for option in options {
        for (index, value) in Self.extremes.enumerated() {
          guard everything || (index + place).isMultiple(of: Self.extremes.count) else { continue }
          // Only a configuration is printed: nothing is trained.
          let words = words + ["--\(option)=\(value)"] + (words == ["train"] ? ["--print-config"] : [])
          let invocation = try Invocation(words)
          #expect([0, 1, 64].contains(invocation.status), "\(words)")
          #expect(invocation.complaints.count == (invocation.status == 0 ? 0 : 1), "\(words): \(invocation.complaints)")
        }
        place += 1
      }
    }
  }
}
