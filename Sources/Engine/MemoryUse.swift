import Environments

/// Bytes that a run takes, by what for. Numbers are `Double`s, so that no product of settings overflows.
public struct MemoryUse: Equatable, Sendable {
  /// Parameters in all their copies: values, gradients, optimiser slots, versions.
  public var parameters = 0.0
  /// Experience of the rounds that are learned from and acted ahead.
  public var rounds = 0.0
  /// Replays, once they are full.
  public var replay = 0.0
  /// What layers make of a batch, with its gradients.
  public var activations = 0.0

  public init() {}

  public var total: Double { parameters + rounds + replay + activations }
}

extension MemoryUse {
  /// Adds `copies` buffers of a layout of so many floats.
  public mutating func add(copies: Int, floats: Int) { parameters += Double(copies) * Double(floats) * 4 }

  /// Adds the blocks of `RoundEngine.blocks`.
  public mutating func addRounds(
    _ shape: RunShape, observation: ObservationSpace, action: ActionSpace, recurrentSize: Int
  ) {
    let observed = Double(observation.leaves.reduce(0) { $0 + $1.byteCount })
    let (columns, steps) = (Double(shape.columns), Double(shape.unroll))
    // Action, reward, three flags, and the numbers of a box.
    let row = observed + 4 + 4 + 3 + 4 * Double(action.dimension)
    // A last observation and a log-probability for each step; a hidden and a cell state.
    let column = (steps + 1) * row + steps * (observed + 4) + 8 * Double(recurrentSize)
    rounds += Double(shape.lag + 1) * columns * column
  }

  /// Adds what `tapes` tapes hold after `rows` rows each, of which layers make so many numbers: about three times as much, as
  /// operations keep more than layers' outputs, gradients share memory, and a tape grows by doubling.
  public mutating func addTapes(_ tapes: Int, rows: Int, activations numbers: Int) {
    activations += Double(tapes) * Double(rows) * Double(numbers) * 4 * 3
  }
}
