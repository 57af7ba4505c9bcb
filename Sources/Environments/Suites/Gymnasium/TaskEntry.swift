/// One task in the name of a suite that lists its tasks: `Line-v0`, or `Line-v0?length=9?wind=0.5` with arguments of its own.
struct TaskEntry: Equatable {
  /// What is made, as its package calls it.
  let name: String
  /// What it is made with, besides what all tasks of the suite are.
  let arguments: [String: String]

  /// The entries of a list, separated by commas.
  ///
  /// - Throws: `EnvironmentError.refused`, which quotes the entry.
  static func list(_ text: some StringProtocol) throws(EnvironmentError) -> [TaskEntry] {
    var entries: [TaskEntry] = []
    for entry in text.split(separator: ",") { entries.append(try TaskEntry(String(entry.trimmed))) }
    return entries
  }

  /// - Throws: `EnvironmentError.refused`.
  init(_ text: String) throws(EnvironmentError) {
    let parts = text.split(separator: "?", omittingEmptySubsequences: false).map { $0.trimmed }
    var arguments: [String: String] = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmed }
      guard pair.count == 2, !pair[0].isEmpty else {
        throw .refused(task: text, reason: "\"?\(part)\" is no argument: write ?name=value, each with its own ?")
      }
      guard arguments.updateValue(String(pair[1]), forKey: String(pair[0])) == nil else {
        throw .refused(task: text, reason: "the argument \(pair[0]) is there twice: leave one out")
      }
    }
    guard !parts[0].isEmpty else {
      throw .refused(task: text, reason: "an environment's name must stand before its arguments: NAME?name=value")
    }
    (name, self.arguments) = (String(parts[0]), arguments)
  }

  /// A task's id: the name and the entry's arguments, sorted, in lower case, words joined by underscores.
  var id: String {
    let words = [name] + arguments.sorted { $0.key < $1.key }.map { "\($0.key)_\($0.value)" }
    return String(words.joined(separator: "_").lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// The entry's arguments and, where it says nothing else, the suite's.
  func arguments(besides common: [String: String]) -> [String: String] { common.merging(arguments) { $1 } }
}

extension StringProtocol {
  /// Without the spaces around it.
  fileprivate var trimmed: SubSequence {
    let start = self.drop { $0 == " " }
    return start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)]
  }
}
