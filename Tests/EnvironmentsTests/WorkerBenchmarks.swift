import CWorkers
import Foundation
import Testing

@testable import Environments

/// What the bridge costs: `RL_BENCH=1 swift test -c release --scratch-path .build-bench --filter WorkerBenchmarks`.
///
/// Nothing is asserted. The sides run in turns, and medians are printed, of processor time where neighbours would blur the clock.
@Suite("Worker benchmarks", .serialized, .enabled(if: ProcessInfo.processInfo.environment["RL_BENCH"] != nil))
struct WorkerBenchmarks {
  /// Microseconds a step.
  private struct Cost {
    /// Of all processes.
    var processor: Double
    var wall: Double
  }

  /// The same environments in a plain loop of Python's, a round at a time.
  private final class PlainLoop {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init(_ folder: String, _ module: String, slots: Int) throws {
      let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Peers/plain_loop.py").path
      process.executableURL = URL(filePath: try WorkerPython.locate())
      process.arguments = [script, folder, module, "\(slots)", "1"]
      (process.standardInput, process.standardOutput) = (input, output)
      try process.run()
    }

    deinit { process.terminate() }

    func round() throws -> Cost {
      try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
      var text = Data()
      while text.last != 10 { text += try output.fileHandleForReading.read(upToCount: 1) ?? Data([10]) }
      let numbers = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap {
        Double($0)
      }
      return Cost(processor: try #require(numbers.first), wall: try #require(numbers.last))
    }
  }

  /// Environments in workers, stepped for a second by one thread.
  private final class Bridge {
    private var parts: [(environment: any Environment, isBox: Bool, batch: WorkerBatch)] = []
    private let actions = UnsafeMutablePointer<Float>.allocate(capacity: 4096)
    private let slots: Int

    /// - Parameter workers: Tasks of each, and how many slots every task has.
    init(_ workers: [[Task]], slots: Int) throws {
      self.slots = workers.reduce(0) { $0 + $1.count } * slots
      actions.initialize(repeating: 0, count: 4096)
      for tasks in workers {
        let worker = Worker()
        for task in tasks {
          let batch = WorkerBatch(slots: slots, leafBytes: task.observation.leaves[0].byteCount)
          parts.append((try task.makeEnvironment(0..<slots, 1, worker), task.action.dimension > 0, batch))
        }
      }
      let begun = try parts.map { try $0.environment.reset(into: $0.batch.rows.observation) }
      for (part, progress) in zip(parts, begun) { try part.environment.finish(progress) }
    }

    deinit { actions.deallocate() }

    /// Seconds of this process and of the workers.
    private var processorTime: Double {
      let workers = parts.compactMap { ($0.environment as? WorkerEnvironment)?.worker.process?.worker.group }
      return ([0] + Set(workers)).reduce(0) { total, process in
        var (clock, time) = (CLOCK_PROCESS_CPUTIME_ID, timespec())
        if process != 0 { clock_getcpuclockid(process, &clock) }
        clock_gettime(clock, &time)
        return total + Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
      }
    }

    func round() throws -> Cost {
      let (start, processor) = (ContinuousClock.now, processorTime)
      var steps = 0
      while ContinuousClock.now - start < .seconds(1) {
        let zeros = UnsafeMutableRawPointer(actions).assumingMemoryBound(to: Int32.self)
        let begun = try parts.map {
          try $0.environment.step(
            $0.isBox ? ActionRows(box: actions) : ActionRows(discrete: zeros), into: $0.batch.rows)
        }
        for (part, progress) in zip(parts, begun) { try part.environment.finish(progress) }
        steps += slots
      }
      return Cost(
        processor: 1e6 * (processorTime - processor) / Double(steps),
        wall: (ContinuousClock.now - start) / .microseconds(1) / Double(steps))
    }
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private func module(_ text: String) throws -> (folder: String, options: Gymnasium.Options) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "polymath-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try text.write(to: folder.appending(path: "measured.py"), atomically: true, encoding: .utf8)
    var options = Gymnasium.Options()
    (options.modules, options.directory) = (["measured"], folder.path)
    return (folder.path, options)
  }

  @Test("16 trivial environments in a worker beside a plain loop")
  func trivial() throws {
    let (folder, options) = try module(
      """
      import gymnasium
      import numpy

      class Trivial(gymnasium.Env):
          observation_space = gymnasium.spaces.Box(-1, 1, (4,), numpy.float32)
          action_space = gymnasium.spaces.Discrete(2)
          seen = numpy.zeros(4, numpy.float32)

          def reset(self, seed=None, options=None):
              return self.seen, {}

          def step(self, action):
              return self.seen, 1.0, False, False, {}

      gymnasium.register("Trivial-v0", entry_point=Trivial)

      def make(slot):
          return gymnasium.make("Trivial-v0", disable_env_checker=True)
      """)
    let plain = try PlainLoop(folder, "measured", slots: 16)
    let bridge = try Bridge([[Gymnasium.task("Trivial-v0", options: options)]], slots: 16)
    let rounds = try (0..<9).map { _ in (try plain.round(), try bridge.round()) }
    let wall = median(rounds.map { $0.1.wall - $0.0.wall })
    print(
      "16 trivial environments, us a step of processor time: plain loop \(median(rounds.map(\.0.processor))), bridge "
        + "\(median(rounds.map(\.1.processor))), difference \(median(rounds.map { $0.1.processor - $0.0.processor })); "
        + "difference on the wall \(wall)")
  }

  @Test("Meta-World's ten tasks in one worker and in two, beside a plain loop")
  func metaWorld() throws {
    let folder = WorkerPython.resource("worker.py").deletingLastPathComponent().path
    let (own, _) = try module(
      """
      import sys
      sys.path.insert(0, "\(folder)")
      from polymath_worker import metaworld_batch

      names = \(MetaWorld.mt10)

      def make(slot):
          return metaworld_batch.Batch.make(
              {"name": names[slot] + "-v3", "reward_version": "v2", "goal_seed": 1, "horizon": 500}, slot)
      """)
    let tasks = try MetaWorld.tasks(MetaWorld.mt10, [:])
    let plain = try PlainLoop(own, "measured", slots: 10)
    let one = try Bridge([tasks], slots: 1)
    // Every second task, as the slowest ones stand side by side.
    let halves = (0..<2).map { half in stride(from: half, to: 10, by: 2).map { tasks[$0] } }
    let two = try Bridge(halves, slots: 1)
    let rounds = try (0..<9).map { _ in (try plain.round(), try one.round(), try two.round()) }
    let ratio = median(rounds.map { $0.1.processor / $0.0.processor })
    print(
      "Meta-World's ten tasks, us a step of processor time: plain loop \(median(rounds.map(\.0.processor))), one worker "
        + "\(median(rounds.map(\.1.processor))), ratio \(ratio); on the wall two workers are "
        + "\(median(rounds.map { $0.1.wall / $0.2.wall })) times as fast as one")
  }
}
