/// Centres and scales each number of its observations by running statistics.
///
/// Every slot has its own statistics, so that what a slot shows depends neither on its neighbours nor on how a run is cut
/// into groups. An observation is added before it is normalized, an episode's last one too; one that was lost is not.
/// Frozen, all slots use the same statistics and nothing is added.
final class NormalizedEnvironment: WrapperEnvironment {
  private let sizes: [Int]
  private var slotStatistics: [ObservationStatistics]
  private var isFrozen = false

  init(_ inner: any Environment, of task: Task) {
    sizes = task.observation.leaves.map(\.elementCount)
    slotStatistics = Array(
      repeating: ObservationStatistics(numbers: sizes.reduce(0, +)), count: inner.slots)
    super.init(inner, of: task)
  }

  override var statistics: ObservationStatistics? { slotStatistics.dropFirst().reduce(slotStatistics[0], +) }

  override func adopt(_ statistics: ObservationStatistics, frozen: Bool) throws {
    let size = sizes.reduce(0, +)
    guard statistics.mean.count == size, statistics.isPossible else {
      throw EnvironmentError.badState(
        task: task.id,
        reason:
          "its statistics are of \(statistics.mean.count) numbers, and \(size) are shown, or no observations have them")
    }
    slotStatistics = Array(repeating: statistics, count: slots)
    isFrozen = frozen
  }

  override func began(_ slot: Int, into observation: ObservationRows) {
    normalize(slot, observation, adding: !isFrozen)
  }

  override func stepped(_ slot: Int, into rows: StepRows) {
    let adding = !isFrozen && rows.valid[slot] != 0
    if rows.ended(slot) { normalize(slot, rows.finalObservation, adding: adding) }
    normalize(slot, rows.observation, adding: adding)
  }

  private func normalize(_ slot: Int, _ rows: ObservationRows, adding: Bool) {
    if adding { slotStatistics[slot].countOne() }
    var index = 0
    for (leaf, size) in sizes.enumerated() {
      let numbers = rows.leaves[leaf].assumingMemoryBound(to: Float.self) + slot * size
      for i in 0..<size {
        if adding { slotStatistics[slot].add(Double(numbers[i]), at: index) }
        numbers[i] = Float(slotStatistics[slot].normalized(Double(numbers[i]), at: index))
        index += 1
      }
    }
  }

  override var ownState: [UInt8] {
    slotStatistics.flatMap { slot in ([slot.count] + slot.mean + slot.squares).withUnsafeBytes(Array.init) }
  }

  override func restoreOwnState(_ state: UnsafeRawBufferPointer) throws(EnvironmentError) {
    let numbers = Array(state.bindMemory(to: Double.self))
    let size = sizes.reduce(0, +)
    slotStatistics = (0..<slots).map { slot in
      let own = numbers[slot * (1 + 2 * size)..<(slot + 1) * (1 + 2 * size)]
      return ObservationStatistics(
        count: own.first!, mean: Array(own.dropFirst().prefix(size)), squares: Array(own.suffix(size)))
    }
    guard slotStatistics.allSatisfy(\.isPossible) else {
      throw .badState(task: task.id, reason: "no observations have its statistics")
    }
  }
}
