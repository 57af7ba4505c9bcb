import Algorithms
import Environments
import Foundation
import Returns
import Testing

@testable import Runs

@Suite("Settings")
struct SettingsTests {
  /// Those of every run, and of each algorithm, with a configuration that has them.
  private static let all: [(setting: Setting<RunConfiguration>, owner: RunConfiguration)] = ["popart-impala", "mt-sac"]
    .flatMap { name in
      let catalogue = Catalogue.all
      let settings =
        name == "mt-sac" ? catalogue.algorithm(ofPreset: name)!.runSettings : catalogue.settings(ofPreset: name)
      let owner = try! RunConfiguration(name)
      return settings.map { ($0, owner) }
    }

  /// Whether a setting takes a text.
  private func takes(_ setting: Setting<RunConfiguration>, of owner: RunConfiguration, _ text: String) -> Bool {
    var configuration = owner
    do { try setting.write(text, to: &configuration) } catch { return false }
    // What was taken is written as what is read again.
    let written = setting.read(configuration)
    do { try setting.write(written, to: &configuration) } catch { return false }
    return setting.read(configuration) == written
  }

  /// 10,000 or 2^53 or 2^64 - 1.
  private func number(_ text: Substring) throws -> Decimal {
    let words = text.split(separator: " ")
    guard words[0].hasPrefix("2^") else { return try #require(Decimal(string: String(text.replacing(",", with: "")))) }
    return try pow(2, #require(Int(words[0].dropFirst(2)))) - (words.count == 3 ? 1 : 0)
  }

  @Test("Every setting of whole numbers takes its range, bounds included, and nothing else")
  func wholeNumbers() throws {
    let settings = Self.all.filter { $0.setting.kind.hasPrefix("a whole number") }
    #expect(settings.count >= 20)
    for (setting, owner) in settings {
      let (_, from, to) = try #require(setting.kind.wholeMatch(of: /a whole number from (.*) to (.*)/)).output
      let (low, high) = (try number(from), try number(to))
      for taken in ["\(low)", "\(high)", "\(low + 1)", "\(high - 1)", "+\(high)", "\(low).0", "\(high)0e-1"] {
        #expect(takes(setting, of: owner, taken), "\(setting.name) \(taken)")
      }
      let nonsense = ["", " ", "x", "nan", "inf", "1.5", "15e-1", "1e", "1,000", "0x10", "--1", "٣", "1e400", "-1e400"]
      for refused in ["\(low - 1)", "\(high + 1)", "\(high)00000000000000000000"] + nonsense {
        #expect(!takes(setting, of: owner, refused), "\(setting.name) \(refused)")
      }
    }
  }

  @Test("Every setting of real numbers takes its range, and neither NaN nor what it doesn't name")
  func realNumbers() throws {
    let settings = Self.all.filter { $0.setting.kind.contains("number") && !$0.setting.kind.contains("whole") }
    #expect(settings.count >= 20)
    for (setting, owner) in settings {
      var (taken, refused) = ([String](), ["", "x", "nan", "-nan", "-inf", "1,5", "1e", "--1"])
      func place(_ text: Substring, _ isTaken: Bool) { isTaken ? taken.append("\(text)") : refused.append("\(text)") }
      if let match = setting.kind.wholeMatch(of: /a number in ([\[(])(.*), (.*)([\])])/)?.output {
        place(match.2, match.1 == "[")
        place(match.3, match.4 == "]")
        let (low, high) = (try #require(Double(match.2)), try #require(Double(match.3)))
        taken += ["\(low / 2 + high / 2)", "\(low + 0.001 * (high - low))"]
        refused += ["\(low - 1)", "\(high * 2)", "inf"]
      } else if let match = setting.kind.wholeMatch(of: /a finite number (of at least|above) (.*)/)?.output {
        place(match.2, match.1 == "of at least")
        taken += ["1e-3", "1", "3e38"]
        refused += ["-1e-3", "-1", "inf", "1e400"]
      } else {
        let match = try #require(setting.kind.wholeMatch(of: /a number above (.*), or inf/), "\(setting.kind)").output
        place(match.1, false)
        taken += ["1e-3", "1", "3e38", "inf"]
        refused += ["-1e-3", "-1"]
      }
      for text in taken { #expect(takes(setting, of: owner, text), "\(setting.name) \(text)") }
      for text in refused { #expect(!takes(setting, of: owner, text), "\(setting.name) \(text)") }
    }
  }

  @Test(
    "Whole numbers are read as people write them",
    arguments: [
      ("1e6", 1_000_000), ("5_000_000", 5_000_000), ("2.5e3", 2_500), ("2500e-2", 25), ("+7", 7), ("1E2", 100),
      ("12.", 12), ("007", 7), ("1e19", nil), ("1e3.0", nil), ("1.5", nil), (".", nil), ("e3", nil), ("1 000", nil),
    ] as [(String, Int?)])
  func written(text: String, value: Int?) { #expect(NumberRange<Int>.whole(0...Int.max).read(text) == value) }

  @Test(
    "A range says what it takes",
    arguments: [
      (NumberRange<Int>.whole(1...10_000).kind, "a whole number from 1 to 10,000"),
      (NumberRange<UInt64>.whole(0...UInt64.max).kind, "a whole number from 0 to 2^64 - 1"),
      (NumberRange<Int>.whole(-123_456...1 << 53).kind, "a whole number from -123,456 to 2^53"),
      (NumberRange<Float>.from(0, below: 1).kind, "a number in [0, 1)"),
      (NumberRange<Double>.above(0, to: 0.5).kind, "a number in (0, 0.5]"),
    ])
  func kinds(kind: String, expected: String) { #expect(kind == expected) }

  @Test("Choices and flags take what they list, and nothing else")
  func choices() {
    for (setting, owner) in Self.all where setting.kind.hasPrefix("one of ") || setting.isFlag {
      let words =
        setting.isFlag ? ["true", "false"] : setting.kind.dropFirst(7).split(separator: ", ").map(String.init)
      for word in words { #expect(takes(setting, of: owner, word), "\(setting.name) \(word)") }
      for word in ["", "x", "1", words[0] + " ", words.joined(separator: ", ")] {
        #expect(!takes(setting, of: owner, word), "\(setting.name) \(word)")
      }
    }
  }

  @Test("Lists forgive spaces after commas, and refuse to be commas alone", arguments: ["tasks", "env-module", "wrap"])
  func lists(name: String) throws {
    let setting = try #require(Catalogue.all.runSettings.first { $0.name == name })
    let words = name == "wrap" ? ["time-limit:3", "frame-stack:2"] : ["a", "b"]
    let owner = try RunConfiguration()
    var configuration = owner
    try setting.write(" \(words[0]),  \(words[1]) ,", to: &configuration)
    #expect(setting.read(configuration) == words.joined(separator: ","))
    for text in [",", " ", " , ,"] { #expect(!takes(setting, of: owner, text), "\(name) \"\(text)\"") }
    #expect(takes(setting, of: owner, ""))
  }

  /// Text that files and shells are known to stumble over, and any other.
  private func text(_ numbers: inout SystemRandomNumberGenerator) -> String {
    let known = [
      "a b", "a: b", "#1", "a #b", "[SFFG]", "{1}", "x'y", "\"q\"", "*", "&a", "100%", "|", "end:", "@home", "ü",
      "~/levels",
      "-", "--x", "? y", "!t", "%d", "a,b", "\\", "a\\,", "\\ ", " x ", "\t", "a\nb", "\r\n", "\u{1b}[31m",
      "\u{85}\u{2028}",
      "a\u{feff}", "😀", "e\u{301}", ",\u{301}", "true", "null", "007", "1.0", "1e3", "''", "\"", "=", "a=b", "\u{7f}",
      "\u{ffff}",
    ]
    if Bool.random(using: &numbers) { return known.randomElement(using: &numbers)! }
    return (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
      String((Unicode.Scalar(UInt32.random(in: 1...0x2ff, using: &numbers))!))
    }.joined() + known.randomElement(using: &numbers)!
  }

  @Test("Whatever a configuration says, run.yaml and flags say the same")
  func roundTrip() throws {
    var numbers = SystemRandomNumberGenerator()
    for algorithm in Catalogue.all.presets.map(\.name) {
      for _ in 0..<8 {
        var configuration = try RunConfiguration(algorithm, suite: text(&numbers))
        configuration.tasks = (0..<3).map { _ in text(&numbers) }
        configuration.gymnasium.modules = (0..<2).map { _ in text(&numbers) }
        for _ in 0..<3 {
          let name = text(&numbers).replacing("=", with: "")
          configuration.gymnasium.arguments[name.replacing(/[ ]+$/, with: "")] = text(&numbers).replacing(
            /^[ ]+/, with: "")
        }
        configuration.gymnasium.arguments[""] = nil
        configuration.wrappers = [.rewardScale(.random(in: 1e-30...1e30)), .rewardClip(low: -.pi, high: 1e-8)]
        configuration.seed = .random(in: 0...UInt64.max)
        if configuration.type == IMPALA.self {
          configuration[IMPALA.self].learningRate = .random(in: 0...1)
          if configuration[IMPALA.self].values == .popArt {
            configuration[IMPALA.self].popArt.beta = .random(in: 0..<1)
          }
          configuration[IMPALA.self].gradientNorm = .infinity
        }
        let yaml = configuration.yaml
        #expect(try RunConfiguration.resolve(file: (yaml, "run.yaml"), flags: []).yaml.utf8.elementsEqual(yaml.utf8))
        let read = try RunConfiguration.resolve(file: (yaml, "run.yaml"), flags: [], cores: 7)
        let flags = configuration.settings.map { ($0.name, $0.read(configuration)) }
        let told = try RunConfiguration.resolve(flags: flags)
        for again in [read, told] {
          #expect(again.yaml == configuration.yaml && again.suiteOptions == configuration.suiteOptions, "\(yaml)")
          #expect(again.tasks.map { Array($0.utf8) } == configuration.tasks.map { Array($0.utf8) })
        }
        #expect(
          !yaml.utf8.contains { $0 < 32 && $0 != 10 } && yaml.count { $0 == "\n" } == configuration.settings.count)
      }
    }
  }

  @Test("An arm's name is one line whose words are settings, whatever values say")
  func arms() throws {
    var configuration = try RunConfiguration.resolve(flags: [("suite", "gymnasium:A-v0")])
    configuration.gymnasium.arguments = ["a": "b c\td\n50%"]
    #expect(configuration.arm == "popart-impala env-arg=a=b%20c%9d%a50%25")
  }

  @Test(
    "run.yaml quotes what YAML would read as something else",
    arguments: [
      ("arcade", "arcade"), ("gymnasium:CartPole-v1", "gymnasium:CartPole-v1"), ("frame-stack:2", "frame-stack:2"),
      ("off", "\"off\""), ("007", "\"007\""), ("", "\"\""), ("a: b", "\"a: b\""), ("a:", "\"a:\""),
      ("ü\n", "\"ü\\U0000000a\""),
      ("value=a", "value=a"), ("x=[1]", "\"x=[1]\""), ("a\"\\", "\"a\\\"\\\\\""),
    ])
  func quotes(text: String, yaml: String) { #expect(YAMLText.quoted(text) == yaml) }

  @Test("Lists in a file are words as they stand, or one text as a flag holds it")
  func listsInFiles() throws {
    func arguments(_ yaml: String) throws -> [String: String] {
      try RunConfiguration.resolve(file: (yaml, "x.yaml"), flags: []).gymnasium.arguments
    }
    #expect(try arguments("env-arg: ['a=1,2', b=]") == ["a": "1,2", "b": ""])
    #expect(try arguments("env-arg: 'length = 5,b =  a = b\\ '") == ["length": "5", "b": "a = b "])
    #expect(throws: ConfigurationError.self) { try arguments("env-arg: [' =1']") }
    #expect(try arguments("env-arg: a=1\\,2, b=x y") == ["a": "1,2", "b": "x y"])
    #expect(try arguments("env-arg: 'a=C:\\dir'") == ["a": "C:\\dir"])
    #expect(throws: ConfigurationError.self) { try arguments("env-arg: [a]") }
    #expect(throws: ConfigurationError.self) { try arguments("env-arg: ['=1']") }
  }

  @Test(
    "Two settings that must have an order are refused by both names",
    arguments: [
      ("popart-impala", ["c-bar": "2"], "rho-bar"), ("popart-impala", ["rho-bar": "0.5"], "c-bar"),
      ("popart-impala", ["popart-upper-bound": "1e-5"], "popart-lower-bound is"),
      ("mt-sac", ["replay": "3"], "batch is"),
      ("mt-sac", ["warm-up": "1e9"], "replay"),
    ])
  func order(algorithm: String, flags: [String: String], words: String) {
    do {
      _ = try RunConfiguration.resolve(
        flags: [("algorithm", algorithm)] + flags.map { (name: $0.key, value: $0.value) })
      Issue.record("\(flags) was taken")
    } catch { #expect("\(error)".contains("must be at most") && "\(error)".contains(words), "\(error)") }
  }
}
