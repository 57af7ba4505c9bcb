/// A named variant of an algorithm: what `--algorithm NAME` begins with.
public struct Preset<Configuration>: Sendable {
  public let name: String
  /// One line for `list algorithms`.
  public let summary: String
  let configure: @Sendable (inout Configuration) -> Void

  /// - Parameter configure: What it changes of the algorithm's own defaults, before these are adapted to a suite.
  public init(
    _ name: String, _ summary: String, configure: @escaping @Sendable (inout Configuration) -> Void = { _ in }
  ) {
    (self.name, self.summary, self.configure) = (name, summary, configure)
  }
}
