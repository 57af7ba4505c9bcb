/// One observation at the start, and nothing more from then on: for benchmarks, as no time goes into making
/// observations.
public final class ConstantEnvironment: Environment {
  public let slots: Int
  private let observation: [UInt8]

  /// - Parameter observation: Of all slots.
  public init(slots: Int, observation: [UInt8]) { (self.slots, self.observation) = (slots, observation) }

  public func reset(into rows: ObservationRows) -> StepProgress {
    rows.leaves[0].copyMemory(from: observation, byteCount: observation.count)
    return .done
  }

  public func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    for slot in 0..<slots {
      (rows.reward[slot], rows.valid[slot], rows.lives[slot]) = (0, 1, 0)
      (rows.terminated[slot], rows.truncated[slot], rows.success[slot]) = (0, 0, 0)
    }
    return .done
  }

  public func saveState() -> [UInt8]? { nil }
  public func restoreState(_: [UInt8]) throws {}
}
