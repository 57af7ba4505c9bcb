import Algorithms
import Environments
import Layers
import Returns

/// One named setting of a run: a flag of the tool, a field of run.yaml, and a line of `--print-config`.
public struct Setting: Sendable {
  public let name: String
  public let help: String
  public let read: @Sendable (RunConfiguration) -> String
  /// Sets the value from text; false where the text is not of the setting's kind, an error where more can be said.
  let write: @Sendable (inout RunConfiguration, String) throws -> Bool
  /// What kind of text is taken.
  public let kind: String
  /// The networks of SAC that read it; nil where all do.
  private(set) var networks: [TaskNetworkKind]?
  /// Whether that is true or false.
  public var isFlag: Bool { kind == Self.flagKind }
  /// Whether that is several words.
  var isList: Bool { kind.hasPrefix("list") }
  static let flagKind = "true or false"

  init<Value>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), kind: String, _ help: String,
    format: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) throws -> Value?
  ) {
    (self.name, self.help, self.kind) = (name, help, kind)
    read = { format($0[keyPath: path]) }
    write = { configuration, text in
      guard let value = try parse(text) else { return false }
      configuration[keyPath: path] = value
      return true
    }
  }

  static func integer<Value: FixedWidthInteger & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, kind: Value.isSigned ? "a whole number" : "a whole number from 0 on", help) {
      String($0)
    } parse: {
      Value($0.replacing("_", with: ""))
    }
  }

  static func real<Value: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, kind: "number", help) {
      $0.description
    } parse: { text in
      Value(text).flatMap { $0.isNaN ? nil : $0 }
    }
  }

  static func flag(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Bool> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, kind: flagKind, help) {
      String($0)
    } parse: {
      Bool($0)
    }
  }

  static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<RunConfiguration, Value> & Sendable), _ help: String
  ) -> Setting where Value.RawValue == String {
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    return Setting(name, path, kind: "one of \(names)", help) {
      $0.rawValue
    } parse: {
      Value(rawValue: $0)
    }
  }

  /// The words of a list.
  static func words(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingPrefix(" ").description }
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
    throw .unknownSetting(name, all(family).map(\.name))
  }
}
