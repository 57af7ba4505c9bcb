import Algorithms
import Engine
import Environments
import Foundation
import Returns
import Synchronization

/// A training run with its folder: metrics, checkpoints, resume.
public final class Run: @unchecked Sendable {
  public let training: Training
  public let directory: RunDirectory
  private var manifest: Manifest
  /// The last 100 episodes of each task, and how many there were.
  public private(set) var recent: [RecentEpisodes]
  private var metrics: MetricsLog
  private let firstSteps: Int
  private let start = ContinuousClock.now
  private var reported = ContinuousClock.now
  private let isStopping = Atomic(false)

  /// Episodes of one task, newest last.
  public struct RecentEpisodes: Codable, Sendable {
    public private(set) var count = 0
    public private(set) var scores: [Double] = []
    /// Whether the task's success rule held, 1 or 0 an episode.
    public private(set) var successes: [Double] = []

    mutating func add(_ episode: EpisodeRecord) {
      count += 1
      if scores.count == 100 {
        scores.removeFirst()
        successes.removeFirst()
      }
      scores.append(episode.score)
      successes.append(episode.success ? 1 : 0)
    }

    /// Whether `add` can have made this.
    var isPossible: Bool {
      scores.count == min(count, 100) && successes.count == scores.count && scores.allSatisfy(\.isFinite)
        && successes.allSatisfy { $0 == 0 || $0 == 1 }
    }
  }

  /// Begins a new run.
  public static func begin(_ configuration: RunConfiguration, out: String?, overwrite: Bool) throws -> Run {
    if let out, FileManager.default.fileExists(atPath: out), !overwrite { throw RunError.runExists(path: out) }
    // The environments are made first: a run that can't start leaves no folder.
    let training = try Training(Agent(configuration))
    let directory = try RunDirectory.make(path: out, name: configuration.runName, overwrite: overwrite)
    // run.yaml comes first: by it a folder is known as a run's, also one whose making was interrupted.
    let agent = training.agent
    try AtomicFile.write(agent.configuration.yaml.utf8, to: directory.configuration)
    try AtomicFile.write(agent.taskSet.lockfile.utf8, to: directory.lockfile)
    let recent = Array(repeating: RecentEpisodes(), count: agent.taskSet.tasks.count)
    return try Run(
      training, directory, recent, Manifest(lockfile: SHA256.hex(agent.taskSet.lockfile.utf8)), from: nil)
  }

  /// Goes on with a run from its newest checkpoint. `flags` may repeat its settings; only free ones may differ
  /// (`RunConfiguration.freeSettings`).
  public static func resume(_ path: String, flags: [(name: String, value: String)], cores: Int) throws -> Run {
    let directory = RunDirectory(path: path)
    let saved = try configuration(of: path)
    let checkpoint = try directory.latestCheckpoint()
    try Checkpoint.State(in: checkpoint).check(saved, in: directory.configuration)
    var given = try RunConfiguration.resolve(
      file: (saved.yaml, directory.configuration), flags: flags, cores: cores)
    if !flags.contains(where: { $0.name == "threads" }) { given.threads = cores }
    for setting in saved.settings
    where !RunConfiguration.freeSettings.contains(setting.name) && setting.read(saved) != setting.read(given) {
      throw RunError.configurationMismatch(
        path: path, setting: setting.name, saved: setting.read(saved), given: setting.read(given))
    }
    let training = try Training(Agent(given))
    try checkLockfile(directory, training.agent.taskSet)
    let state = try Checkpoint.restore(training, from: checkpoint)
    return try Run(training, directory, state.recent, Manifest(path: directory.manifest), from: state)
  }

  /// The resolved configuration in a run's folder.
  public static func configuration(of path: String) throws -> RunConfiguration {
    let file = RunDirectory(path: path).configuration
    guard FileManager.default.fileExists(atPath: file) else { throw RunError.notARun(path: path) }
    let text = try String(decoding: AtomicFile.read(file), as: UTF8.self)
    return try RunConfiguration.resolve(file: (text, file), flags: [])
  }

  /// A trained agent for acting: the newest checkpoint's parameters, without its experience.
  public static func load(_ path: String) throws -> Agent {
    let directory = RunDirectory(path: path)
    let (configuration, checkpoint) = try (configuration(of: path), directory.latestCheckpoint())
    try Checkpoint.State(in: checkpoint).check(configuration, in: directory.configuration)
    var agent = try Agent(configuration)
    try checkLockfile(directory, agent.taskSet)
    try Checkpoint.readModel(checkpoint, into: &agent)
    return agent
  }

  private static func checkLockfile(_ directory: RunDirectory, _ taskSet: TaskSet) throws {
    let saved = try String(decoding: AtomicFile.read(directory.lockfile), as: UTF8.self)
    guard saved != taskSet.lockfile else { return }
    let (old, new) = (saved.split(separator: "\n"), taskSet.lockfile.split(separator: "\n"))
    let index = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
    func line(_ lines: [Substring]) -> String {
      index < lines.count ? lines[index].trimmingPrefix(" ").description : "nothing"
    }
    throw RunError.lockfileMismatch(
      path: directory.lockfile, difference: "it says \"\(line(old))\", this is \"\(line(new))\"")
  }

  private init(
    _ training: Training, _ directory: RunDirectory, _ recent: [RecentEpisodes], _ manifest: Manifest,
    from checkpoint: Checkpoint.State?
  ) throws {
    (self.training, self.directory, self.recent, self.manifest) = (training, directory, recent, manifest)
    firstSteps = checkpoint?.steps ?? 0
    self.steps = firstSteps
    let kernels = checkpoint?.kernels.difference(to: .current)
    let episodes = checkpoint?.exact == false ? "these environments can't be saved: new episodes begin" : nil
    differences = [kernels, episodes].compactMap { $0 }
    metrics = try MetricsLog(path: directory.metrics, keepingThrough: checkpoint?.steps)
    self.manifest.starts.append(
      Manifest.Start(
        steps: firstSteps, threads: training.agent.configuration.threads,
        differences: differences.isEmpty ? nil : differences))
    if !differences.isEmpty { self.manifest.resumesExactly = false }
    try self.manifest.write(to: directory.manifest)
  }

  /// Why this run, taken up from a checkpoint, is not bit-identical to the uninterrupted one, one sentence each; empty where it
  /// is.
  public let differences: [String]

  /// Seconds since this process took the run up.
  public var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
  /// Agent steps learned from.
  public private(set) var steps: Int
  public var stepsPerSecond: Double { Double(steps - firstSteps) / max(seconds, 1e-9) }
  /// Seconds to go, by the speed so far; infinite before the first update.
  public var remaining: Double { Double(training.agent.configuration.steps - steps) / stepsPerSecond }

  /// Trains to the end, or until `stop()`. `report` is called about once a second, on a pool thread.
  ///
  /// A checkpoint is written every `checkpointEvery` steps, and at the end. What fails leaves the last one as it was.
  public func train(report: @escaping @Sendable (Run) -> Void) throws {
    let every = max(training.agent.configuration.checkpointEvery / training.agent.shape.stepsPerRound, 1)
    while training.engine.round < training.agent.rounds && !isStopping.load(ordering: .relaxed) {
      let limit = min((training.engine.round / every + 1) * every, training.agent.rounds)
      try training.engine.run(until: limit) { [self] round in
        steps = (round + 1) * training.agent.shape.stepsPerRound
        if isStopping.load(ordering: .relaxed) { training.engine.stop() }
        training.forEachEpisode(inRound: round) { recent[$0.task].add($0) }
        if ContinuousClock.now - reported >= .seconds(1) {
          reported = .now
          try training.checkSupply()
          try writeMetrics()
          report(self)
        }
      }
      try writeMetrics()
      try checkpoint()
    }
    report(self)
  }

  /// Lets `train` return after the update that is being worked on, with a checkpoint. Safe to call from any thread.
  public func stop() {
    isStopping.store(true, ordering: .relaxed)
    training.engine.stop()
  }

  private func checkpoint() throws {
    try metrics.synchronize()
    let saved = try Checkpoint.write(training, recent: recent, to: directory.checkpoint(steps: steps))
    try directory.keepNewestCheckpoints(2)
    let exact = saved && manifest.starts.allSatisfy { $0.differences == nil }
    if manifest.resumesExactly != exact {
      manifest.resumesExactly = exact
      try manifest.write(to: directory.manifest)
    }
  }

  private func writeMetrics() throws {
    let learned = training.agent.learner.metrics
    var numbers = learned.overall.map { ($0.name, $0.value) } + [("steps_per_second", stepsPerSecond)]
    let losses = training.losses
    for (index, task) in training.agent.taskSet.tasks.enumerated() {
      let score = Statistics.mean(ofEpisodes: recent[index].scores)
      numbers += [
        ("\(task.id)/episodes", Double(recent[index].count)), ("\(task.id)/return", score.estimate),
        ("\(task.id)/return_low", score.low), ("\(task.id)/return_high", score.high),
      ]
      if task.hasSuccessRule {
        numbers.append(("\(task.id)/success", Statistics.mean(recent[index].successes)))
      }
      if losses[index].lost > 0 {
        numbers.append(("\(task.id)/worker_restarts", Double(losses[index].restarts)))
        numbers.append(("\(task.id)/steps_lost", Double(losses[index].lost)))
        numbers.append(("\(task.id)/given_up", losses[index].quarantined ? 1 : 0))
      }
      if let normalized = task.scores?.normalized(score.estimate) {
        numbers.append(("\(task.id)/normalized", normalized))
      }
      numbers += learned.tasks[index].map { ("\(task.id)/\($0.name)", $0.value) }
    }
    try metrics.append(steps: steps, seconds: seconds, numbers)
  }
}
