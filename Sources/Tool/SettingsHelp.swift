import Polymath

/// What `train --help` says of settings: of each its range and default, wrapped as the rest of the help is.
enum SettingsHelp {
  static var text: String {
    let catalogue = Command.catalogue
    // A preset of the catalogue has its defaults.
    let first = catalogue.algorithms.map { try! RunConfiguration($0.firstPreset, in: catalogue) }
    let introduction =
      "Each setting is also a line of run.yaml, and of a file for --config. Defaults are those of "
      + first.map { "\($0.algorithm) on \($0.suite)" }.joined(separator: ", and of ")
      + " for the algorithm's own settings; --print-config shows those of others. 5e6 and 5_000_000 are whole numbers, too. "
      + "Lists are separated by commas; a backslash before a comma makes it a part of a word. Lists given twice add up; of "
      + "other settings the last one counts."
    return wrapped(introduction, to: columns).joined(separator: "\n")
      + section("SETTINGS", catalogue.runSettings, first[0])
      + zip(catalogue.algorithms, first).map {
        section("SETTINGS OF \($0.title.uppercased())'S ALGORITHMS", $0.runSettings, $1)
      }.joined()
  }

  /// Settings under a title, each with its default.
  static func section<Owner>(_ title: String, _ settings: [Setting<Owner>], _ defaults: Owner) -> String {
    "\n\n\(title):\n" + settings.map { lines(of: $0, defaults) }.joined(separator: "\n")
  }

  /// One less than there are: the rest of the help is wrapped so.
  private static let columns = min(terminalSize().columns, 100) - 1
  /// Where explanations begin, as in the rest of the help.
  private static let indent = 26

  private static func lines<Owner>(of setting: Setting<Owner>, _ defaults: Owner) -> String {
    let value = setting.name == "threads" && defaults is RunConfiguration ? "all cores" : setting.read(defaults)
    let label = "  --\(setting.name)" + (setting.isFlag ? " [true|false]" : " \(word(setting))")
    // What a flag and a list take is told by their names.
    let kind = setting.isFlag || setting.isList ? "" : "; \(setting.kind)"
    let text = setting.help + kind + (value.isEmpty ? "" : " (default: \(value))")
    let lines = wrapped(text, to: columns - indent).map { String(repeating: " ", count: indent) + $0 }
    guard label.count < indent else { return ([label] + lines).joined(separator: "\n") }
    return ([label + lines[0].dropFirst(label.count)] + lines.dropFirst()).joined(separator: "\n")
  }

  private static func word<Owner>(_ setting: Setting<Owner>) -> String {
    setting.isList ? "A,B" : setting.kind.contains("number") ? "N" : "NAME"
  }
}

extension Algorithm {
  fileprivate static var firstPreset: String { presets[0].name }
}
