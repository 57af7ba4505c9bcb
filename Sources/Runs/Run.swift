import Algorithms
import Engine
import Environments
import Foundation
import Returns
import Synchronization

/// A training run with its folder: logs, checkpoints, resume. It holds the folder's lock.
public final class Run: @unchecked Sendable {
  public let training: Training
  public let directory: RunDirectory
  private let lock: RunLock
  private var manifest: Manifest
  /// Those that are trained, with the user's references, and random play as it was measured where their suite doesn't
  /// know it. Logging and learning do without.
  public let tasks: [Task]
  /// What a user should know of the tasks before training, one sentence each.
  public let remarks: [String]
  /// One per task.
  public private(set) var recent: [RecentEpisodes]
  private var metrics, timing: StepLog
  /// Whether this process began the run.
  private let isNew: Bool
  private let firstSteps: Int
  /// Seconds of training before this process took the run up.
  private let firstSeconds: Double
  private let start = ContinuousClock.now
  private var reported = ContinuousClock.now
  private var schedule: CheckpointSchedule
  /// Steps and seconds of the newest line of `timing.jsonl`.
  private var timed: (steps: Int, seconds: Double)
  private let isStopping = Atomic(false)

  /// Begins a new run.
  ///
  /// What is at `out` is refused, or its lock taken, before anything slow is done. A folder is made after the
  /// environments: a run that can't start leaves none, and overwrites none.
  public static func begin(_ configuration: RunConfiguration, out: String?, overwrite: Bool) throws -> Run {
    if let directory = out.map(RunDirectory.init(path:)), directory.exists {
      let lock = try directory.claim(overwrite: overwrite)
      let (training, baselines) = try prepare(Agent(configuration))
      do {
        try directory.setAside()
        return try begin(training, baselines, directory, lock, isNew: true)
      } catch {
        try? directory.restoreReplaced()
        throw error
      }
    }
    let (training, baselines) = try prepare(Agent(configuration))
    let directory = try out.map(RunDirectory.make(path:)) ?? RunDirectory.make(name: configuration.runName)
    // Another start may have been faster.
    let lock = try directory.claim(overwrite: false)
    return try begin(training, baselines, directory, lock, isNew: true)
  }

  /// Makes the environments, and measures random play where it is unknown.
  private static func prepare(_ agent: Agent) throws -> (Training, [RandomBaseline]) {
    let training = try Training(agent)
    return (training, try RandomBaseline.measure(agent.taskSet, within: agent.baselineLimits))
  }

  private static func begin(
    _ training: Training, _ baselines: [RandomBaseline], _ directory: RunDirectory, _ lock: RunLock, isNew: Bool
  ) throws -> Run {
    // run.yaml comes first: by it a folder is known as a run's, also one whose making was interrupted.
    let agent = training.agent
    try AtomicFile.write(agent.configuration.yaml.utf8, to: directory.configuration)
    try RunSignature().write(in: directory)
    try AtomicFile.write(agent.taskSet.lockfile.utf8, to: directory.lockfile)
    try RandomBaseline.write(baselines, to: directory.baselines)
    let recent = Array(repeating: RecentEpisodes(), count: agent.taskSet.tasks.count)
    return try Run(
      training, directory, lock, recent, Manifest(lockfile: SHA256.hex(agent.taskSet.lockfile.utf8)), from: nil,
      isNew: isNew)
  }

  /// Goes on with a run from its newest checkpoint; where there is none yet, from its start.
  ///
  /// - Parameters:
  ///   - flags: May repeat the run's settings; only those that decide no bits may differ, and steps be more: then
  ///     the run is trained for longer from now on.
  ///   - trust: Python modules may be imported that this names, or `flags`.
  /// - Throws: `RunError`, and what configuration and environments throw.
  public static func resume(
    _ path: String, flags: [(name: String, value: String)], cores: Int, trust: Trust = Trust(),
    in catalogue: Catalogue = .all
  ) throws -> Run {
    let directory = RunDirectory(path: path)
    guard directory.isRun else { throw RunError.notARun(path: path) }
    let lock = try RunLock(folder: path)
    try directory.restoreReplaced()
    try directory.clearRemains()
    let saved = try configuration(of: path, in: catalogue)
    let trust = trust.adding(Trust.modules(in: flags))
    try trust.check(saved, in: directory)
    let isOwn = trust.names(saved) || RunSignature().isValid(in: directory)
    let checkpoint = directory.checkpointSteps.last.map(directory.checkpoint(steps:))
    let state = try checkpoint.map { try Checkpoint.State(in: $0) }
    if let given = flags.last(where: { $0.name == "algorithm" })?.value, given != saved.algorithm {
      throw RunError.configurationMismatch(
        path: path, setting: "algorithm", saved: saved.algorithm, given: given, free: saved.freeSettings)
    }
    // Only who asks for a number of steps, by a flag or --config, has it changed; never who edits run.yaml.
    let changeable: Set = flags.contains { $0.name == "steps" } ? ["steps"] : []
    try state?.check(saved, in: directory.configuration, except: changeable)
    var given = try RunConfiguration.resolve(
      file: (saved.yaml, directory.configuration), flags: flags, cores: cores, in: catalogue)
    if !flags.contains(where: { $0.name == "threads" }) { given.threads = cores }
    var made = saved
    if let steps = (state?.settings["steps"]).flatMap({ Int($0) }) { made.steps = steps }
    let free = given.steps >= made.steps ? changeable : []
    for setting in made.settings
    where setting.decidesBits && !free.contains(setting.name) && setting.read(made) != setting.read(given) {
      throw RunError.configurationMismatch(
        path: path, setting: setting.name, saved: setting.read(made), given: setting.read(given),
        free: made.freeSettings)
    }
    guard let checkpoint else {
      let (training, baselines) = try prepare(Agent(given))
      return try begin(training, baselines, directory, lock, isNew: false)
    }
    let training = try Training(Agent(given))
    try checkLockfile(directory, training.agent.taskSet)
    var restored = try Checkpoint.restore(training, from: checkpoint)
    if !changeable.isEmpty {
      // Cut off in between, the two don't agree, and the same command mends that.
      restored.settings["steps"] = String(given.steps)
      try AtomicFile.write(restored.json, to: "\(checkpoint)/state.json")
      var longer = saved
      longer.steps = given.steps
      try AtomicFile.write(longer.yaml.utf8, to: directory.configuration)
    }
    if isOwn { try RunSignature().write(in: directory) }
    return try Run(
      training, directory, lock, restored.recent, Manifest(path: directory.manifest), from: restored,
      isNew: false)
  }

  private init(
    _ training: Training, _ directory: RunDirectory, _ lock: RunLock, _ recent: [RecentEpisodes], _ manifest: Manifest,
    from checkpoint: Checkpoint.State?, isNew: Bool
  ) throws {
    self.isNew = isNew
    (self.training, self.directory, self.lock) = (training, directory, lock)
    (self.recent, self.manifest) = (recent, manifest)
    let configuration = training.agent.configuration
    let baselines = try RandomBaseline.read(directory.baselines)
    remarks = configuration.remarks(on: baselines)
    tasks = try training.agent.taskSet.scored(with: baselines)
      .scored(against: configuration.references).tasks
    firstSteps = checkpoint?.steps ?? 0
    steps = firstSteps
    let kernels = checkpoint?.kernels.difference(to: .current)
    let episodes = checkpoint?.exact == false ? "these environments can't be saved: new episodes begin" : nil
    differences = [kernels, episodes].compactMap { $0 }
    // The last line of a run that is now trained for longer is one that the longer run doesn't have.
    let isLogged = firstSteps == 0 || training.isLogged(round: training.engine.round - 1)
    metrics = try StepLog(
      path: directory.metrics, keepingThrough: checkpoint.map { isLogged ? $0.steps : $0.steps - 1 })
    timing = try StepLog(path: directory.timing, keepingThrough: checkpoint?.steps)
    firstSeconds = (timing.last?.numbers(["seconds"])[0]).map { max($0, 0) } ?? 0
    timed = (timing.last?.steps ?? 0, firstSeconds)
    schedule = CheckpointSchedule(
      rounds: configuration.checkpointEvery / training.agent.shape.stepsPerRound,
      seconds: configuration.checkpointSeconds, start: start)
    self.manifest.starts.append(
      Manifest.Start(
        steps: firstSteps, threads: configuration.threads, differences: differences.isEmpty ? nil : differences))
    if !differences.isEmpty { self.manifest.resumesExactly = false }
    try self.manifest.write(to: directory.manifest)
  }

  /// Why this run, taken up from a checkpoint, is not bit-identical to the uninterrupted one, one sentence each; empty
  /// where it is.
  public let differences: [String]

  /// Whether all of its steps are made.
  public var isComplete: Bool { training.engine.round >= training.agent.rounds }

  private var secondsOfThisStart: Double { (ContinuousClock.now - start) / .seconds(1) }
  /// Seconds of training, over all starts of the run.
  public var seconds: Double { firstSeconds + secondsOfThisStart }
  /// Agent steps learned from.
  public private(set) var steps: Int
  /// Since this process took the run up.
  public var stepsPerSecond: Double { Double(steps - firstSteps) / max(secondsOfThisStart, 1e-9) }

  /// Trains to the end, or until `stop()`. `report` is called about once a second, on a pool thread.
  ///
  /// A checkpoint is written every `checkpointEvery` steps, every `checkpointSeconds` as far as that costs little, and
  /// at the end. What fails leaves the last one as it was; a run that fails before it has logged anything leaves no
  /// folder, or what it replaced.
  /// - Throws: `RunError`, and what environments and the learner throw.
  public func train(report: @escaping @Sendable (Run) -> Void) throws {
    while !isComplete && !isStopping.load(ordering: .relaxed) {
      let limit = min(schedule.limit(after: training.engine.round), training.agent.rounds)
      do {
        try training.engine.run(until: limit) { [self] round in
          try finish(round, report)
          if isStopping.load(ordering: .relaxed) || schedule.isDue(.now) { training.engine.stop() }
        }
        try checkpoint()
      } catch {
        // Where the folder is gone, that is the cause.
        try lock.check()
        // The same command works then, once the cause is mended. What an earlier process left stays.
        if isNew && timed.steps == 0 { directory.discard() }
        throw error
      }
    }
    report(self)
  }

  private func finish(_ round: Int, _ report: (Run) -> Void) throws {
    steps = (round + 1) * training.agent.shape.stepsPerRound
    training.forEachEpisode(inRound: round) { recent[$0.task].add($0) }
    if training.isLogged(round: round) {
      try metrics.append(steps: steps, training.metrics(round: round, recent: recent))
      try logTime()
    }
    if ContinuousClock.now - reported >= .seconds(1) {
      reported = .now
      try lock.check()
      try training.checkSupply()
      report(self)
    }
  }

  /// Lets `train` return after the update that is being worked on, with a checkpoint. Safe to call from any thread.
  public func stop() {
    isStopping.store(true, ordering: .relaxed)
    training.engine.stop()
  }

  /// Closes the environments and ends their processes. The run can't train after that.
  public func close() { training.close() }

  private func checkpoint() throws {
    let begun = ContinuousClock.now
    try lock.check()
    try logTime()
    try metrics.synchronize()
    try timing.synchronize()
    let saved = try Checkpoint.write(training, recent: recent, to: directory.checkpoint(steps: steps))
    try directory.keepNewestCheckpoints(2)
    let exact = saved && manifest.starts.allSatisfy { $0.differences == nil }
    if manifest.resumesExactly != exact {
      manifest.resumesExactly = exact
      try manifest.write(to: directory.manifest)
    }
    schedule.wrote(from: begun, to: .now)
  }

  /// A line with each line of `metrics.jsonl` and with each checkpoint, so that a resumed run knows the time of its
  /// checkpoint.
  private func logTime() throws {
    guard steps > timed.steps else { return }
    let now = (seconds * 1000).rounded() / 1000
    let speed = Double(steps - timed.steps) / max(now - timed.seconds, 1e-3)
    try timing.append(steps: steps, [("seconds", now), ("steps_per_second", speed.rounded())])
    timed = (steps, now)
    try directory.removeReplaced()
  }
}
