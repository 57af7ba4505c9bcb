import Foundation
import Testing

@testable import Runs

@Suite("Settings")
struct SettingsTests {
  /// Whether a setting takes a text.
  private func takes(_ setting: Setting, _ text: String) -> Bool {
    var configuration = RunConfiguration()
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
    let settings = Setting.everyFamily.filter { $0.kind.hasPrefix("a whole number") }
    #expect(settings.count >= 20)
    for setting in settings {
      let (_, from, to) = try #require(setting.kind.wholeMatch(of: /a whole number from (.*) to (.*)/)).output
      let (low, high) = (try number(from), try number(to))
      for taken in ["\(low)", "\(high)", "\(low + 1)", "\(high - 1)", "+\(high)", "\(low).0", "\(high)0e-1"] {
        #expect(takes(setting, taken), "\(setting.name) \(taken)")
      }
      let nonsense = ["", " ", "x", "nan", "inf", "1.5", "15e-1", "1e", "1,000", "0x10", "--1", "٣", "1e400", "-1e400"]
      for refused in ["\(low - 1)", "\(high + 1)", "\(high)00000000000000000000"] + nonsense {
        #expect(!takes(setting, refused), "\(setting.name) \(refused)")
      }
    }
  }

  @Test("Every setting of real numbers takes its range, and neither NaN nor what it doesn't name")
  func realNumbers() throws {
    let settings = Setting.everyFamily.filter { $0.kind.contains("number") && !$0.kind.contains("whole") }
    #expect(settings.count >= 20)
    for setting in settings {
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
      for text in taken { #expect(takes(setting, text), "\(setting.name) \(text)") }
      for text in refused { #expect(!takes(setting, text), "\(setting.name) \(text)") }
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
      (NumberRange<Int>.whole(-1_234_567...1 << 53).kind, "a whole number from -1,234,567 to 2^53"),
      (NumberRange<Float>.from(0, below: 1).kind, "a number in [0, 1)"),
      (NumberRange<Double>.above(0, to: 0.5).kind, "a number in (0, 0.5]"),
    ])
  func kinds(kind: String, expected: String) { #expect(kind == expected) }

  @Test("Choices and flags take what they list, and nothing else")
  func choices() {
    for setting in Setting.everyFamily where setting.kind.hasPrefix("one of ") || setting.isFlag {
      let words =
        setting.isFlag ? ["true", "false"] : setting.kind.dropFirst(7).split(separator: ", ").map(String.init)
      for word in words { #expect(takes(setting, word), "\(setting.name) \(word)") }
      for word in ["", "x", "1", words[0] + " ", words.joined(separator: ", ")] {
        #expect(!takes(setting, word), "\(setting.name) \(word)")
      }
    }
  }

  @Test("Lists forgive spaces after commas, and refuse to be commas alone", arguments: ["tasks", "env-module", "wrap"])
  func lists(name: String) throws {
    let setting = try #require(Setting.run.first { $0.name == name })
    let words = name == "wrap" ? ["time-limit:3", "frame-stack:2"] : ["a", "b"]
    var configuration = RunConfiguration()
    try setting.write(" \(words[0]),  \(words[1]) ,", to: &configuration)
    #expect(setting.read(configuration) == words.joined(separator: ","))
    for text in [",", " ", " , ,"] { #expect(!takes(setting, text), "\(name) \"\(text)\"") }
    #expect(takes(setting, ""))
  }

  @Test(
    "Two settings that must have an order are refused by both names",
    arguments: [
      ("popart-impala", ["c-bar": "2"], "rho-bar"), ("popart-impala", ["rho-bar": "0.5"], "c-bar"),
      ("impala", ["popart-upper-bound": "1e-5"], "popart-lower-bound is"), ("mt-sac", ["replay": "3"], "batch is"),
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
