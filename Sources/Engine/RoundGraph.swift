import Environments
import Glibc

/// Which item of the dependency graph may start next; see `RoundEngine` for the rules.
final class RoundGraph: @unchecked Sendable {
  enum Item {
    case act(group: Int, round: Int)
    case work(phase: Int, shard: Int, round: Int)
    case finish(phase: Int, round: Int)
  }

  private enum GroupState {
    case idle, running
    case waiting(fileDescriptor: Int32)
    /// Was waiting, may go on.
    case ready
  }

  private enum ShardState { case waiting, running, done }

  private let shape: RunShape
  private let phases: Int
  private let monitor = Monitor()
  /// A thread that polls for groups is woken through this pipe.
  private let wakePipe: (read: Int32, write: Int32)

  private var limit = 0
  private(set) var round = 0
  private var phase = 0
  private var isFinishing = false
  /// The round that each group acts in next.
  private var actRound: [Int]
  private var groupStates: [GroupState]
  private var shardStates: [ShardState]
  private var isPolling = false
  private var failure: (any Error)?
  /// Of all threads, in and out of work.
  private(set) var idleTime = Stopwatch()
  private var polled: [pollfd] = []

  init(shape: RunShape, phases: Int) {
    (self.shape, self.phases) = (shape, phases)
    actRound = Array(repeating: 0, count: shape.groups)
    groupStates = Array(repeating: .idle, count: shape.groups)
    shardStates = Array(repeating: .waiting, count: shape.shards)
    var ends: [Int32] = [0, 0]
    let status = pipe(&ends)
    precondition(status == 0, "the system refused a pipe: error \(errno)")
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    wakePipe = (ends[0], ends[1])
    polled.reserveCapacity(shape.groups + 1)
  }

  deinit {
    close(wakePipe.read)
    close(wakePipe.write)
  }

  func start(limit: Int) {
    monitor.lock()
    self.limit = limit
    monitor.unlock()
  }

  func restore(round: Int, actedAhead: Int) {
    (self.round, phase) = (round, 0)
    actRound = Array(repeating: round + actedAhead, count: shape.groups)
  }

  func stopAfterThisRound() {
    monitor.lock()
    limit = min(limit, round + 1)
    monitor.wakeAll()
    monitor.unlock()
  }

  func takeError() -> (any Error)? {
    defer { failure = nil }
    return failure
  }

  /// The next item for the calling thread, which waits until there is one; nil when the run is over.
  func next() -> Item? {
    monitor.lock()
    defer { monitor.unlock() }
    let start = nanoseconds()
    defer { idleTime.add(since: start) }
    while true {
      if failure != nil || isOver { return nil }
      if hasWaitingGroups && !isPolling { poll(wait: false) }
      if let item = startItem() { return item }
      if hasWaitingGroups && !isPolling { poll(wait: true) } else { monitor.wait() }
    }
  }

  func complete(_ item: Item, _ progress: StepProgress) {
    monitor.lock()
    defer { monitor.unlock() }
    switch item {
    case .act(let group, _):
      if case .waiting(let descriptor) = progress {
        groupStates[group] = .waiting(fileDescriptor: descriptor)
      } else {
        groupStates[group] = .idle
        actRound[group] += 1
      }
    case .work(_, let shard, _):
      shardStates[shard] = .done
    case .finish:
      isFinishing = false
      for shard in shardStates.indices { shardStates[shard] = .waiting }
      phase += 1
      if phase == phases { (phase, round) = (0, round + 1) }
    }
    wake()
  }

  func fail(_ error: any Error) {
    monitor.lock()
    if failure == nil { failure = error }
    wake()
    monitor.unlock()
  }

  // MARK: Under the lock

  private func wake() {
    monitor.wakeAll()
    if isPolling {
      var byte: UInt8 = 1
      _ = write(wakePipe.write, &byte, 1)
    }
  }

  private var isOver: Bool { round >= limit && actRound.allSatisfy { $0 >= limit + shape.lag } }

  private var hasWaitingGroups: Bool {
    groupStates.contains { if case .waiting = $0 { true } else { false } }
  }

  /// Serial steps first, as everything waits for them; then groups that were waiting, so that their workers are kept
  /// busy; then learning; then new unrolls.
  private func startItem() -> Item? {
    if round < limit, !isFinishing, shardStates.allSatisfy({ $0 == .done }) {
      isFinishing = true
      return .finish(phase: phase, round: round)
    }
    for group in groupStates.indices {
      if case .ready = groupStates[group] { return startAct(group) }
    }
    if round < limit {
      for shard in shardStates.indices where shardStates[shard] == .waiting && hasExperience(shard) {
        shardStates[shard] = .running
        return .work(phase: phase, shard: shard, round: round)
      }
    }
    for group in groupStates.indices {
      if case .idle = groupStates[group], actRound[group] < limit + shape.lag, actRound[group] - shape.lag <= round {
        return startAct(group)
      }
    }
    return nil
  }

  private func startAct(_ group: Int) -> Item {
    groupStates[group] = .running
    return .act(group: group, round: actRound[group])
  }

  private func hasExperience(_ shard: Int) -> Bool {
    let first = shard * shape.groupsPerShard
    return (first..<first + shape.groupsPerShard).allSatisfy { actRound[$0] > round }
  }

  /// Marks waiting groups whose descriptors are readable as ready. With `wait`, the lock is given up until one is or
  /// another thread wakes this one.
  private func poll(wait: Bool) {
    polled.removeAll(keepingCapacity: true)
    polled.append(pollfd(fd: wakePipe.read, events: Int16(POLLIN), revents: 0))
    for state in groupStates {
      if case .waiting(let descriptor) = state {
        polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
      }
    }
    if wait {
      isPolling = true
      monitor.unlock()
      _ = Glibc.poll(&polled, nfds_t(polled.count), -1)
      monitor.lock()
      isPolling = false
      var byte: UInt8 = 0
      while read(wakePipe.read, &byte, 1) == 1 {}
    } else {
      _ = Glibc.poll(&polled, nfds_t(polled.count), 0)
    }
    // Only this thread moves groups out of `waiting`, so their order is that of the polled descriptors.
    var index = 1
    for group in groupStates.indices {
      if case .waiting(let descriptor) = groupStates[group], index < polled.count, polled[index].fd == descriptor {
        if polled[index].revents != 0 { groupStates[group] = .ready }
        index += 1
      }
    }
    if wait { monitor.wakeAll() }
  }
}
