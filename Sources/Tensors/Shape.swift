/// Sizes of up to four axes, outermost first, stored inline.
public struct Shape: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
  public let rank: Int
  private let sizes: (Int, Int, Int, Int)

  public init(_ a: Int) { self.init(rank: 1, a, 1, 1, 1) }
  public init(_ a: Int, _ b: Int) { self.init(rank: 2, a, b, 1, 1) }
  public init(_ a: Int, _ b: Int, _ c: Int) { self.init(rank: 3, a, b, c, 1) }
  public init(_ a: Int, _ b: Int, _ c: Int, _ d: Int) { self.init(rank: 4, a, b, c, d) }

  private init(rank: Int, _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
    precondition(a >= 0 && b >= 0 && c >= 0 && d >= 0, "a shape has no negative size")
    self.rank = rank
    sizes = (a, b, c, d)
  }

  public subscript(axis: Int) -> Int {
    switch axis {
    case 0: sizes.0
    case 1: sizes.1
    case 2: sizes.2
    case 3: sizes.3
    default: preconditionFailure("a shape has at most four axes, axis \(axis) was asked for")
    }
  }

  /// Number of elements.
  public var count: Int { sizes.0 * sizes.1 * sizes.2 * sizes.3 }
  /// Size of the innermost axis.
  public var last: Int { self[rank - 1] }

  /// The sizes as an array, for files and messages.
  public var array: [Int] { (0..<rank).map { self[$0] } }
  public var description: String { "[" + array.map(String.init).joined(separator: ", ") + "]" }

  public static func == (a: Shape, b: Shape) -> Bool { a.rank == b.rank && a.sizes == b.sizes }
  public func hash(into hasher: inout Hasher) {
    for axis in 0..<rank { hasher.combine(self[axis]) }
  }
}
