import Algorithms
import Environments
import Layers
import Returns

/// One named setting of a run: a flag of the tool, a field of run.yaml, and a line of `--print-config`. Its default comes
/// from the preset.
public struct Setting: Sendable {
  public let name: String
  public let help: String
  public let read: @Sendable (RunConfiguration) -> String
  /// Sets the value from text; false where the setting doesn't take it, an error where more can be said.
  private let assign: @Sendable (inout RunConfiguration, String) throws -> Bool
  /// What text is taken, with its range.
  public let kind: String
  /// How run.yaml holds it.
  let form: Form
  /// The networks of SAC that read it; nil where all do.
  private(set) var networks: [TaskNetworkKind]?
  public var isFlag: Bool { form == .flag }
  public var isList: Bool { form == .list }
  /// All that it takes, where these are few words.
  private(set) var choices: [String] = []

  enum Form { case flag, number, text, list }

  init<Value>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ form: Form, kind: String,
    _ help: String, format: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) throws -> Value?
  ) {
    (self.name, self.form, self.kind, self.help) = (name, form, kind, help)
    read = { format($0[keyPath: path]) }
    assign = { configuration, text in
      guard let value = try parse(text) else { return false }
      configuration[keyPath: path] = value
      return true
    }
  }

  /// Sets the value from text.
  /// - Throws: `ConfigurationError.badValue`, or what says more.
  func write(_ text: String, to configuration: inout RunConfiguration) throws {
    guard try assign(&configuration, text) else {
      throw ConfigurationError.badValue(
        setting: name, value: text, kind: kind, nearest: nearest(to: text, among: choices))
    }
  }

  static func integer<Value: FixedWidthInteger & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ range: ClosedRange<Value>,
    _ help: String
  ) -> Setting {
    let range = NumberRange.whole(range)
    return Setting(name, path, .number, kind: range.kind, help, format: { String($0) }, parse: { range.read($0) })
  }

  static func real<Value: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ range: NumberRange<Value>,
    _ help: String
  ) -> Setting {
    Setting(name, path, .number, kind: range.kind, help, format: { $0.description }, parse: { range.read($0) })
  }

  static func flag(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Bool> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, .flag, kind: "true or false", help) {
      String($0)
    } parse: {
      Bool($0.lowercased())
    }
  }

  static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting where Value.RawValue == String {
    choice(name, path, among: Value.allCases.map(\.rawValue), help) {
      $0.rawValue
    } parse: {
      Value(rawValue: $0)
    }
  }

  static func choice<Value>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), among choices: [String],
    _ help: String, format: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) -> Value?
  ) -> Setting {
    var setting = Setting(
      name, path, .text, kind: "one of \(choices.joined(separator: ", "))", help, format: format, parse: parse)
    setting.choices = choices
    return setting
  }

  /// - Parameters:
  ///   - format: The words of a value.
  ///   - parse: The value that words say; nil where they say none.
  static func list<Value>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), kind: String, _ help: String,
    format: @escaping @Sendable (Value) -> [String],
    parse: @escaping @Sendable ([String]) throws -> Value?
  ) -> Setting {
    Setting(name, path, .list, kind: kind, help) {
      WordList.joined(format($0))
    } parse: { text in
      let words = WordList.split(text)
      return words.isEmpty && !text.isEmpty ? nil : try parse(words)
    }
  }

  /// Its line of run.yaml.
  func yaml(_ configuration: RunConfiguration) -> String {
    let text = read(configuration)
    return switch form {
    case .flag, .number: "\(name): \(text)\n"
    case .text: "\(name): \(YAMLText.quoted(text))\n"
    case .list: "\(name): [\(WordList.split(text).map(YAMLText.quoted).joined(separator: ", "))]\n"
    }
  }

  /// The same setting, which of SAC's networks only these read.
  func read(by networks: TaskNetworkKind...) -> Setting {
    var setting = self
    setting.networks = networks
    return setting
  }

  public static var everyFamily: [Setting] { run + impala + sac }

  /// The settings of a family's runs, in the order in which they are printed.
  public static func all(_ family: Preset.Family) -> [Setting] {
    run + (family == .impala ? impala : sac)
  }

  /// The setting of this name.
  /// - Throws: `ConfigurationError.unknownSetting` with the nearest name, or with the algorithms that have it.
  static func named(_ name: String, _ family: Preset.Family) throws(ConfigurationError) -> Setting {
    if let setting = all(family).first(where: { $0.name == name }) { return setting }
    if let other = Preset.Family.allCases.first(where: { all($0).contains { $0.name == name } }) {
      throw .foreignSetting(name, of: Preset.allCases.filter { $0.family == other }.map(\.rawValue))
    }
    throw .unknownSetting(name, family)
  }
}
