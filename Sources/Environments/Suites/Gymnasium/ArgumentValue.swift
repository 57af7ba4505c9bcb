import Foundation

/// What the text of an environment's argument stands for, by one rule:
///
/// - `true`, `false`, `True` and `False` are flags;
/// - digits, with a minus or without and not begun with a needless 0, are an integer of any size;
/// - such digits with a point or an exponent are a float, as `1.0`, `.5` or `1e6`, where a float can hold them;
/// - everything else is text, `007`, `1.2.3`, `nan` and `None` among it.
struct ArgumentValue {
  /// As JSON says it. Kept as text, for numbers of Swift's types have no ends of their own: 1.0 and 2^100.
  let json: String

  init(_ text: String) {
    if text == "true" || text == "True" {
      json = "true"
    } else if text == "false" || text == "False" {
      json = "false"
    } else if text.wholeMatch(of: /-?(0|[1-9][0-9]*)/) != nil {
      json = text
    } else if text.wholeMatch(of: /-?((0|[1-9][0-9]*)?\.[0-9]*|0|[1-9][0-9]*)([eE][+-]?[0-9]+)?/) != nil,
      let number = Double(text), number.isFinite
    {
      json = number.description
    } else {
      json = Self.quoted(text)
    }
  }

  /// Arguments by name, as one JSON object.
  static func object(_ arguments: [String: String]) -> String {
    let members = arguments.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(ArgumentValue($0.value).json)" }
    return "{\(members.joined(separator: ", "))}"
  }

  private static func quoted(_ text: String) -> String {
    guard let json = try? JSONEncoder().encode(text) else { preconditionFailure("every text can be said in JSON") }
    return String(decoding: json, as: UTF8.self)
  }
}
