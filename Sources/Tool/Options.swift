import ArgumentParser
import Foundation
import Polymath

/// A number that an option takes: what its help says, how text becomes it, and what it is by default.
struct NumberOption<Number: Comparable & Sendable>: Sendable {
  private let text: String
  private let range: NumberRange<Number>
  private let standard: Number?

  /// - Parameters:
  ///   - text: The beginning of a sentence that ends with the range.
  ///   - standard: nil where the command finds the number itself.
  init(_ text: String, _ range: NumberRange<Number>, default standard: Number? = nil) {
    (self.text, self.range, self.standard) = (text, range, standard)
  }

  var help: ArgumentHelp { "\(text): \(range.kind).\(standard.map { " (default: \($0))" } ?? "")" }

  var value: Number {
    guard let standard else { preconditionFailure("an option without a default is an optional") }
    return standard
  }

  @Sendable func read(_ text: String) throws -> Number {
    guard let number = range.read(text) else { throw ValidationError("it must be \(range.kind)") }
    return number
  }
}

extension NumberOption<Int> {
  static func episodes(_ standard: Int?) -> NumberOption {
    NumberOption("Episodes of each task", .whole(1...1_000_000), default: standard)
  }
}

extension NumberOption<UInt64> {
  static func seed(_ standard: UInt64?) -> NumberOption {
    NumberOption("Seed of the environments and of sampled actions", .whole(0...UInt64.max), default: standard)
  }
}

/// Words separated by commas, of one option; the words of several add up.
struct Words {
  /// As a setting holds them.
  fileprivate let text: String

  @Sendable init(_ text: String) throws {
    self.text = text
    if WordList.split(text).isEmpty { throw ValidationError("it must be words separated by commas") }
  }
}

extension [Words] {
  var text: String { map(\.text).joined(separator: ",") }
  var list: [String] { WordList.split(text) }
}

/// The path that an option names: `~` at its front is the home folder, by `HOME`, as a shell would have it.
///
/// Foundation reads such a path in its own way, in some of its functions: after this none is left to read.
@Sendable func path(_ text: String) throws -> String {
  if text.isEmpty { throw ValidationError("it is empty, but must be a path") }
  guard text.hasPrefix("~") else { return text }
  guard text == "~" || text.hasPrefix("~/") else { return "./\(text)" }
  guard let home = ProcessInfo.processInfo.environment["HOME"], !home.isEmpty else {
    throw ValidationError("HOME is not set, so ~ names no folder: write the path in full")
  }
  return home + text.dropFirst()
}
