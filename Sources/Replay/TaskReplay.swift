/// The newest transitions of each task, from which every task gives equally many to a batch.
///
/// A task has a ring of its own in one contiguous block, a record a transition: observation, action, reward, next
/// observation, whether the episode terminated; 4 (2 S + A + 2) bytes, for S = 39 and A = 4 that is 336. Memory
/// is taken by the system as it fills. What one thread does to a task doesn't touch the others.
///
/// - Source: Yang et al. 2020, "Multi-task reinforcement learning with soft modularization" (2003.13661), section 4.
public final class TaskReplay: @unchecked Sendable {
  /// S and A: numbers of an observation and of an action.
  public let observation, action: Int
  /// Transitions that a task's ring holds.
  public let capacity: Int
  private let rings: [UnsafeMutablePointer<Float>]
  /// Transitions that each task was given so far, one a task.
  public let added: UnsafeMutableBufferPointer<Int>
  private var stride: Int { 2 * observation + action + 2 }

  /// - Precondition: sizes are at least 1, and the capacity below 2^32.
  public init(tasks: Int, capacity: Int, observation: Int, action: Int) {
    precondition(tasks >= 1 && observation >= 1 && action >= 1, "a replay of nothing")
    precondition(capacity >= 1 && capacity < 1 << 32, "a ring of \(capacity) transitions")
    (self.observation, self.action, self.capacity) = (observation, action, capacity)
    let size = capacity * (2 * observation + action + 2)
    rings = (0..<tasks).map { _ in .allocate(capacity: size) }
    added = .allocate(capacity: tasks)
    added.initialize(repeating: 0)
  }

  deinit {
    for ring in rings { ring.deallocate() }
    added.deallocate()
  }

  /// Transitions that `task` holds.
  public func count(_ task: Int) -> Int { min(added[task], capacity) }

  /// Adds a transition, in place of the oldest where the ring is full.
  ///
  /// - Parameter terminated: Whether no value follows; a truncated episode is not terminated.
  public func append(
    task: Int, observation state: UnsafePointer<Float>, action taken: UnsafePointer<Float>, reward: Float,
    next: UnsafePointer<Float>, terminated: Bool
  ) {
    let record = rings[task] + added[task] % capacity * stride
    record.update(from: state, count: observation)
    (record + observation).update(from: taken, count: action)
    record[observation + action] = reward
    (record + observation + action + 1).update(from: next, count: observation)
    record[stride - 1] = terminated ? 1 : 0
    added[task] += 1
  }

  /// Rows of a batch, `[rows, ...]` each.
  public struct Batch {
    /// `[rows, S]`.
    public let observation, next: UnsafeMutablePointer<Float>
    /// `[rows, A]`.
    public let action: UnsafeMutablePointer<Float>
    public let reward, terminated: UnsafeMutablePointer<Float>

    public init(
      observation: UnsafeMutablePointer<Float>, action: UnsafeMutablePointer<Float>,
      reward: UnsafeMutablePointer<Float>, next: UnsafeMutablePointer<Float>, terminated: UnsafeMutablePointer<Float>
    ) {
      (self.observation, self.action, self.reward) = (observation, action, reward)
      (self.next, self.terminated) = (next, terminated)
    }
  }

  /// Copies transitions `indices` of `task`, counted from the ring's start, to rows `row`, `row + 1`, ...
  public func gather(task: Int, indices: UnsafeBufferPointer<UInt32>, into batch: Batch, row: Int) {
    for (place, index) in indices.enumerated() {
      let (record, target) = (rings[task] + Int(index) * stride, row + place)
      (batch.observation + target * observation).update(from: record, count: observation)
      (batch.action + target * action).update(from: record + observation, count: action)
      batch.reward[target] = record[observation + action]
      (batch.next + target * observation).update(from: record + observation + action + 1, count: observation)
      batch.terminated[target] = record[stride - 1]
    }
  }

  // MARK: State

  /// The filled part of a task's ring, `count(task)` records, as it lies in memory.
  public func records(_ task: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: rings[task], count: count(task) * stride * 4)
  }

  /// What in a task's records no `append` can have left there, in words; nil where there is nothing.
  public func problem(of task: Int) -> String? {
    let records = UnsafeBufferPointer(start: rings[task], count: count(task) * stride)
    guard records.allSatisfy(\.isFinite) else { return "numbers that are not finite" }
    for start in Swift.stride(from: 0, to: records.count, by: stride) {
      let (first, last) = (start + observation, start + stride - 1)
      if let bad = records[first..<first + action].first(where: { abs($0) > 1 }) { return "an action of \(bad)" }
      if records[last] != 0 && records[last] != 1 { return "a flag of \(records[last])" }
    }
    return nil
  }
}
