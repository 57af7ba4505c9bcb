import Polymath

/// What `train --help` says of settings: of each its range and default, wrapped as the rest of the help is.
enum SettingsHelp {
  static var text: String {
    let (impala, sac) = (Preset.popArtIMPALA, Preset.softModularization)
    let (suite, planar) = (impala.defaultSuite, sac.defaultSuite)
    let groups = [
      ("SETTINGS", Setting.run, impala.configuration(suite: suite)),
      ("SETTINGS OF IMPALA'S ALGORITHMS", Setting.impala, impala.configuration(suite: suite)),
      ("SETTINGS OF SAC'S ALGORITHMS", Setting.sac, sac.configuration(suite: planar)),
    ]
    let introduction =
      "Each setting is also a line of run.yaml, and of a file for --config. Defaults are those of "
      + "\(impala.rawValue) on \(suite), and of \(sac.rawValue) on \(planar) for SAC's; --print-config shows "
      + "those of others. 5e6 and 5_000_000 are whole numbers, too. Lists are separated by commas; a backslash before a "
      + "comma makes it a part of a word. Lists given twice add up; of other settings the last one counts."
    return wrapped(introduction, to: columns).joined(separator: "\n")
      + groups.map { title, settings, defaults in
        "\n\n\(title):\n" + settings.map { lines(of: $0, defaults) }.joined(separator: "\n")
      }.joined()
  }

  /// One less than there are: the rest of the help is wrapped so.
  private static let columns = min(terminalSize().columns, 100) - 1
  /// Where explanations begin, as in the rest of the help.
  private static let indent = 26

  private static func lines(of setting: Setting, _ defaults: RunConfiguration) -> String {
    let value = setting.name == "threads" ? "all cores" : setting.read(defaults)
    let label = "  --\(setting.name)" + (setting.isFlag ? "" : " \(word(setting))")
    // What a flag and a list take is told by their names.
    let kind = setting.isFlag || setting.isList ? "" : "; \(setting.kind)"
    let text = setting.help + kind + (value.isEmpty ? "" : " (default: \(value))")
    let lines = wrapped(text, to: columns - indent).map { String(repeating: " ", count: indent) + $0 }
    guard label.count < indent else { return ([label] + lines).joined(separator: "\n") }
    return ([label + lines[0].dropFirst(label.count)] + lines.dropFirst()).joined(separator: "\n")
  }

  private static func word(_ setting: Setting) -> String {
    setting.isList ? "A,B" : setting.kind.contains("number") ? "N" : "NAME"
  }
}
