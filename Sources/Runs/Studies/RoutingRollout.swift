import Algorithms
import Engine
import Environments
import Synchronization
import Tensors

/// What a policy saw in a task's episodes.
struct RoutingRollout: Sendable {
  struct Row: Sendable {
    let episode, step: Int
    let observation: [Float]
  }

  private(set) var rows: [Row] = []
  /// Episode and step of each column; nil before its first.
  private var places: [(episode: Int, step: Int)?] = []

  /// Adds what all columns show, as long as they play one of the first `episodes` episodes: those that an evaluation
  /// counts, which are equally many of each column, columns in order.
  mutating func note(_ rows: ActorRows, observation size: Int, episodes: Int) {
    if places.isEmpty { places = Array(repeating: nil, count: rows.columns) }
    let perColumn = (episodes + rows.columns - 1) / rows.columns
    let observations = rows.observation(leaf: 0).assumingMemoryBound(to: Float.self)
    for column in 0..<rows.columns {
      let place: (episode: Int, step: Int)
      switch places[column] {
      case nil: place = (column * perColumn, 0)
      case let last? where rows.isFirst[column] != 0: place = (last.episode + 1, 0)
      case let last?: place = (last.episode, last.step + 1)
      }
      places[column] = place
      guard place.episode < min((column + 1) * perColumn, episodes) else { continue }
      self.rows.append(
        Row(
          episode: place.episode, step: place.step,
          observation: Array(UnsafeBufferPointer(start: observations + column * size, count: size))))
    }
  }

  /// Every `stride`-th step of each episode, episode by episode.
  func thinned(by stride: Int) -> [Row] {
    rows.filter { $0.step.isMultiple(of: stride) }.sorted { ($0.episode, $0.step) < ($1.episode, $1.step) }
  }
}

/// Lets a policy act, and keeps what it saw.
final class RecordingPolicy: Policy {
  let recurrentSize = 0
  private let policy: any Policy
  private let size, episodes: Int
  private let recorded: Mutex<[RoutingRollout]>

  /// - Parameter size: Numbers of an observation.
  init(_ policy: any Policy, tasks: Int, observation size: Int, episodes: Int) {
    (self.policy, self.size, self.episodes) = (policy, size, episodes)
    recorded = Mutex(Array(repeating: RoutingRollout(), count: tasks))
  }

  /// One a task.
  var rollouts: [RoutingRollout] { recorded.withLock { $0 } }

  func act(_ rows: ActorRows, version: Int, tape: Tape) {
    recorded.withLock { $0[Int(rows.task[0])].note(rows, observation: size, episodes: episodes) }
    policy.act(rows, version: version, tape: tape)
  }
}

/// Lets a policy act as if each task were the next one.
///
/// In soft modularization the task's number reaches nothing but the routing, so this plays with another task's routing
/// and is otherwise the same network.
final class ReroutedPolicy: Policy {
  let recurrentSize = 0
  private let policy: any Policy
  private let tasks: Int

  init(_ policy: any Policy, tasks: Int) { (self.policy, self.tasks) = (policy, tasks) }

  func act(_ rows: ActorRows, version: Int, tape: Tape) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: rows.columns) { other in
      for column in 0..<rows.columns { other[column] = (rows.task[column] + 1) % Int32(tasks) }
      var rows = rows
      rows.task = UnsafePointer(other.baseAddress!)
      policy.act(rows, version: version, tape: tape)
    }
  }
}
