import Algorithms
import Environments
import Foundation

/// Which of the Python modules that a run's files name may be imported: importing one runs its code.
///
/// A folder of a run may come from anywhere. Only what the user names, or says to trust, or has made on this machine is
/// taken at its word.
public struct Trust: Hashable, Sendable {
  /// Modules that the user has named.
  public var modules: Set<String>
  /// Whether the user has said that the run is to be trusted.
  public var everything: Bool

  public init(modules: Set<String> = [], everything: Bool = false) {
    (self.modules, self.everything) = (modules, everything)
  }

  /// The modules that settings of a run name.
  static func modules(in settings: [(name: String, value: String)]) -> Set<String> {
    Set(
      settings.flatMap { setting -> [String] in
        switch setting.name {
        case "env-module": return WordList.split(setting.value)
        case "suite": return Gymnasium.modules(inSuite: setting.value)
        default: return []
        }
      })
  }

  func adding(_ modules: Set<String>) -> Trust {
    Trust(modules: self.modules.union(modules), everything: everything)
  }

  /// Makes sure that nothing is imported which the user has not named, trusts or has made.
  ///
  /// - Throws: `RunError.untrustedModules`.
  func check(
    _ configuration: RunConfiguration, in directory: RunDirectory, signature: RunSignature = RunSignature()
  ) throws(RunError) {
    let unknown = Self.modules(of: configuration).subtracting(modules)
    if everything || unknown.isEmpty || signature.isValid(in: directory) { return }
    throw .untrustedModules(
      path: directory.path, modules: unknown.sorted(),
      isSigned: FileManager.default.fileExists(atPath: directory.signature))
  }

  /// Whether the run has modules, and the user has named them all: then it may be signed as the user's own.
  func names(_ configuration: RunConfiguration) -> Bool {
    let needed = Self.modules(of: configuration)
    return !needed.isEmpty && needed.isSubset(of: modules)
  }

  private static func modules(of configuration: RunConfiguration) -> Set<String> {
    Set(configuration.gymnasium.modules + Gymnasium.modules(inSuite: configuration.suite))
  }
}
