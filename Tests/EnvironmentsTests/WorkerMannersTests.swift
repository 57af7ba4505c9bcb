import CWorkers
import Foundation
import Testing

@testable import Environments

/// Registers `Manners-v0`, whose step n does the n-th thing of `manners` to its process and raises where that has not the effect
/// that it has in a script.
private let manners = """
  import multiprocessing
  import os
  import signal
  import subprocess
  import sys
  import time

  import gymnasium
  import numpy


  def wait(child):
      return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


  def fork():
      child = os.fork()
      if child == 0:
          time.sleep(1000)
      os.kill(child, signal.SIGTERM)
      assert wait(child) == -signal.SIGTERM


  def start(method):
      context = multiprocessing.get_context(method)
      process = context.Process(target=time.sleep, args=(1000,))
      process.start()
      process.terminate()
      process.join()
      assert process.exitcode == -signal.SIGTERM, process.exitcode
      process = context.Process(target=sys.exit, args=(7,))
      process.start()
      process.join()
      assert process.exitcode == 7, process.exitcode


  class Manners(gymnasium.Env):
      observation_space = gymnasium.spaces.Box(0, 1, (2,), numpy.float32)
      action_space = gymnasium.spaces.Discrete(2)

      def __init__(self, place="/tmp"):
          self.place = place
          self.t = 0

      def reset(self, seed=None, options=None):
          super().reset(seed=seed)
          return numpy.zeros(2, numpy.float32), {}

      def signals(self):
          for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
              os.killpg(0, number)

      def subprocess(self):
          child = subprocess.Popen(["sleep", "1000"])
          child.terminate()
          assert child.wait() == -signal.SIGTERM

      def session(self):
          child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
          with open(self.place + "/session", "w") as file:
              file.write(str(child.pid))

      def fork(self):
          fork()

      def fork_method(self):
          start("fork")

      def spawn(self):
          start("spawn")

      def forkserver(self):
          start("forkserver")

      def change_folder(self):
          os.chdir(self.place)

      def redirect_output(self):
          own = os.open(self.place + "/own.txt", os.O_WRONLY | os.O_CREAT)
          os.dup2(own, 1)
          os.dup2(own, 2)
          os.write(1, b"mine")

      def close_unknown(self):
          os.closerange(3, os.sysconf("SC_OPEN_MAX"))

      def close_output(self):
          os.close(1)
          os.close(2)

      def step(self, action):
          manners = [
              self.signals, self.subprocess, self.session, self.fork, self.fork_method, self.spawn, self.forkserver,
              self.change_folder, self.redirect_output, self.close_unknown, self.close_output,
          ]
          if os.path.exists(self.place + "/go"):
              if self.t < len(manners):
                  manners[self.t]()
              self.t += 1
          return numpy.zeros(2, numpy.float32), 1.0, False, False, {}

      def close(self):
          with open(self.place + "/closed", "a") as file:
              file.write("closed\\n")


  gymnasium.register("Manners-v0", entry_point=Manners)
  """

@Suite("What environments do to their worker", .serialized, .enabled(if: gymnasiumPython != nil))
struct WorkerMannersTests {
  private func folder(_ name: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(name)-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test(
    "Signals, children, folders and descriptors are as in a script, and the worker goes on, saves its state and closes all"
  )
  func manners() throws {
    let place = try folder("place")
    var options = try moduleOptions(["manners": EnvironmentsTests.manners])
    options.arguments = ["place": place]
    let task = try Gymnasium.task("Manners-v0", options: options)
    #expect(try String(contentsOfFile: place + "/closed", encoding: .utf8) == "closed\n")
    try FileManager.default.moveItem(atPath: place + "/closed", toPath: place + "/go")
    let worker = Worker(recovery: WorkerRecovery(most: 0))
    let environment = try task.makeEnvironment(0..<1, 1, worker)
    let batch = WorkerBatch(slots: 1, leafBytes: 8)
    try batch.reset(environment)
    // Which step fails says what went wrong.
    for step in 1...20 {
      try batch.step(environment, [1])
      #expect(batch.rows.reward[0] == 1 && batch.rows.valid[0] == 1, "step \(step)")
    }
    #expect(try environment.saveState() != nil)
    let program = try #require(pid_t(String(contentsOfFile: place + "/session", encoding: .utf8)))
    #expect(kill(program, 0) == 0)
    let directory = try #require(worker.process).folder.path
    Worker.close([worker])
    #expect(!FileManager.default.fileExists(atPath: directory))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place).sorted() == ["closed", "go", "own.txt", "session"])
    #expect(try String(contentsOfFile: place + "/closed", encoding: .utf8) == "closed\n")
    #expect(try String(contentsOfFile: place + "/own.txt", encoding: .utf8).hasPrefix("mine"))
    for _ in 0..<200 where kill(program, 0) == 0 { usleep(10_000) }
    let state = try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8)
    #expect(state?.split(separator: " ").dropFirst(2).first ?? "Z" == "Z")
  }

  /// Registers `Broken-v0`, in which `body` runs in `place` from the call `from` on.
  private func broken(_ place: String, from: Int, _ body: String) -> String {
    """
    import time
    import gymnasium
    import numpy

    calls = {"__init__": 0, "reset": 0, "step": 0}

    def called(place):
        calls[place] += 1
        if place == "\(place)" and calls[place] >= \(from):
            \(body)

    class Broken(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(0, 1, (2,), numpy.float32)
        action_space = gymnasium.spaces.Discrete(2)

        def __init__(self):
            called("__init__")

        def reset(self, seed=None, options=None):
            super().reset(seed=seed)
            called("reset")
            return numpy.zeros(2, numpy.float32), {}

        def step(self, action):
            called("step")
            return numpy.zeros(2, numpy.float32), 1.0, False, False, {}

    gymnasium.register("Broken-v0", entry_point=Broken)
    """
  }

  @Test(
    "A failure at the first steps is told after one more start at most, with the place in the user's code",
    arguments: [("__init__", 1, 0), ("reset", 2, 0), ("step", 1, 0), ("step", 15, 1)])
  func early(place: String, from: Int, restarts: Int) throws {
    let options = try moduleOptions(["broken": broken(place, from: from, "raise ValueError('no\\x1b[31m\\nway')")])
    let batch = WorkerBatch(slots: 2, leafBytes: 8)
    var environment: (any Environment)?
    let error = #expect(throws: EnvironmentError.self) {
      let task = try Gymnasium.task("Broken-v0", options: options)
      let made = try task.makeEnvironment(0..<2, 1, Worker())
      environment = made
      try batch.reset(made)
      for _ in 0..<20 { try batch.step(made, [0, 1]) }
    }
    let line = "broken.py:10 in called: ValueError: no\\u{1b}[31m way"
    #expect(error?.description == "the worker of broken_v0 failed: \(line)")
    #expect((environment?.losses.restarts ?? 0) == restarts)
  }

  @Test("Closing all descriptors is told as such")
  func closedDescriptors() throws {
    let closing = "__import__('os').closerange(3, 1 << 20)"
    let task = try Gymnasium.task(
      "Broken-v0", options: moduleOptions(["broken": broken("reset", from: 2, closing)]))
    let batch = WorkerBatch(slots: 2, leafBytes: 8)
    let error = #expect(throws: EnvironmentError.self) { try batch.reset(task.makeEnvironment(0..<2, 1, Worker())) }
    #expect(error?.description.contains("closed the descriptors by which it is asked to step") == true)
  }

  @Test(
    "A close that hangs is interrupted: the answer is had before, the others are closed, and nothing stays in TMPDIR")
  func hangingClose() throws {
    let place = try folder("place")
    let module = """
      import multiprocessing.util
      import os
      import time
      import gymnasium
      import numpy

      made = []

      class Hanging(gymnasium.Env):
          observation_space = gymnasium.spaces.Box(0, 1, (2,), numpy.float32)
          action_space = gymnasium.spaces.Discrete(2)

          def __init__(self):
              self.number = len(made)
              made.append(self)
              with open("\(place)/folders", "a") as file:
                  file.write(multiprocessing.util.get_temp_dir() + "\\n")

          def reset(self, seed=None, options=None):
              super().reset(seed=seed)
              return numpy.zeros(2, numpy.float32), {}

          def step(self, action):
              return numpy.zeros(2, numpy.float32), 1.0, False, False, {}

          def close(self):
              with open("\(place)/closed", "a") as file:
                  file.write(f"{self.number}\\n")
              while self.number == 0:
                  time.sleep(1)

      gymnasium.register("Hanging-v0", entry_point=Hanging)
      """
    let task = try Gymnasium.task("Hanging-v0", options: moduleOptions(["hanging": module]))
    var deadlines = WorkerDeadlines()
    deadlines.close = 0.5
    let workers = (0..<2).map { _ in Worker(recovery: WorkerRecovery(), deadlines: deadlines, python: gymnasiumPython) }
    let batch = WorkerBatch(slots: 3, leafBytes: 8)
    for worker in workers { try batch.reset(task.makeEnvironment(0..<3, 1, worker)) }
    Worker.close(workers)
    let closed = try String(contentsOfFile: place + "/closed", encoding: .utf8).split(separator: "\n")
    #expect(closed.sorted() == ["0", "0", "0", "1", "1", "2", "2"])
    let folders = try String(contentsOfFile: place + "/folders", encoding: .utf8).split(separator: "\n")
    #expect(folders.count == 7 && folders.allSatisfy { !FileManager.default.fileExists(atPath: String($0)) })
  }

  @Test("The time limit holds for one environment, and is a setting")
  func slow() throws {
    var options = try moduleOptions(["broken": broken("reset", from: 2, "time.sleep(0.5)")])
    options.timeout = 1.2
    let batch = WorkerBatch(slots: 4, leafBytes: 8)
    let task = try Gymnasium.task("Broken-v0", options: options)
    try batch.reset(task.makeEnvironment(0..<4, 1, Worker()))
    options.timeout = 0.2
    let hasty = try Gymnasium.task("Broken-v0", options: options)
    let error = #expect(throws: EnvironmentError.self) { try batch.reset(hasty.makeEnvironment(0..<4, 1, Worker())) }
    #expect(error?.description.contains("did not answer within 0.2 s: set a higher --worker-timeout") == true)
  }

  @Test(
    "A user's modules have any name, lie before those of Python and beside their files, and are looked for only if named"
  )
  func names() throws {
    let text = "import os\nplace = os.path.dirname(os.path.abspath(__file__))\n"
    let names = ["worker", "bridge", "process", "test", "environment_state", "gymnasium_batch", "numpy_state"]
    let asks =
      "import \(names.joined(separator: ", "))\n"
      + "for module in (\(names.joined(separator: ", "))): assert module.place == os.getcwd(), module\n"
      + "assert open('worker.py').read()\n"
    var modules = Dictionary(uniqueKeysWithValues: names.map { ($0, text) })
    modules["own"] = text + asks + broken("step", from: 99, "pass")
    var options = try moduleOptions(modules)
    options.modules = ["own"]
    #expect(try Gymnasium.task("Broken-v0", options: options).id == "broken_v0")
    options.modules = []
    #expect(try Gymnasium.task("own:Broken-v0", options: options).id == "own_broken_v0")
    // A folder that nobody names anything of is not on Python's path.
    let folder = options.directory + "/gymnasium.py"
    try "raise SystemExit('imported')".write(toFile: folder, atomically: true, encoding: .utf8)
    #expect(try Gymnasium.task("CartPole-v1", options: options).id == "cartpole_v1")
  }

  @Test("A log stays short, however much is printed")
  func log() throws {
    let environment = try counting(CountingOptions(printBytes: 3 << 20))
    let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
    try batch.reset(environment)
    let log = try #require(environment.worker.process).folder.log
    for _ in 0..<15 {
      try batch.step(environment, [0, 0, 0, 0, 0])
      let size = try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int
      #expect(try #require(size) <= 17 << 20)
    }
  }

  @Test("Folders that hosts left behind are removed with what still runs there, and those of living hosts stay")
  func leftFolders() throws {
    let place = URL(filePath: try folder("place"))
    let live = try #require(WorkerFolder(in: place))
    func other(_ name: String, lock: Bool, age: Double) throws -> String {
      let path = place.appending(path: "polymath-worker-\(name)").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      if lock { try Data().write(to: URL(filePath: path + "/lock")) }
      try FileManager.default.setAttributes([.modificationDate: Date.now - age], ofItemAtPath: path)
      return path
    }
    // The number of a process that doesn't exist here says nothing.
    let left = try other("999999999-a", lock: true, age: 0)
    let young = try other("999999999-b", lock: false, age: 0)
    let old = try other("999999999-c", lock: false, age: 100_000)
    let program = Process()
    program.executableURL = URL(filePath: "/bin/sleep")
    program.arguments = ["1000"]
    program.environment = ["POLYMATH_WORKER": left]
    try program.run()
    WorkerFolder.clear(place)
    let exists = [live.path, left, young, old].map { FileManager.default.fileExists(atPath: $0) }
    #expect(exists == [true, false, true, false])
    program.waitUntilExit()
    #expect(program.terminationReason == .uncaughtSignal && program.terminationStatus == SIGKILL)
    live.remove()
    #expect(!FileManager.default.fileExists(atPath: live.path))
  }
}

@Test(
  "Foreign text is shown in one line, without anything that a terminal obeys",
  arguments: [
    ("plain, ä 日本 🎉", "plain, ä 日本 🎉"), ("\u{1b}[2Jgone\r\n\tx", "\\u{1b}[2Jgone\\r\\n\\tx"),
    ("\u{9b}31m\u{202e}abc\u{2028}\0", "\\u{9b}31m\\u{202e}abc\\u{2028}\\u{0}"),
    (String(repeating: "x", count: 30), String(repeating: "x", count: 20) + "..."),
  ])
func printable(text: String, shown: String) {
  #expect(text.printable(longest: 20) == shown)
  #expect("gone\n\n\(text)\u{7}\r\nb".printableLines(last: 1) == "b")
  #expect("a\u{7}\n\nb".printableLines() == "a\\u{7}\nb")
  #expect("a\u{7}\n\nb\n".printableText == "a\\u{7}\n\nb\n")
}
