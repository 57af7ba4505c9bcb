import Environments

/// One named setting: a flag of the tool, a field of run.yaml, and a line of `--print-config`. What it is by default,
/// the value that it belongs to says: hyperparameters of an algorithm, or a run.
public struct Setting<Owner>: Sendable {
  public let name: String
  public let help: String
  public let read: @Sendable (Owner) -> String
  /// Sets the value from text; false where the setting doesn't take it, an error where more can be said.
  private let assign: @Sendable (inout Owner, String) throws -> Bool
  /// What text is taken, with its range.
  public let kind: String
  /// How run.yaml holds it.
  public let form: SettingForm
  /// All that it takes, where these are few words.
  public private(set) var choices: [String] = []
  /// Another setting, with the values of it at which this one is read; nil where it always is.
  public private(set) var condition: (setting: String, values: [String], holds: @Sendable (Owner) -> Bool)?
  /// A setting whose number must not be below this one's, where a run has both.
  public private(set) var upperBound: String?
  /// Whether the defaults of other settings follow from it.
  public private(set) var decidesDefaults = false
  /// Whether any bit of the weights depends on it; what decides none may change between starts of a run.
  public private(set) var decidesBits = true

  public var isFlag: Bool { form == .flag }
  public var isList: Bool { form == .list }

  public init<Value>(
    _ name: String, _ path: any (WritableKeyPath<Owner, Value> & Sendable), _ form: SettingForm, kind: String,
    _ help: String, format: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) throws -> Value?
  ) {
    (self.name, self.form, self.kind, self.help) = (name, form, kind, help)
    read = { format($0[keyPath: path]) }
    assign = { owner, text in
      guard let value = try parse(text) else { return false }
      owner[keyPath: path] = value
      return true
    }
  }

  /// Sets the value from text.
  /// - Throws: `ConfigurationError.badValue`, or what says more.
  public func write(_ text: String, to owner: inout Owner) throws {
    guard try assign(&owner, text) else {
      throw ConfigurationError.badValue(
        setting: name, value: text, kind: kind, nearest: nearest(to: text, among: choices))
    }
  }

  /// Whether what it says has a meaning for `owner`.
  public func isRead(by owner: Owner) -> Bool { condition?.holds(owner) ?? true }

  // MARK: Declarations

  public static func integer<Value: FixedWidthInteger & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<Owner, Value> & Sendable), _ range: ClosedRange<Value>, _ help: String
  ) -> Setting {
    let range = NumberRange.whole(range)
    return Setting(name, path, .number, kind: range.kind, help, format: { String($0) }, parse: { range.read($0) })
  }

  public static func real<Value: BinaryFloatingPoint & LosslessStringConvertible & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<Owner, Value> & Sendable), _ range: NumberRange<Value>, _ help: String
  ) -> Setting {
    Setting(name, path, .number, kind: range.kind, help, format: { $0.description }, parse: { range.read($0) })
  }

  public static func flag(
    _ name: String, _ path: any (WritableKeyPath<Owner, Bool> & Sendable), _ help: String
  ) -> Setting {
    Setting(name, path, .flag, kind: "true or false", help) {
      String($0)
    } parse: {
      Bool($0.lowercased())
    }
  }

  public static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ path: any (WritableKeyPath<Owner, Value> & Sendable), _ help: String
  ) -> Setting where Value.RawValue == String {
    choice(name, path, among: Value.allCases.map(\.rawValue), help) {
      $0.rawValue
    } parse: {
      Value(rawValue: $0)
    }
  }

  public static func choice<Value>(
    _ name: String, _ path: any (WritableKeyPath<Owner, Value> & Sendable), among choices: [String], _ help: String,
    format: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) -> Value?
  ) -> Setting {
    var setting = Setting(
      name, path, .text, kind: "one of \(choices.joined(separator: ", "))", help, format: format, parse: parse)
    setting.choices = choices
    return setting
  }

  /// - Parameters:
  ///   - format: The words of a value.
  ///   - parse: The value that words say; nil where they say none.
  public static func list<Value>(
    _ name: String, _ path: any (WritableKeyPath<Owner, Value> & Sendable), kind: String, _ help: String,
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

  /// The same setting, which has a meaning only where the setting `name` is one of these.
  public func read<Value: RawRepresentable & Equatable & Sendable>(
    with name: String, _ path: any (KeyPath<Owner, Value> & Sendable), _ values: [Value]
  ) -> Setting where Value.RawValue == String {
    var setting = self
    setting.condition = (name, values.map(\.rawValue), { values.contains($0[keyPath: path]) })
    return setting
  }

  /// The same setting, whose number must not be above that of the setting `name`.
  public func atMost(_ name: String) -> Setting {
    var setting = self
    setting.upperBound = name
    return setting
  }

  /// The same setting, which chooses the defaults of others.
  public func choosingDefaults() -> Setting {
    var setting = self
    setting.decidesDefaults = true
    return setting
  }

  /// The same setting, on which no bit of the weights depends.
  public func decidingNoBits() -> Setting {
    var setting = self
    setting.decidesBits = false
    return setting
  }

  // MARK: Owners

  /// The same setting of a value that holds its owner.
  public func within<Whole>(_ path: any (WritableKeyPath<Whole, Owner> & Sendable)) -> Setting<Whole> {
    within(get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 })
  }

  func within<Whole>(
    get: @escaping @Sendable (Whole) -> Owner, set: @escaping @Sendable (inout Whole, Owner) -> Void
  ) -> Setting<Whole> {
    let (read, assign) = (read, assign)
    var whole = Setting<Whole>(name: name, help: help, kind: kind, form: form) {
      read(get($0))
    } assign: { whole, text in
      var owner = get(whole)
      guard try assign(&owner, text) else { return false }
      set(&whole, owner)
      return true
    }
    (whole.choices, whole.upperBound) = (choices, upperBound)
    (whole.decidesDefaults, whole.decidesBits) = (decidesDefaults, decidesBits)
    if let condition { whole.condition = (condition.setting, condition.values, { condition.holds(get($0)) }) }
    return whole
  }

  private init(
    name: String, help: String, kind: String, form: SettingForm, read: @escaping @Sendable (Owner) -> String,
    assign: @escaping @Sendable (inout Owner, String) throws -> Bool
  ) {
    (self.name, self.help, self.kind, self.form, self.read, self.assign) = (name, help, kind, form, read, assign)
  }
}

/// How run.yaml holds a setting.
public enum SettingForm: Sendable { case flag, number, text, list }
