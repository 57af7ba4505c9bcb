import ArgumentParser
import Foundation
import Polymath

/// A command whose options are settings: they are declared elsewhere, and ArgumentParser doesn't know them.
protocol SettingsCommand: ParsableCommand {
  static var settingNames: [String] { get }
}

/// Settings on a command line: `--name value`, `--name=value`, or `--name` for true. Lists of one name add up.
enum SettingWords {
  static func parse<Owner>(_ words: [String], among settings: [Setting<Owner>]) throws -> [(
    name: String, value: String
  )] {
    var flags: [(name: String, value: String)] = []
    func add(_ name: String, _ value: String) {
      let isList = settings.contains { $0.name == name && $0.isList }
      if isList, let place = flags.firstIndex(where: { $0.name == name }) {
        flags[place].value += "," + value
      } else {
        flags.append((name, value))
      }
    }
    var rest = words[...]
    while let word = rest.popFirst() {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      guard word.hasPrefix("--"), !parts[0].isEmpty else { throw ValidationError(stray(word)) }
      if parts.count == 2 {
        add(parts[0], parts[1])
      } else if let value = rest.first, !value.hasPrefix("--") {
        add(parts[0], rest.removeFirst())
      } else if let setting = settings.first(where: { $0.name == parts[0] }), !setting.isFlag {
        throw ValidationError("\(word) needs a value, \(setting.kind): \(word) VALUE")
      } else {
        add(parts[0], "true")
      }
    }
    return flags
  }

  private static func stray(_ word: String) -> String {
    let isRun = FileManager.default.fileExists(atPath: RunDirectory(path: word).configuration)
    let option = isRun ? "--out" : Command.catalogue.suites.names.contains(word) ? "--suite" : nil
    let meaning = option.map { ": did you mean \($0) \(word)?" } ?? ": settings are given as --name value"
    return "unexpected \(word.debugDescription)\(meaning)"
  }
}
