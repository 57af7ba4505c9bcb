import ArgumentParser
import Foundation
import Polymath

/// What the tool says where a command can't be read or carried out: one line, with what was probably meant.
enum Complaint {
  /// Says an error and ends the process; a request for help is answered.
  static func end(_ error: any Error, _ words: [String]) -> Never {
    let status = Command.exitCode(for: error)
    if status.isSuccess || error is ExitCode { Command.exit(withError: error) }
    var message = Command.message(for: error)
    if status == .validationFailure { message = hint(message, words) }
    // Only what a worker printed has several lines.
    if case EnvironmentError.workerFailed = error {} else { message = message.replacing(/\s*\n\s*/, with: " ") }
    Output.complain("Error: \(wrapped(message.printableLines()))\n")
    Command.exit(withError: status)
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

  /// The command that words name.
  /// - Throws: `ValidationError` where there is none of a name.
  @discardableResult
  static func command(of words: [String]) throws -> any ParsableCommand.Type {
    var command: any ParsableCommand.Type = Command.self
    for word in words {
      let commands = command.configuration.subcommands
      if commands.isEmpty || word.hasPrefix("-") || word == "help" { break }
      guard let next = commands.first(where: { $0._commandName == word }) else {
        let names = commands.map { $0._commandName }
        let meant = nearest(to: word, among: names).map { ": did you mean \($0)?" } ?? ""
        throw ValidationError(
          "there is no command \(word.debugDescription)\(meant) (there are \(names.joined(separator: ", ")))")
      }
      command = next
    }
    return command.configuration.defaultSubcommand ?? command
  }

  /// The message; where it is about an unknown option, with the one that was probably meant or the commands that have it.
  private static func hint(_ message: String, _ words: [String]) -> String {
    guard let (_, option) = message.firstMatch(of: /Unknown option '--([^'=]*)/)?.output,
      let command = try? command(of: words)
    else { return message }
    let unknown = "\(command._commandName) has no option --\(option)"
    let meaning = meaning(of: String(option), in: command)
    return unknown + (meaning ?? " (\(Shell.program) \(command._commandName) --help lists all)")
  }

  /// What an option that a command doesn't have may mean; nil where nobody can tell.
  static func meaning(of option: String, in command: any ParsableCommand.Type, settings: [Setting] = []) -> String? {
    let others = Command.configuration.subcommands.filter {
      $0 != command
        && (options(of: $0).contains(option) || $0 == Train.self && Setting.everyFamily.contains { $0.name == option })
    }
    if !others.isEmpty {
      return ": it is an option of " + others.map { $0._commandName }.joined(separator: ", ")
    }
    return Setting.meant(by: option, among: options(of: command) + settings.map(\.name)).map {
      ": did you mean --\($0)?"
    }
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
