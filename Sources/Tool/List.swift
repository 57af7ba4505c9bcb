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
      for name in Suites.names {
        let ids = try Suites.make(name).ids
        print(wrapped("\(name) (\(ids.count) tasks): \(ids.joined(separator: ", "))", for: STDOUT_FILENO))
      }
    case .algorithms:
      table(Preset.allCases.map { [$0.rawValue, ""] }).enumerated().forEach { index, name in
        print("\(name)\(Preset.allCases[index].summary)")
      }
    }
  }
}
