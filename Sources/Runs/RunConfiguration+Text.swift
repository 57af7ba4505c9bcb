import Algorithms
import Environments
import Foundation
import Layers
import Returns
import Yams

/// What is wrong with a configuration.
public enum ConfigurationError: Error, CustomStringConvertible {
  case unknownSetting(String, Preset.Family)
  case foreignSetting(String, of: [String])
  case unreadSetting(String, network: String, reads: [String])
  /// `nearest` is the value that was probably meant.
  case badValue(setting: String, value: String, kind: String, nearest: String? = nil)
  case wrongOrder(low: String, String, high: String, String)
  case badFile(path: String, reason: String)

  public var description: String {
    switch self {
    case .unknownSetting(let name, let family):
      "unknown setting \(name)"
        + ((Setting.hint(family) { Setting.synonym(of: name, among: $0) }
          ?? Setting.hint(family) { nearest(to: name, among: $0) }).map { "; did you mean \($0)?" } ?? "")
        + " (polymath train --help lists all)"
    case .foreignSetting(let name, let algorithms):
      "setting \(name) belongs to the algorithms \(algorithms.joined(separator: ", ")): leave it out, or choose one of them"
    case .unreadSetting(let name, let network, let reads):
      "setting \(name) means nothing to the network \(network), which reads \(reads.joined(separator: ", ")): leave it out"
    case .badValue(let setting, let value, let kind, let nearest):
      "\(setting) is \(Double(value) == nil ? value.debugDescription : value), but must be \(kind)"
        + (nearest.map { "; did you mean \($0)?" } ?? "")
    case .wrongOrder(let low, let less, let high, let more):
      "\(low) is \(less), but must be at most \(high), which is \(more): lower it, or raise \(high)"
    case .badFile(let path, let reason): "\(path) is not a configuration: \(reason)"
    }
  }
}

extension RunConfiguration {
  /// The configuration that a file and flags describe: the preset's defaults, then the file, then the flags.
  ///
  /// - Parameters:
  ///   - file: Text of a YAML mapping of settings, and its path for messages.
  ///   - flags: Names and values, later ones win.
  public static func resolve(
    file: (text: String, path: String)? = nil, flags: [(name: String, value: String)], cores: Int = 1
  ) throws -> RunConfiguration {
    let settings = try file.map { try Self.settings(in: $0.text, path: $0.path) } ?? []
    let given = settings + flags
    let named = Dictionary(given.map { ($0.name, $0.value) }) { $1 }
    var configuration = RunConfiguration()
    if let algorithm = named["algorithm"] { try Setting.algorithm.write(algorithm, to: &configuration) }
    guard let preset = Preset(rawValue: configuration.algorithm) else {
      preconditionFailure("a setting's choice is one")
    }
    for (name, _) in given { _ = try Setting.named(name, preset.family) }
    configuration = preset.configuration(
      suite: named["suite"] ?? preset.defaultSuite, tasks: WordList.split(named["tasks"] ?? ""),
      protocol: named["protocol"].flatMap(TrainingProtocol.init))
    configuration.threads = cores
    for (name, value) in given {
      try Setting.named(name, preset.family).write(value, to: &configuration)
    }
    let read = configuration.settings
    for (name, _) in given where !read.contains(where: { $0.name == name }) {
      throw ConfigurationError.unreadSetting(
        name, network: configuration.sac.network.rawValue, reads: read.filter { $0.networks != nil }.map(\.name))
    }
    try configuration.checkOrder()
    return configuration
  }

  /// All settings as YAML, one a line, as `run.yaml` holds them.
  public var yaml: String {
    settings.map { $0.yaml(self) }.joined()
  }

  /// The settings that a YAML mapping names, in its order.
  public static func settings(in text: String, path: String) throws -> [(name: String, value: String)] {
    let node: Node?
    do { node = try Yams.compose(yaml: text) } catch {
      throw ConfigurationError.badFile(path: path, reason: "\(error)".split(separator: "\n").joined(separator: " "))
    }
    guard let node else { return [] }
    guard let mapping = node.mapping else {
      throw ConfigurationError.badFile(path: path, reason: "it must be lines of the form `setting: value`")
    }
    return try mapping.map { key, value in
      guard let name = key.scalar?.string else {
        throw ConfigurationError.badFile(path: path, reason: "a setting's name must be a word")
      }
      if let scalar = value.scalar { return (name, scalar.string) }
      let isList = Setting.everyFamily.contains { $0.name == name && $0.isList }
      if isList, let words = value.sequence?.compactMap({ $0.scalar?.string }), words.count == value.sequence?.count {
        return (name, WordList.joined(words))
      }
      throw ConfigurationError.badFile(
        path: path, reason: "the value of \(name) must be \(isList ? "a list of words" : "one word or number")")
    }
  }

  private func checkOrder() throws(ConfigurationError) {
    let texts = Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.read(self)) })
    for (low, high) in Setting.ordered {
      guard let less = texts[low], let more = texts[high] else { continue }
      if !(Double(less)! <= Double(more)!) { throw .wrongOrder(low: low, less, high: high, more) }
    }
  }
}
