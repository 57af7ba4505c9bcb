import CKernels
import Environments
import Glibc
import Tensors

/// The environments of some columns, unrolled together: a resumable piece of work that holds no thread while an
/// environment makes it wait. One thread at a time advances it.
public final class Group: @unchecked Sendable {
  enum Stage {
    case new, resetting, ready
    case choosing(step: Int)
    case stepping(step: Int)
  }

  public let columns: Int
  /// Columns of the whole run.
  public let range: Range<Int>
  public let tasks: [Int]
  /// First column within a shard's block.
  private let blockColumn: Int
  let batches: [EnvironmentBatch]
  /// Hosts the environments that need a process.
  let worker: Worker
  private let streams: [RandomStream]
  private let unroll: Int
  let action: ActionSpace
  var stage = Stage.new
  private var pending = 0

  /// Row T of the last unroll and the recurrent state: where the next unroll begins.
  let carry: RoundBlock
  private let mask, truncated, success: UnsafeMutablePointer<UInt8>
  /// Task index of each column.
  private let columnTask: UnsafeMutablePointer<Int32>
  private let lives: UnsafeMutablePointer<Int16>
  /// What the policy samples with, and a box's actions, `[columns, D]` each.
  private let noise, squashed: UnsafeMutablePointer<Float>
  let episodes: RunningEpisodes

  /// Of the last `lag + 1` rounds, by round modulo that number.
  private let records: [RoundRecord]
  /// Of each batch, before this process took the run up.
  var earlierLosses: [EnvironmentLosses]
  /// Whether actions are the most probable ones.
  public var greedy = false
  /// Agent steps after which an episode is recorded as it stands; it goes on, and is not recorded again. nil in
  /// training.
  public var longestEpisode: Int?
  /// In environments of this process, and in the policy.
  private(set) var environmentTime = Stopwatch()
  private(set) var inferenceTime = Stopwatch()

  /// Makes the environments of group `index`.
  ///
  /// - Parameters:
  ///   - purpose: What the policy's random numbers are for: `.action` in training, `.evaluation` elsewhere.
  /// - Throws: whatever an environment throws when it is made.
  public init(
    _ index: Int, shape: RunShape, tasks: [Task], seed: UInt64, purpose: RandomPurpose = .action,
    recurrentSize: Int, recovery: WorkerRecovery = WorkerRecovery()
  ) throws {
    range = shape.columns(ofGroup: index)
    columns = range.count
    blockColumn = range.lowerBound % shape.columnsPerShard
    unroll = shape.unroll
    self.tasks = shape.columnTasks[range].map { $0 }
    let observation = tasks[0].observation
    action = tasks[0].action
    carry = RoundBlock(
      steps: 0, columns: columns, observation: observation, action: action, recurrentSize: recurrentSize)
    records = (0...shape.lag).map { _ in RoundRecord() }
    for record in records { record.episodes.reserveCapacity(4 * columns) }

    func scratch<Element>(_ count: Int, _ value: Element) -> UnsafeMutablePointer<Element> {
      let pointer = UnsafeMutablePointer<Element>.allocate(capacity: count)
      pointer.initialize(repeating: value, count: count)
      return pointer
    }
    mask = scratch(columns * action.count, 0)
    columnTask = scratch(columns, 0)
    for (column, task) in self.tasks.enumerated() { columnTask[column] = Int32(task) }
    (truncated, success, lives) = (scratch(columns, 0), scratch(columns, 0), scratch(columns, 0))
    (noise, squashed) = (scratch(columns * max(action.dimension, 1), 0), scratch(columns * action.dimension, 0))
    episodes = RunningEpisodes(columns: columns)

    worker = Worker(recovery: recovery)
    // Column c of a task is its replica number c - (the task's first column).
    var (batches, streams): ([EnvironmentBatch], [RandomStream]) = ([], [])
    var start = range.lowerBound
    while start < range.upperBound {
      let index = shape.columnTasks[start]
      let end = shape.columnTasks[start..<range.upperBound].firstIndex { $0 != index } ?? range.upperBound
      let first = shape.columnTasks.firstIndex(of: index)!
      let replicas = start - first..<end - first
      batches.append(
        EnvironmentBatch(
          try tasks[index].makeEnvironment(replicas, seed, worker), task: tasks[index],
          column: start - range.lowerBound, leaves: observation.leaves.count))
      streams += replicas.map { RandomStream(seed: seed, task: tasks[index].id, replica: $0, purpose: purpose) }
      for column in start..<end {
        let row = column - range.lowerBound
        for (number, allowed) in tasks[index].actionMask.enumerated() where allowed {
          mask[row * action.count + number] = 1
        }
      }
      start = end
    }
    (self.batches, self.streams) = (batches, streams)
    earlierLosses = Array(repeating: EnvironmentLosses(), count: batches.count)
  }

  deinit {
    batches.forEach { $0.deallocate() }
    mask.deallocate()
    columnTask.deallocate()
    truncated.deallocate()
    success.deallocate()
    lives.deallocate()
    noise.deallocate()
    squashed.deallocate()
  }

  /// Which actions, or dimensions, each column's task has.
  var allowedActions: [[Bool]] {
    (0..<columns).map { column in (0..<action.count).map { mask[column * action.count + $0] != 0 } }
  }

  /// What was lost of its environments since the start of the run, by task. Safe to ask on any thread.
  public var losses: [(task: Int, losses: EnvironmentLosses)] { byTask(totalLosses) }

  /// What was lost from the start of the run to the end of round `round`, which is one of the last `lag + 1`.
  public func losses(inRound round: Int) -> [(task: Int, losses: EnvironmentLosses)] { byTask(record(round).losses) }

  var totalLosses: [EnvironmentLosses] { batches.indices.map(totalLosses) }

  private func totalLosses(of batch: Int) -> EnvironmentLosses {
    var losses = earlierLosses[batch]
    losses += batches[batch].environment.losses
    return losses
  }

  private func byTask(_ losses: [EnvironmentLosses]) -> [(task: Int, losses: EnvironmentLosses)] {
    zip(batches, losses).map { (tasks[$0.column], $1) }
  }

  func record(_ round: Int) -> RoundRecord { records[round % records.count] }

  /// What normalizing environments learned of their observations, by task. Only between rounds.
  public var statistics: [(task: Int, statistics: ObservationStatistics)] {
    batches.compactMap { batch in batch.environment.statistics.map { (tasks[batch.column], $0) } }
  }

  /// Lets every slot that normalizes observations go on from `statistics`, one a task.
  /// - Throws: `EnvironmentError.badState` where these are of other observations.
  public func adopt(_ statistics: [ObservationStatistics?]) throws {
    for batch in batches {
      if let learned = statistics[tasks[batch.column]] { try batch.environment.adopt(learned, frozen: false) }
    }
  }

  /// Episodes that ended in round `round`, which is one of the last `lag + 1`, by step and column.
  public func episodes(inRound round: Int) -> [EpisodeRecord] { record(round).episodes }

  /// Goes on with the unroll of round `round` until it is done or must wait.
  public func advance(round: Int, version: Int, block: RoundBlock, policy: any Policy, tape: Tape) throws
    -> StepProgress
  {
    while true {
      switch stage {
      case .new:
        for batch in batches
        where try batch.environment.reset(into: batch.rows(of: carry, step: 0, first: 0)) != .done {
          pending += 1
        }
        stage = .resetting
      case .resetting:
        if let descriptor = try wait() { return .waiting(fileDescriptor: descriptor) }
        carry.isFirst.update(repeating: 1, count: columns)
        carry.valid.update(repeating: 1, count: columns)
        stage = .ready
      case .ready:
        record(round).episodes.removeAll(keepingCapacity: true)
        carry.copyRow(step: 0, column: 0, count: columns, to: block, step: 0, column: blockColumn)
        carry.copyRecurrentState(column: 0, count: columns, to: block, column: blockColumn)
        stage = .choosing(step: 0)
      case .choosing(let step):
        choose(step: step, round: round, version: version, block: block, policy: policy, tape: tape)
        stage = .stepping(step: step)
        try act(step: step, block: block)
      case .stepping(let step):
        let start = nanoseconds()
        defer { environmentTime.add(since: start) }
        if let descriptor = try wait() { return .waiting(fileDescriptor: descriptor) }
        account(step: step, round: round, block: block)
        if step + 1 < unroll {
          stage = .choosing(step: step + 1)
        } else {
          block.copyRow(step: unroll, column: blockColumn, count: columns, to: carry, step: 0, column: 0)
          let record = record(round)
          // In place: a round like the last one allocates nothing.
          record.losses.removeAll(keepingCapacity: true)
          for batch in batches.indices { record.losses.append(totalLosses(of: batch)) }
          stage = .ready
          return .done
        }
      }
    }
  }

  /// Runs a whole unroll on the calling thread, which sleeps while an environment makes it wait.
  public func unroll(round: Int, version: Int, block: RoundBlock, policy: any Policy, tape: Tape) throws {
    while case .waiting(let descriptor) = try advance(
      round: round, version: version, block: block, policy: policy, tape: tape)
    {
      var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&waited, 1, -1)
    }
  }

  /// Lets the policy choose the actions of one step.
  private func choose(step: Int, round: Int, version: Int, block: RoundBlock, policy: any Policy, tape: Tape) {
    let start = nanoseconds()
    let address = UInt64(round) * UInt64(unroll) + UInt64(step)
    for column in 0..<columns {
      switch action {
      case .discrete: streams[column].uniform(step: address, into: noise + column, count: 1)
      case .box(let dimension):
        streams[column].normal(step: address, into: noise + column * dimension, count: dimension)
      }
    }
    policy.act(
      ActorRows(
        columns: columns, block: block, step: step, column: blockColumn, task: columnTask, mask: mask,
        hidden: carry.hidden,
        cell: carry.cell, noise: noise, greedy: greedy),
      version: version, tape: tape)
    inferenceTime.add(since: start)
  }

  /// Starts one step of every environment.
  private func act(step: Int, block: RoundBlock) throws {
    let start = nanoseconds()
    defer { environmentTime.add(since: start) }
    for batch in batches {
      let column = batch.column
      let row = (step + 1) * block.columns + blockColumn + column
      let progress = try batch.environment.step(
        actions(block, row: row, of: batch),
        into: StepRows(
          observation: batch.rows(of: block, step: step + 1, first: blockColumn),
          finalObservation: batch.finalRows(of: block, step: step, first: blockColumn), reward: block.reward + row,
          terminated: block.terminated + row, truncated: truncated + column, valid: block.valid + row,
          success: success + column, lives: lives + column))
      if progress != .done { pending += 1 }
    }
  }

  private func actions(_ block: RoundBlock, row: Int, of batch: EnvironmentBatch) -> ActionRows {
    guard case .box(let dimension) = action else { return ActionRows(discrete: block.action + row) }
    let actions = squashed + batch.column * dimension
    ck_tanh_forward(actions, block.box + row * dimension, batch.environment.slots * dimension)
    return ActionRows(box: actions)
  }

  /// The descriptor of an environment that is not done yet.
  private func wait() throws -> Int32? {
    guard pending > 0 else { return nil }
    for batch in batches {
      if case .waiting(let descriptor) = try batch.environment.advance() { return descriptor }
    }
    pending = 0
    return nil
  }

  /// Marks ends of episodes as the learner sees them, and records those that end.
  private func account(step: Int, round: Int, block: RoundBlock) {
    for batch in batches {
      for column in batch.columns {
        let row = (step + 1) * block.columns + blockColumn + column
        let length = episodes.add(reward: block.reward[row], success: success[column], column: column)
        let ended = block.terminated[row] != 0 || truncated[column] != 0
        let lostLife = episodes.losesLife(now: lives[column], column: column) && batch.task.lifeLossEndsEpisode
        let longest = longestEpisode ?? .max
        if block.valid[row] != 0 && (ended && length <= longest || !ended && length == longest) {
          record(round).episodes.append(
            episodes.record(column: column, first: range.lowerBound, task: tasks[column], isCut: !ended))
        }
        if ended {
          episodes.begin(column: column)
        } else if lostLife {
          block.terminated[row] = 1
        }
        block.isFirst[row] = ended || lostLife ? 1 : 0
      }
    }
  }
}
