import Foundation

/// Commands to be typed.
enum Shell {
  /// What this tool was called by; its name alone where a shell finds it by that.
  static let program: String = {
    let environment = ProcessInfo.processInfo.environment
    let called = environment["POLYMATH_PROGRAM"] ?? CommandLine.arguments[0]
    let name = called.split(separator: "/").last.map(String.init) ?? called
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { "\($0)/\(name)" == called } ? name : called
  }()

  /// A command of this tool.
  static func command(_ words: String...) -> String { ([program] + words).map(quoted).joined(separator: " ") }

  /// A folder as a command takes it: never for an option.
  static func folder(_ path: String) -> String { path.hasPrefix("-") ? "./\(path)" : path }

  /// A word as a shell must be told it.
  static func quoted(_ word: String) -> String {
    if word.wholeMatch(of: /[A-Za-z0-9_.\/:=@%+,-]+/) != nil { return word }
    return "'\(word.replacing("'", with: "'\\''"))'"
  }
}
