import Environments

/// One observation at the start, and nothing more from then on: no time goes into making them.
final class StillEnvironment: Environment {
  let slots: Int
  private let first: [UInt8]

  /// - Parameter first: Of all slots.
  init(slots: Int, first: [UInt8]) { (self.slots, self.first) = (slots, first) }

  func reset(into observation: ObservationRows) -> StepProgress {
    observation.leaves[0].copyMemory(from: first, byteCount: first.count)
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      (rows.reward[slot], rows.valid[slot], rows.lives[slot]) = (0, 1, 0)
      (rows.terminated[slot], rows.truncated[slot], rows.success[slot]) = (0, 0, 0)
    }
    return .done
  }

  func saveState() -> [UInt8]? { nil }
  func restoreState(_: [UInt8]) throws {}
}
