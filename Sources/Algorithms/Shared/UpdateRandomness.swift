import Tensors

/// The random numbers of an update; golden tests put their own in their place.
protocol UpdateRandomness: Sendable {
  /// Places in a task's replay, below `limit`.
  func indices(task: Int, update: Int, below limit: Int, into indices: UnsafeMutableBufferPointer<UInt32>)
  /// Standard normal numbers for a task's rows: those of step 2 u for the observations of update u, those of 2 u + 1
  /// for the observations that followed.
  func noise(task: Int, step: Int, into noise: UnsafeMutableBufferPointer<Float>)
  /// A permutation of the tasks, for gradient surgery.
  func order(tasks: Int, update: Int) -> [Int]
}

/// Random numbers addressed by task and update.
struct AddressedRandomness: UpdateRandomness {
  private let replay, noise: [RandomStream]
  private let order: RandomStream

  /// - Parameter shared: Whether all tasks draw the same places.
  init(seed: UInt64, tasks: [String], shared: Bool) {
    replay = tasks.map { RandomStream(seed: seed, name: shared ? "shared" : $0, purpose: .replay) }
    noise = tasks.map { RandomStream(seed: seed, name: $0, purpose: .update) }
    order = RandomStream(seed: seed, name: "order of tasks", purpose: .update)
  }

  func indices(task: Int, update: Int, below limit: Int, into indices: UnsafeMutableBufferPointer<UInt32>) {
    replay[task].below(limit, step: UInt64(update), into: indices.baseAddress!, count: indices.count)
  }

  func noise(task: Int, step: Int, into numbers: UnsafeMutableBufferPointer<Float>) {
    noise[task].normal(step: UInt64(step), into: numbers.baseAddress!, count: numbers.count)
  }

  func order(tasks: Int, update: Int) -> [Int] {
    var places = [Float](repeating: 0, count: tasks)
    order.uniform(step: UInt64(update), into: &places, count: tasks)
    return (0..<tasks).sorted { (places[$0], $0) < (places[$1], $1) }
  }
}
