import Foundation
import Testing

@testable import Environments

/// A Python with Gymnasium, at any version.
let gymnasiumPython: String? = {
  guard let python = try? WorkerPython.locate() else { return nil }
  let process = Process()
  process.executableURL = URL(filePath: python)
  process.arguments = ["-c", "import gymnasium"]
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  process.waitUntilExit()
  return process.terminationStatus == 0 ? python : nil
}()

/// A folder with modules, and what makes their environments.
func moduleOptions(_ modules: [String: String]) throws -> Gymnasium.Options {
  let folder = FileManager.default.temporaryDirectory.appending(path: "polymath-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  for (name, text) in modules {
    try text.write(to: folder.appending(path: "\(name).py"), atomically: true, encoding: .utf8)
  }
  var options = Gymnasium.Options()
  (options.modules, options.directory) = (modules.keys.sorted(), folder.path)
  return options
}

/// The one block of Python in docs/environments.md.
private func example() throws -> String {
  let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/environments.md")
  let text = try String(contentsOf: page, encoding: .utf8)
  return String(text.split(separator: "```python\n")[1].split(separator: "```")[0])
}

/// Registers `Odd-v0`, with these spaces.
private func odd(observation: String, action: String = "s.Discrete(2)") -> String {
  """
  import copy
  import gymnasium
  import numpy
  import gymnasium.spaces as s

  class Odd(gymnasium.Env):
      observation_space = \(observation)
      action_space = \(action)

      def __init__(self):
          self.observation_space = copy.deepcopy(Odd.observation_space)

      def reset(self, seed=None, options=None):
          super().reset(seed=seed)
          if seed is not None:
              self.observation_space.seed(seed)
          return self.observation_space.sample(), {}

      def step(self, action):
          assert self.action_space.contains(action), action
          return self.observation_space.sample(), numpy.sum(action), False, False, {}

  gymnasium.register("Odd-v0", entry_point=Odd, max_episode_steps=7)
  """
}

@Suite("Gymnasium's environments", .serialized, .enabled(if: gymnasiumPython != nil))
struct GymnasiumTests {
  @Test("The example of docs/environments.md keeps the promises of environments")
  func documentedExample() throws {
    var options = try moduleOptions(["corridor": example()])
    options.arguments = ["length": "12"]
    let set = try Suites.make("gymnasium:Corridor-v0", options: options)
    #expect(set.ids == ["corridor_v0"] && set.observation.leaves[0].shape == [2] && set.action == .discrete(2))
    #expect(set.tasks[0].hasSuccessRule && set.lockfile.contains("modules: corridor"))
    #expect(set.lockfile.contains("argument_length: 12") && set.lockfile.contains("horizon: 50"))
    #expect(try EnvironmentCheck.failures(of: set.tasks[0], steps: 300) == [])
  }

  @Test("Every slot does what it was told: of the example's corridors only those that go right are solved")
  func actions() throws {
    let set = try Suites.make("gymnasium:Corridor-v0", options: moduleOptions(["corridor": example()]))
    let play = try Play(set.tasks[0], replicas: 0..<4)
    var solved = [0, 0, 0, 0]
    for _ in 0..<60 {
      try play.step([1, 0, 0, 1])
      for slot in 0..<4 {
        solved[slot] += Int(play.success[slot])
        #expect(play.reward[slot] == Float(play.success[slot]) && play.terminated[slot] == play.success[slot])
      }
    }
    #expect(solved[0] >= 6 && solved[3] >= 6 && solved[1] == 0 && solved[2] == 0)
  }

  @Test(
    "Every space of a fixed length becomes an image or a vector, every choice a number, every bounded box [-1, 1]",
    arguments: [
      ("s.Box(0, 255, (6, 5, 3), numpy.uint8)", "s.Discrete(3, start=-1)", [6, 5, 3], ActionSpace.discrete(3)),
      ("s.Box(0, 255, (6, 5), numpy.uint8)", "s.MultiDiscrete([2, 3])", [6, 5, 1], .discrete(6)),
      ("s.Box(0, 1, (6, 5, 4), bool)", "s.Discrete(2)", [6, 5, 4], .discrete(2)),
      ("s.Box(-1, 1, (2, 3), numpy.float64)", "s.MultiBinary(3)", [6], .discrete(8)),
      ("s.Discrete(4)", "s.Box(-2, 5, (3,), numpy.float32)", [4], .box(3)),
      (
        "s.Dict(a=s.Box(0, 1, (2,)), b=s.Discrete(3))", "s.Box(numpy.zeros(2), numpy.ones(2), dtype=numpy.float64)",
        [5], .box(2)
      ),
      ("s.Tuple((s.MultiBinary(4), s.Text(5)))", "s.Discrete(2)", [9], .discrete(2)),
    ])
  func spaces(observation: String, action: String, shape: [Int], space: ActionSpace) throws {
    let task = try Gymnasium.task(
      "Odd-v0", options: moduleOptions(["odd": odd(observation: observation, action: action)]))
    #expect(task.observation.leaves[0].shape == shape && task.action == space)
    #expect(task.observation.leaves[0].isImage || task.observation.leaves[0].isVector)
    #expect(try EnvironmentCheck.failures(of: task, steps: 60, slots: 2) == [])
  }

  @Test(
    "What can't be used is refused in one line that says why",
    arguments: [
      ("s.Sequence(s.Discrete(2))", "s.Discrete(2)", "whose length varies"),
      ("s.Discrete(2)", "s.Box(-numpy.inf, numpy.inf, (2,))", "finite numbers"),
      ("s.Box(0, 1, (0,))", "s.Discrete(2)", "which hold no number"),
      ("s.Box(0, 255, (0, 4, 3), numpy.uint8)", "s.Discrete(2)", "which hold no number"),
      ("s.Dict({})", "s.Discrete(2)", "which hold no number"),
      ("s.Discrete(2)", "s.Box(-1, 1, (0,))", "which hold no number"),
      ("s.Discrete(2)", "s.MultiBinary(0)", "one of its spaces can't be made"),
      ("s.Discrete(2)", "s.MultiDiscrete([50, 50])", "2500 combinations"),
      ("s.Discrete(2)", "s.MultiBinary(64)", "18446744073709551616 combinations"),
      ("s.Discrete(2)", "s.Dict(a=s.Discrete(2))", "Discrete, MultiDiscrete, MultiBinary or a box of floats"),
    ])
  func refuses(observation: String, action: String, reason: String) throws {
    let options = try moduleOptions(["odd": odd(observation: observation, action: action)])
    let error = #expect(throws: EnvironmentError.self) { try Gymnasium.task("Odd-v0", options: options) }
    guard case .refused(let task, let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(task == "odd_v0" && text.contains(reason) && !text.contains("\n"))
  }

  @Test("A worker's description without numbers to see or to choose is refused too")
  func emptyDescriptions() throws {
    for (observation, action) in [
      (#""float32", "shape": []"#, #""discrete": 2"#), (#""uint8", "shape": [0, 4, 3]"#, #""discrete": 2"#),
      (#""float64", "shape": [2]"#, #""discrete": 2"#), (#""float32", "shape": [2]"#, #""box": 0"#),
      (#""float32", "shape": [2]"#, ""),
    ] {
      let text =
        #"{"observation": {"element": \#(observation), "scale": 1}, "action": {\#(action)}, "divisors": {}, "notes": []}"#
      let spaces = try JSONDecoder().decode(WorkerProcess.Spaces.self, from: Data(text.utf8))
      #expect(throws: EnvironmentError.self) { try spaces.usable(by: "empty") }
    }
  }

  @Test("A flattened picture is divided by its largest number, which the user and the lockfile are told")
  func flattenedPictures() throws {
    let space = "s.Dict(eye=s.Box(0, 255, (4, 4, 3), numpy.uint8), place=s.Box(-1, 1, (2,)))"
    let set = try Suites.make("gymnasium:Odd-v0", options: moduleOptions(["odd": odd(observation: space)]))
    #expect(set.observation.leaves[0].shape == [50] && set.lockfile.contains("divided_eye: 255"))
    #expect(set.tasks[0].notes.count == 1 && set.tasks[0].notes[0].contains("part eye"))
    let wrapped = try set.tasks[0].wrapped(by: [.frameStack(2), .rewardScale(2)])
    #expect(wrapped.notes == set.tasks[0].notes)
    let play = try Play(set.tasks[0], replicas: 0..<2)
    try play.step([0, 1])
    #expect(play.row(0).allSatisfy { abs($0) <= 1 })
  }

  @Test("Floats out of their bounds are taken, and told only where steps are inspected")
  func floatsOutOfBounds() throws {
    let module = odd(observation: "s.Box(-1, 1, (2,))").replacing(
      "return self.observation_space.sample(), numpy", with: "return numpy.array([0, 1.5]), numpy")
    var options = try moduleOptions(["odd": module])
    #expect(try Gymnasium.task("Odd-v0", options: options).notes == [])
    options.inspectedSteps = 20
    let task = try Gymnasium.task("Odd-v0", options: options)
    #expect(task.notes.count == 1 && task.notes[0].contains("the observation 1.5 at [1] is out of the bounds of Box"))
    #expect(try EnvironmentCheck.failures(of: task, steps: 60, slots: 2) == [])
  }

  @Test("Success is what an episode says of it, whenever it does")
  func success() throws {
    let said = "{'success': None}, {'success': numpy.array([False])}, {'is_success': 1.0}, None, {}"
    let module = odd(observation: "s.Discrete(2)").replacing("False, False, {}", with: "False, False, next(self.said)")
      .replacing("def __init__(self):", with: "def __init__(self):\n        self.said = iter([\(said)] * 9)")
    let task = try Gymnasium.task("Odd-v0", options: moduleOptions(["odd": module]))
    #expect(task.hasSuccessRule)
    let play = try Play(task, replicas: 0..<1)
    var heard: [UInt8] = []
    for _ in 0..<10 {
      try play.step([0])
      heard.append(play.success[0])
    }
    #expect(heard == [2, 0, 1, 2, 2, 2, 0, 1, 2, 2])
  }

  @Test("An environment that always does the same is legal, and a remark says so")
  func plain() throws {
    let module = odd(observation: "s.Box(0, 1, (2,))").replacing(
      "self.observation_space.sample()", with: "numpy.zeros(2)")
    let report = try EnvironmentCheck.report(
      of: Gymnasium.task("Odd-v0", options: moduleOptions(["odd": module])), steps: 60, slots: 2)
    #expect(report.failures == [] && report.remarks == [.sameCourse, .sameObservation])
  }

  @Test("A package that an environment's name tells of is imported, or named as it is installed")
  func packages() throws {
    for (id, package) in [
      ("ALE/Pong-v5", "ale-py"), ("MinAtar/Breakout-v1", "MinAtar"), ("MiniGrid-Empty-5x5-v0", "minigrid"),
    ] {
      do { _ = try Gymnasium.task(id) } catch EnvironmentError.packageMissing(_, let reason, let packages, let python) {
        #expect(packages == [package] && reason.contains("needs the Python package \(package), and "))
        #expect(python == (try WorkerPython.locate()))
      }
    }
    let error = #expect(throws: EnvironmentError.self) { try Gymnasium.task("Nowhere/Walk-v0") }
    #expect(error?.description.contains("--env-module") == true)
  }

  @Test("An unknown environment and a missing module are named")
  func unknown() throws {
    let unknown = #expect(throws: EnvironmentError.self) { try Gymnasium.task("CartPol-v1") }
    #expect(unknown?.description.contains("Did you mean: `CartPole`?") == true)
    var options = Gymnasium.Options()
    options.modules = ["no_such_module"]
    let missing = #expect(throws: EnvironmentError.self) { try Gymnasium.task("CartPole-v1", options: options) }
    #expect(missing?.description.contains("no_such_module") == true)
    for (file, hint) in [
      ("corridor.py", "say corridor"), ("./corridor.py", "say corridor"), ("a/corridor.py", "with a in PYTHONPATH"),
    ] {
      options.modules = [file]
      let refused = #expect(throws: EnvironmentError.self) { try Gymnasium.task("CartPole-v1", options: options) }
      #expect(refused?.description.contains("\(file) is a file") == true && refused?.description.contains(hint) == true)
    }
  }

  @Test("One environment with two arguments is two tasks, and an argument of its own wins over a common one")
  func argumentsPerTask() throws {
    var options = try moduleOptions(["corridor": example()])
    options.arguments = ["length": "12"]
    let set = try Suites.make("gymnasium:Corridor-v0?length=4, Corridor-v0", options: options)
    #expect(set.ids == ["corridor_v0_length_4", "corridor_v0"])
    #expect(set.tasks[0].parameters["argument_length"] == "4" && set.tasks[1].parameters["argument_length"] == "12")
    #expect(set.lockfile.contains("argument_length: 4\n") && set.lockfile.contains("argument_length: 12\n"))
    // From one cell to the next is a step of 1 / length.
    for (task, length) in zip(set.tasks, [4, 12]) {
      let play = try Play(task, replicas: 0..<1)
      try play.step([1])
      let cells = play.row(0)[0] * Float(length)
      #expect(abs(cells - cells.rounded()) <= 1e-5 && cells >= 1)
    }
  }

  @Test("An environment that raises, exits or prints without end is an error with the end of its log")
  func broken() throws {
    for (body, reason) in [
      ("raise ValueError('broken on purpose')", "ValueError: broken on purpose"),
      ("import os; os._exit(7)", "exited with status 7"),
      ("print('x' * 100_000_000); raise ValueError('after much')", "ValueError: after much"),
    ] {
      let check = "assert self.action_space.contains(action), action"
      let module = odd(observation: "s.Discrete(2)").replacing(check, with: body)
      // Already one of the steps that a worker plays before it describes the environment.
      let error = #expect(throws: EnvironmentError.self) {
        try Gymnasium.task("Odd-v0", options: moduleOptions(["odd": module]))
      }
      #expect(error?.description.contains(reason) == true)
      #expect((error?.description.count ?? .max) < 10_000)
    }
  }

  @Test(
    "What is broken by program is refused by name: at once where it comes early, else as a loss with a reason",
    arguments: [
      (3, "numpy.array([numpy.nan, 0]), 1.0, False, False, {}", "the observation nan at [0] is not in Box"),
      (3, "numpy.array([0, numpy.inf]), 1.0, False, False, {}", "the observation inf at [1] is not in Box"),
      (3, "numpy.zeros(2), None, False, False, {}", "the reward None"),
      (3, "numpy.zeros(2), [1.0, 2.0], False, False, {}", "the reward [1.0, 2.0]"),
      (3, "numpy.zeros(3), 1.0, False, False, {}", "the observation [0. 0. 0.] is not in Box"),
      (3, "None, 1.0, False, False, {}", "the observation None is not in Box"),
      (3, "numpy.zeros(2), 1.0, False, {}", "step returned 4 values"),
      (3, "numpy.zeros(2), 1.0, 'no', False, {}", "'no' for terminated"),
      (3, "numpy.zeros(2), [1, 2][action], False, False, {}", "IndexError: list index out of range"),
      (40, "numpy.zeros(1), 1.0, False, False, {}", "the observation [0.] is not in Box"),
      (40, "numpy.zeros(2), float('nan'), False, False, {}", "the reward nan"),
      (40, "numpy.zeros(2), [1, 2][action], False, False, {}", "IndexError: list index out of range"),
    ])
  func brokenByProgram(step: Int, answer: String, reason: String) throws {
    let module = """
      import gymnasium
      import numpy

      class Bad(gymnasium.Env):
          observation_space = gymnasium.spaces.Box(-1, 1, (2,), numpy.float32)
          action_space = gymnasium.spaces.Discrete(3)

          def reset(self, seed=None, options=None):
              super().reset(seed=seed)
              self.steps = 0
              return numpy.zeros(2, numpy.float32), {}

          def step(self, action):
              self.steps += 1
              action = 2
              if self.steps >= \(step):
                  return \(answer)
              return numpy.zeros(2, numpy.float32), 0.0, False, False, {}

      gymnasium.register("Bad-v0", entry_point=Bad)
      """
    if step == 3 {
      let error = #expect(throws: EnvironmentError.self) {
        try Gymnasium.task("Bad-v0", options: moduleOptions(["bad": module]))
      }
      #expect(error?.description.contains(reason) == true)
      #expect(error?.description.contains("bad.py:1") == true && error?.description.contains(" in step: ") == true)
      return
    }
    let task = try Gymnasium.task("Bad-v0", options: moduleOptions(["bad": module]))
    let recovery = WorkerRecovery(most: 1, afterwards: .quarantine)
    let environment = try task.makeEnvironment(0..<2, 1, Worker(recovery: recovery))
    let batch = WorkerBatch(slots: 2, leafBytes: 8)
    try batch.reset(environment)
    var valid: [UInt8] = []
    for _ in 0..<2 * step + 1 {
      try batch.step(environment, [0, 1])
      valid.append(batch.rows.valid[0])
    }
    let life = Array(repeating: UInt8(1), count: step - 1) + [0]
    #expect(valid == life + life + [0])
    #expect(environment.losses.quarantined && environment.losses.reason.contains(reason))
    #expect(environment.losses.reason.contains(" in step: "))
  }
}
