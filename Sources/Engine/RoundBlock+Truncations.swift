import Environments
import Tensors

extension RoundBlock {
  /// The steps of a block that cut an episode off, one row per step: what a network reads to value what would have
  /// followed.
  public struct Truncations {
    /// Number of rows, R.
    public let count: Int
    /// t * C + c of the transition out of x_t in column c that cut row i off, `[R]`.
    fileprivate let places: UnsafeMutablePointer<Int>
    private let columns: Int
    /// Last observations, `[R, leaf]`.
    public let observation: UnsafeMutableRawPointer
    /// The last reward and action, `[R]`; `box` `[R, D]`.
    public let reward: UnsafeMutablePointer<Float>
    public let action: UnsafeMutablePointer<Int32>
    public let box: UnsafeMutablePointer<Float>
    /// 0: none of these observations begins an episode, `[R]`.
    public let isFirst: UnsafeMutablePointer<UInt8>
    /// Recurrent state before the last observation, `[R, H]` each.
    public let hidden, cell: UnsafeMutablePointer<Float>

    fileprivate init(_ count: Int, of block: RoundBlock, leaf: Int, on tape: Tape) {
      (self.count, columns) = (count, block.columns)
      places = tape.memory(count, of: Int.self)
      observation = UnsafeMutableRawPointer(tape.memory(count * block.leaves[leaf].byteCount, of: UInt8.self))
      reward = tape.memory(count, of: Float.self)
      action = tape.memory(count, of: Int32.self)
      box = tape.memory(count * block.dimension, of: Float.self)
      isFirst = tape.memory(count, of: UInt8.self)
      hidden = tape.memory(count * block.recurrentSize, of: Float.self)
      cell = tape.memory(count * block.recurrentSize, of: Float.self)
    }

    /// The step and column of a row.
    public func place(of row: Int) -> (step: Int, column: Int) { (places[row] / columns, places[row] % columns) }
  }

  /// Gathers the truncated steps, in order, into memory of the tape's step; nil where there are none.
  ///
  /// - Parameters:
  ///   - leaf: The observation leaf that the network reads.
  ///   - hidden: Recurrent state before each step and after the last, `[T + 1, C, H]`, and `cell` likewise; nil for a
  ///     network without.
  public func truncations(
    leaf: Int, hidden: UnsafePointer<Float>?, cell: UnsafePointer<Float>?, on tape: Tape
  ) -> Truncations? {
    func isTruncated(_ place: Int) -> Bool { self.isTruncated(step: place / columns, column: place % columns) }
    let count = (0..<steps * columns).count(where: isTruncated)
    if count == 0 { return nil }
    let gathered = Truncations(count, of: self, leaf: leaf, on: tape)
    let (bytes, size) = (leaves[leaf].byteCount, recurrentSize)
    var row = 0
    for place in 0..<steps * columns where isTruncated(place) {
      let next = place + columns
      gathered.places[row] = place
      (gathered.observation + row * bytes)
        .copyMemory(
          from: finalObservation(leaf: leaf, step: place / columns, column: place % columns), byteCount: bytes)
      (gathered.reward[row], gathered.action[row], gathered.isFirst[row]) = (reward[next], action[next], 0)
      (gathered.box + row * dimension).update(from: box + next * dimension, count: dimension)
      if let hidden, let cell {
        (gathered.hidden + row * size).update(from: hidden + next * size, count: size)
        (gathered.cell + row * size).update(from: cell + next * size, count: size)
      }
      row += 1
    }
    return gathered
  }
}
