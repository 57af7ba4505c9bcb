import Algorithms
import Foundation
import Yams

/// Returns that a user's tasks are measured against, as they are given: `task=return` words, or a file.
enum References {
  /// - Returns: nil where the words are neither.
  /// - Throws: `RunError.cannotRead` and `ConfigurationError.badFile` for a file that is none.
  static func parse(_ words: [String]) throws -> [String: Double]? {
    if words.count == 1, !words[0].contains("=") { return try read(words[0]) }
    var references: [String: Double] = [:]
    for word in words {
      let pair = word.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count == 2, !pair[0].isEmpty, let value = number(pair[1]),
        references.updateValue(value, forKey: String(pair[0])) == nil
      else { return nil }
    }
    return references
  }

  private static func number(_ text: some StringProtocol) -> Double? {
    Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// A YAML mapping of task to return.
  private static func read(_ path: String) throws -> [String: Double] {
    let text = try AtomicFile.text(path, limit: AtomicFile.mostSettings)
    guard let mapping = (try? Yams.compose(yaml: text))?.mapping else {
      throw ConfigurationError.badFile(path: path, reason: "references must be lines of the form `task: return`")
    }
    var references: [String: Double] = [:]
    for (key, value) in mapping {
      guard let task = key.scalar?.string, let reference = value.scalar.flatMap({ number($0.string) }) else {
        throw ConfigurationError.badFile(
          path: path, reason: "the reference of \(key.scalar?.string ?? "a task") must be a finite number")
      }
      references[task] = reference
    }
    return references
  }
}
