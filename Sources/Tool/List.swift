import ArgumentParser
import Foundation
import Polymath

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List suites and their tasks, or algorithms.")

  enum Kind: String, ExpressibleByArgument, CaseIterable { case suites, algorithms }
  @Argument(help: "suites or algorithms.")
  var kind: Kind = .suites

  func run() throws {
    switch kind {
    case .suites:
      for name in Command.catalogue.suites.names {
        let ids = try Suites.make(name, from: Command.catalogue.suites).ids
        print(wrapped("\(name) (\(ids.count) tasks): \(ids.joined(separator: ", "))", for: STDOUT_FILENO))
      }
    case .algorithms:
      let presets = Command.catalogue.presets
      let width = presets.map(\.name.count).max()! + 2
      for (name, summary) in presets {
        print("\(name.padding(toLength: width, withPad: " ", startingAt: 0))\(summary)")
      }
    }
  }
}
