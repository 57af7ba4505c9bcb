import Algorithms
import Foundation
import Yams

extension RunConfiguration {
  /// Those that its algorithm has and that are read at the values of others.
  public var settings: [Setting<RunConfiguration>] {
    catalogue.settings(ofPreset: algorithm).filter { $0.isRead(by: self) }
  }

  /// The preset's configuration for these tasks, with the choices from which defaults follow.
  var defaults: RunConfiguration {
    get throws {
      let choices = settings.filter(\.decidesDefaults).map { ($0.name, $0.read(self)) }
      return try RunConfiguration(algorithm, suite: suite, tasks: tasks, choices: choices, in: catalogue)
    }
  }

  /// The configuration that a file and flags describe: the preset's defaults, then the file, then the flags.
  ///
  /// - Parameters:
  ///   - file: Text of a YAML mapping of settings, and its path for messages.
  ///   - flags: Names and values, later ones win.
  ///   - catalogue: Algorithms and suites that there are.
  public static func resolve(
    file: (text: String, path: String)? = nil, flags: [(name: String, value: String)], cores: Int = 1,
    in catalogue: Catalogue = .all
  ) throws -> RunConfiguration {
    let settings = try file.map { try Self.settings(in: $0.text, path: $0.path, of: catalogue) } ?? []
    let given = settings + flags
    let named = Dictionary(given.map { ($0.name, $0.value) }) { $1 }
    let preset = named["algorithm"] ?? catalogue.presets[0].name
    let own = catalogue.settings(ofPreset: preset)
    if catalogue.algorithm(ofPreset: preset) != nil {
      for (name, _) in given where !own.contains(where: { $0.name == name }) {
        throw catalogue.refusal(of: name, preset: preset)
      }
    }
    var configuration = try RunConfiguration(
      preset, suite: named["suite"], tasks: WordList.split(named["tasks"] ?? ""), choices: given, in: catalogue)
    configuration.threads = cores
    for (name, value) in given {
      try own.first { $0.name == name }?.write(value, to: &configuration)
    }
    let usual = try configuration.defaults
    for setting in own where !setting.isRead(by: configuration) {
      // A file may have all settings, as those of earlier versions have.
      let isChosen =
        flags.contains { $0.name == setting.name } || setting.read(configuration) != setting.read(usual)
      if isChosen { throw ConfigurationError.unread(setting, by: configuration, among: own) }
    }
    try configuration.checkOrder()
    return configuration
  }

  /// All settings as YAML, one a line, as `run.yaml` holds them.
  public var yaml: String {
    settings.map { $0.yaml(self) }.joined()
  }

  /// The settings that a YAML mapping names, in its order.
  public static func settings(
    in text: String, path: String, of catalogue: Catalogue = .all
  ) throws -> [(name: String, value: String)] {
    let everySetting = catalogue.everySetting
    let node: Node?
    do { node = try Yams.compose(yaml: text) } catch {
      throw ConfigurationError.badFile(path: path, reason: "\(error)".split(separator: "\n").joined(separator: " "))
    }
    guard let node else { return [] }
    guard let mapping = node.mapping else {
      throw ConfigurationError.badFile(path: path, reason: "it must be lines of the form `setting: value`")
    }
    return try mapping.map { key, value in
      guard let name = key.scalar?.string else {
        throw ConfigurationError.badFile(path: path, reason: "a setting's name must be a word")
      }
      if let scalar = value.scalar { return (name, scalar.string) }
      let isList = everySetting.contains { $0.name == name && $0.isList }
      if isList, let words = value.sequence?.compactMap({ $0.scalar?.string }), words.count == value.sequence?.count {
        return (name, WordList.joined(words))
      }
      throw ConfigurationError.badFile(
        path: path, reason: "the value of \(name) must be \(isList ? "a list of words" : "one word or number")")
    }
  }

  private func checkOrder() throws(ConfigurationError) {
    let texts = Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.read(self)) })
    for low in settings {
      guard let high = low.upperBound, let less = texts[low.name], let more = texts[high] else { continue }
      if !(Double(less)! <= Double(more)!) { throw .wrongOrder(low: low.name, less, high: high, more) }
    }
  }
}

extension ConfigurationError {
  /// Why a setting means nothing: the value of the one that it depends on.
  fileprivate static func unread(
    _ setting: Setting<RunConfiguration>, by run: RunConfiguration, among settings: [Setting<RunConfiguration>]
  ) -> ConfigurationError {
    guard let (other, values, _) = setting.condition else { preconditionFailure("it is read everywhere") }
    return .unreadSetting(
      setting.name, other: other, value: settings.first { $0.name == other }?.read(run) ?? "",
      reads: settings.filter { $0.condition?.setting == other && $0.isRead(by: run) }.map(\.name), readAt: values)
  }
}

extension Setting {
  /// Its line of run.yaml.
  func yaml(_ owner: Owner) -> String {
    let text = read(owner)
    return switch form {
    case .flag, .number: "\(name): \(text)\n"
    case .text: "\(name): \(YAMLText.quoted(text))\n"
    case .list: "\(name): [\(WordList.split(text).map(YAMLText.quoted).joined(separator: ", "))]\n"
    }
  }
}
