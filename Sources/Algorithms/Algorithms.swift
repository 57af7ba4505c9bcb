extension [any Algorithm.Type] {
  /// The algorithms that come with the library. A new one is a line here.
  public static var all: [any Algorithm.Type] {
    [
      IMPALA.self,
      SAC.self,
    ]
  }
}
