import ArgumentParser
import Foundation
import Polymath

/// What the tool says where a command can't be read or carried out: one line, with what was probably meant.
enum Complaint {
  /// Says an error and ends the process; a request for help is answered.
  static func end(_ error: any Error, _ words: [String]) -> Never {
    Interruption.waitWhereLeaving()
    let status = Command.exitCode(for: error)
    if status.isSuccess || error is ExitCode { Command.exit(withError: error) }
    var message = Command.message(for: error) + (remedy(of: error) ?? "")
    // Whatever else is wrong may follow from an option that was not understood.
    if status == .validationFailure, let unknown = unknownOption(words) { message = unknown }
    // Only what a worker printed has several lines.
    if case EnvironmentError.workerFailed = error {} else { message = message.replacing(/\s*\n\s*/, with: " ") }
    Output.complain("Error: \(wrapped(message.printableLines()))\n")
    Command.exit(withError: status)
  }

  /// The command that mends what an error says, to be put behind its message; nil where that says all.
  static func remedy(of error: any Error) -> String? {
    // The first that a suite needs tells which it is.
    func target(_ packages: [String]) -> String? {
      [("metaworld", "metaworld"), ("MinAtar", "minatar"), ("ale-py", "gymnasium"), ("gymnasium", "gymnasium")]
        .first { packages.contains($0.0) }?.1
    }
    if case RunError.unfinished(let path, _, _) = error {
      return ": go on with \(Shell.command("train", "--resume", "--out", Shell.folder(path)))"
    }
    switch error as? EnvironmentError {
    case .pythonMissing(_, let packages): return target(packages).map { ", or run `make \($0)`" }
    case .packageMissing(_, _, let packages, let python):
      if packages.isEmpty { return nil }
      let pip = "\(Shell.quoted(python)) -m pip install \(packages.joined(separator: " "))"
      return ": run `\(target(packages).map { "make \($0)" } ?? pip)`"
    default: return nil
    }
  }

  /// Words of a command line in which no space parts a list: `--tasks a, b` is `--tasks a,b`.
  static func joinLists(_ words: [String]) -> [String] {
    words.reduce(into: []) { joined, word in
      if let last = joined.last, last.hasSuffix(",") || word.hasPrefix(","), !word.hasPrefix("-"),
        !last.hasPrefix("-") || last.contains("=")
      {
        joined[joined.count - 1] += word
      } else {
        joined.append(word)
      }
    }
  }

  /// The commands that words name, from the tool itself down to the one that is called.
  /// - Throws: `ValidationError` where there is none of a name.
  @discardableResult
  static func commands(of words: [String]) throws -> [any ParsableCommand.Type] {
    var path: [any ParsableCommand.Type] = [Command.self]
    for word in words {
      let commands = path.last!.configuration.subcommands
      if commands.isEmpty || word.hasPrefix("-") || word == "help" { break }
      guard let next = commands.first(where: { $0._commandName == word }) else {
        let names = commands.map { $0._commandName }
        let meant = nearest(to: word, among: names).map { ": did you mean \($0)?" } ?? ""
        throw ValidationError(
          "there is no command \(word.debugDescription)\(meant) (there are \(names.joined(separator: ", ")))")
      }
      path.append(next)
    }
    return path + (path.last!.configuration.defaultSubcommand.map { [$0] } ?? [])
  }

  /// What is said of the first option that the command doesn't have; nil where it has all.
  static func unknownOption(_ words: [String]) -> String? {
    guard let path = try? commands(of: words), let command = path.last else { return nil }
    let known = options(of: command) + settings(of: command)
    let given = words.prefix { $0 != "--" }.compactMap { $0.prefixMatch(of: /--([^=]+)/).map { String($0.1) } }
    guard let option = given.first(where: { !known.contains($0) }) else { return nil }
    let names = path.dropFirst().map { $0._commandName }
    let subject = names.isEmpty ? Command._commandName : names.joined(separator: " ")
    let everything = " (\(([Shell.program] + names).joined(separator: " ")) --help lists all)"
    return "\(subject) has no option --\(option)\(meaning(of: option, in: command, words) ?? everything)"
  }

  /// What an option that a command doesn't have may mean; nil where nobody can tell.
  private static func meaning(of option: String, in command: any ParsableCommand.Type, _ words: [String]) -> String? {
    let options = options(of: command)
    func hint(_ find: ([String]) -> String?) -> String? {
      (command == Train.self
        ? Command.catalogue.hint(preset(in: words), options: options, find)
        : find(options + settings(of: command))).map { ": did you mean --\($0)?" }
    }
    if let synonym = hint({ SettingSynonyms.meaning(of: option, among: $0) }) { return synonym }
    let others = Command.configuration.subcommands.filter {
      $0 != command
        && (Self.options(of: $0).contains(option) || settings(of: $0).contains(option))
    }
    if !others.isEmpty {
      return ": it is an option of " + others.map { $0._commandName }.joined(separator: ", ")
    }
    return hint { nearest(to: option, among: $0) }
  }

  /// Names of a command's settings, without dashes.
  private static func settings(of command: any ParsableCommand.Type) -> [String] {
    (command as? any SettingsCommand.Type)?.settingNames ?? []
  }

  /// The algorithm that words name last; the default where they name none.
  private static func preset(in words: [String]) -> String {
    let pairs = zip(words, words.dropFirst() + [""])
    let names = pairs.compactMap { word, next in
      word == "--algorithm" ? next : word.wholeMatch(of: /--algorithm=(.*)/).map { String($0.1) }
    }
    return names.last ?? Command.catalogue.presets[0].name
  }

  /// Names of a command's options, without dashes.
  private static func options(of command: any ParsableCommand.Type) -> [String] {
    struct Dump: Decodable {
      struct Command: Decodable { let arguments: [Argument]? }
      struct Argument: Decodable { let names: [Name]? }
      struct Name: Decodable { let name: String }
      let command: Command
    }
    let dump = try? JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))
    return (dump?.command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
  }
}
