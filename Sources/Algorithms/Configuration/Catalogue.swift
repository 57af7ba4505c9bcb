import Environments

/// What a program offers by name: algorithms and suites.
public struct Catalogue: Sendable {
  public let algorithms: [any Algorithm.Type]
  public let suites: [Suite]

  /// What comes with the library.
  public static let all = Catalogue()

  public init(algorithms: [any Algorithm.Type] = .all, suites: [Suite] = .all) {
    precondition(!algorithms.isEmpty, "a program without an algorithm trains nothing")
    (self.algorithms, self.suites) = (algorithms, suites)
    let names = presets.map(\.name)
    precondition(Set(names).count == names.count, "two presets have one name: \(names)")
  }

  /// Names and summaries of all presets, in the order of the algorithms. The first is the default.
  public var presets: [(name: String, summary: String)] { algorithms.flatMap { $0.presetList } }

  /// The algorithm that has a preset of this name.
  public func algorithm(ofPreset name: String) -> (any Algorithm.Type)? {
    algorithms.first { $0.presetList.contains { $0.name == name } }
  }

  /// Names of presets of which `accepts` holds, one per algorithm.
  public func presets(where accepts: (AcceptedSpaces) -> Bool) -> [String] {
    algorithms.filter { accepts($0.accepts) }.map { $0.presetList[0].name }
  }

  /// The first preset that learns the same whatever unit rewards have.
  public var scaleFreePreset: String? { algorithms.lazy.compactMap { $0.scaleFreePreset }.first }
}

extension Algorithm {
  static var presetList: [(name: String, summary: String)] { presets.map { ($0.name, $0.summary) } }

  fileprivate static var scaleFreePreset: String? {
    presets.first { preset in
      var configuration = Configuration()
      preset.configure(&configuration)
      return isScaleFree(configuration)
    }?.name
  }
}
