/// A list as a flag holds it: words separated by commas.
///
/// Spaces around a word are left out, and so is a word without letters. A backslash before a comma, a space or a
/// backslash makes that a part of the word; before anything else it stands for itself.
public enum WordList {
  public static func split(_ text: String) -> [String] {
    var words: [[(scalar: Unicode.Scalar, isEscaped: Bool)]] = [[]]
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "\\", let next = rest.first, next == "\\" || next == "," || next.properties.isWhitespace {
        words[words.count - 1].append((rest.removeFirst(), true))
      } else if scalar == "," {
        words.append([])
      } else {
        words[words.count - 1].append((scalar, false))
      }
    }
    return words.compactMap { word in
      func isKept(_ place: (scalar: Unicode.Scalar, isEscaped: Bool)) -> Bool {
        place.isEscaped || !place.scalar.properties.isWhitespace
      }
      guard let first = word.firstIndex(where: isKept), let last = word.lastIndex(where: isKept) else { return nil }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: word[first...last].map(\.scalar))
      return String(text)
    }
  }

  /// The text that `split` takes apart into these words.
  public static func joined(_ words: [String]) -> String {
    words.map { word in
      let scalars = Array(word.unicodeScalars)
      var text = String.UnicodeScalarView()
      for (place, scalar) in scalars.enumerated() {
        let isAtEnd = place == 0 || place == scalars.count - 1
        if scalar == "," || scalar == "\\" || isAtEnd && scalar.properties.isWhitespace { text.append("\\") }
        text.append(scalar)
      }
      return String(text)
    }.joined(separator: ",")
  }
}
