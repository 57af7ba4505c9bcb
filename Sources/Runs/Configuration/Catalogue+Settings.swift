import Algorithms
import Environments

extension Catalogue {
  /// Those of every run, whatever its algorithm.
  public var runSettings: [Setting<RunConfiguration>] { RunConfiguration.settings(presets: presets.map(\.name)) }

  /// Those of a preset's runs, in the order in which they are printed; those of every run alone where there is no such
  /// preset.
  public func settings(ofPreset name: String) -> [Setting<RunConfiguration>] {
    runSettings + (algorithm(ofPreset: name)?.runSettings ?? [])
  }

  /// Those of all algorithms. Two algorithms may each have one of a name.
  public var everySetting: [Setting<RunConfiguration>] { runSettings + algorithms.flatMap { $0.runSettings } }

  /// What a hint names: an option or a setting of a preset, or else a setting of another algorithm, which it then
  /// names, too.
  ///
  /// - Parameter find: The one of some names that was probably meant.
  public func hint(
    _ preset: String, options: [String] = [], _ find: ([String]) -> String?
  ) -> String? {
    if let own = find(options + settings(ofPreset: preset).map(\.name)) { return own }
    for algorithm in algorithms {
      if let name = find(algorithm.runSettings.map(\.name)) {
        return "\(name), a setting of \(algorithm.title)'s algorithms"
      }
    }
    return nil
  }

  /// Why a preset's runs have no setting of this name: other presets do, or there is none, perhaps one like it.
  func refusal(of name: String, preset: String) -> ConfigurationError {
    let others = presets.map(\.name).filter { settings(ofPreset: $0).contains { $0.name == name } }
    if !others.isEmpty { return .foreignSetting(name, of: others) }
    return .unknownSetting(
      name,
      hint: hint(preset) { SettingSynonyms.meaning(of: name, among: $0) }
        ?? hint(preset) { nearest(to: name, among: $0) })
  }
}
