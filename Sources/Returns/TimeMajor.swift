/// Numbers of an unroll, `[T, B]`: a row for each step, a column for each environment. A view of memory that somebody else
/// owns.
public struct TimeMajor<Element: BitwiseCopyable>: BitwiseCopyable {
  public let start: UnsafeMutablePointer<Element>
  /// T and B.
  public let steps, columns: Int

  /// - Precondition: `start` holds `steps * columns` numbers, at least one.
  public init(_ start: UnsafeMutablePointer<Element>, steps: Int, columns: Int) {
    precondition(steps >= 1 && columns >= 1, "an unroll has steps and columns, not [\(steps), \(columns)]")
    (self.start, self.steps, self.columns) = (start, steps, columns)
  }

  public var count: Int { steps * columns }

  public subscript(step: Int, column: Int) -> Element {
    get { start[step * columns + column] }
    nonmutating set { start[step * columns + column] = newValue }
  }

  /// Traps where another array of the same unroll has another shape.
  func requireShape<Other>(of other: TimeMajor<Other>, _ name: StaticString) {
    precondition(
      steps == other.steps && columns == other.columns,
      "\(name) is [\(steps), \(columns)] where [\(other.steps), \(other.columns)] is needed")
  }
}
