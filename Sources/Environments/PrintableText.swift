extension String {
  /// The text in one line, as it may be shown to people: what would move a terminal's cursor, change its colours or the
  /// order of reading is written as an escape, `\u{1b}`.
  ///
  /// For everything that comes from a file, a name or another program.
  ///
  /// - Parameter longest: Characters that are kept, of the beginning.
  public func printable(longest: Int = 1000) -> String {
    var result = ""
    for (count, character) in enumerated() {
      if count == longest { return result + "..." }
      for scalar in character.unicodeScalars { result += scalar.isHarmless ? String(scalar) : scalar.escape }
    }
    return result
  }

  /// The whole text, whose lines stay lines.
  public var printableText: String {
    split(omittingEmptySubsequences: false) { $0 == "\n" }.map { String($0).printable(longest: .max) }
      .joined(separator: "\n")
  }

  /// The same of a text, or of its last lines, line by line.
  public func printableLines(last count: Int = .max) -> String {
    split { $0.isNewline }.suffix(count).map { String($0).printable() }
      .joined(separator: "\n")
  }
}

extension Unicode.Scalar {
  /// Neither a control character nor one that is not seen but moves others: marks of direction, separators of lines.
  public var isHarmless: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
    default: true
    }
  }

  fileprivate var escape: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16))}"
    }
  }
}
