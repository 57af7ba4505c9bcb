import Algorithms
import Environments
import Foundation
import Layers
import Returns
import Yams

/// What is wrong with a configuration.
public enum ConfigurationError: Error, CustomStringConvertible {
  case unknownSetting(String, [String])
  case foreignSetting(String, of: [String])
  case unreadSetting(String, network: String, reads: [String])
  case badValue(setting: String, value: String, kind: String)
  case outOfRange(setting: String, value: String, limit: String)
  case badFile(path: String, reason: String)

  public var description: String {
    switch self {
    case .unknownSetting(let name, let names):
      "unknown setting \(name)" + (nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? "")
        + " (polymath train --help lists all)"
    case .foreignSetting(let name, let algorithms):
      "setting \(name) belongs to the algorithms \(algorithms.joined(separator: ", ")): leave it out, or choose one of them"
    case .unreadSetting(let name, let network, let reads):
      "setting \(name) means nothing to the network \(network), which reads \(reads.joined(separator: ", ")): leave it out"
    case .badValue(let setting, let value, let kind): "\(setting) is \"\(value)\", but must be \(kind)"
    case .outOfRange(let setting, let value, let limit): "\(setting) is \(value), but must be \(limit)"
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
    let algorithm = named["algorithm"] ?? Preset.popArtIMPALA.rawValue
    guard let preset = Preset(rawValue: algorithm) else {
      let names = Preset.allCases.map(\.rawValue)
      throw ConfigurationError.badValue(
        setting: "algorithm", value: algorithm,
        kind: nearest(to: algorithm, among: names).map {
          "one of \(names.joined(separator: ", ")); did you mean \($0)?"
        }
          ?? "one of \(names.joined(separator: ", "))")
    }
    for (name, _) in given { _ = try Setting.named(name, preset.family) }
    var configuration = preset.configuration(
      suite: named["suite"] ?? preset.defaultSuite, tasks: Setting.words(named["tasks"] ?? ""),
      protocol: named["protocol"].flatMap(TrainingProtocol.init))
    configuration.threads = cores
    for (name, value) in given {
      let setting = try Setting.named(name, preset.family)
      guard try setting.write(&configuration, value) else {
        throw ConfigurationError.badValue(setting: name, value: value, kind: setting.kind)
      }
    }
    let read = configuration.settings
    for (name, _) in given where !read.contains(where: { $0.name == name }) {
      throw ConfigurationError.unreadSetting(
        name, network: configuration.sac.network.rawValue, reads: read.filter { $0.networks != nil }.map(\.name))
    }
    try configuration.check()
    return configuration
  }

  /// All settings as YAML, one a line, as `run.yaml` holds them.
  public var yaml: String {
    settings.map { "\($0.name): \($0.isList ? "[\($0.read(self))]" : $0.read(self))\n" }.joined()
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
      if let sequence = value.sequence, Setting.run.contains(where: { $0.name == name && $0.isList }) {
        return (name, sequence.compactMap { $0.scalar?.string }.joined(separator: ","))
      }
      throw ConfigurationError.badFile(path: path, reason: "the value of \(name) must be one word or number")
    }
  }

  private func check() throws(ConfigurationError) {
    func require(_ holds: Bool, _ setting: String, _ value: any CustomStringConvertible, _ limit: String)
      throws(ConfigurationError)
    {
      if !holds { throw .outOfRange(setting: setting, value: value.description, limit: limit) }
    }
    try require(steps >= 1 && steps <= 1 << 53, "steps", steps, "between 1 and 2^53")
    try require(threads >= 1 && threads <= 1024, "threads", threads, "between 1 and 1024")
    try require(unroll >= 1 && unroll <= 10_000, "unroll", unroll, "between 1 and 10,000")
    try require(
      environmentsPerTask >= 1 && environmentsPerTask <= 4096, "environments-per-task", environmentsPerTask,
      "between 1 and 4096")
    try require(groups >= 0 && groups <= 4096, "groups", groups, "between 1 and 4096, or 0 for one a shard")
    try require(shards >= 0 && shards <= 4096, "shards", shards, "between 1 and 4096, or 0 for the algorithm's own")
    try require(
      lag >= 0 && lag <= 64, "lag", lag, "between 0 and 64: each keeps one more round of buffers")
    try require(recovery.most >= 0, "worker-restarts", recovery.most, "at least 0")
    try require(checkpointEvery >= 1, "checkpoint-every", checkpointEvery, "at least 1")
    switch family {
    case .impala: try checkIMPALA(require)
    case .sac: try checkSAC(require)
    }
  }

  private typealias Require = (Bool, String, any CustomStringConvertible, String) throws(ConfigurationError) -> Void

  private func checkIMPALA(_ require: Require) throws(ConfigurationError) {
    try require(impala.lstm >= 0 && impala.lstm <= 65_536, "lstm", impala.lstm, "between 0 and 65,536")
    try require((0..<1).contains(impala.discount), "discount", impala.discount, "in [0, 1)")
    try require(
      impala.learningRate >= 0 && impala.learningRate.isFinite, "learning-rate", impala.learningRate,
      "at least 0, and finite")
    try require(impala.entropyCost.isFinite, "entropy-cost", impala.entropyCost, "finite")
    try require(impala.baselineCost.isFinite, "baseline-cost", impala.baselineCost, "finite")
    try require(impala.gradientNorm > 0, "gradient-norm", impala.gradientNorm, "above 0")
    try require((0..<1).contains(impala.rmsProp.decay), "rmsprop-decay", impala.rmsProp.decay, "in [0, 1)")
    try require((0..<1).contains(impala.rmsProp.momentum), "rmsprop-momentum", impala.rmsProp.momentum, "in [0, 1)")
    try require(impala.rmsProp.epsilon > 0, "rmsprop-epsilon", impala.rmsProp.epsilon, "above 0")
    let (vTrace, popArt) = (impala.vTrace, impala.popArt)
    try require(vTrace.cBar > 0, "c-bar", vTrace.cBar, "above 0")
    try require(vTrace.rhoBar >= vTrace.cBar, "rho-bar", vTrace.rhoBar, "at least c-bar, \(vTrace.cBar)")
    try require(
      vTrace.policyGradientRhoBar > 0, "policy-gradient-rho-bar", vTrace.policyGradientRhoBar, "above 0")
    try require((0...1).contains(vTrace.lambda), "lambda", vTrace.lambda, "in [0, 1]")
    try require((0..<1).contains(popArt.beta), "popart-beta", popArt.beta, "in [0, 1)")
    // Their squares bound the variance, and must be numbers too.
    try require(popArt.lowerBound >= 1e-100, "popart-lower-bound", popArt.lowerBound, "at least 1e-100")
    try require(
      popArt.upperBound >= popArt.lowerBound && popArt.upperBound <= 1e100, "popart-upper-bound", popArt.upperBound,
      "between popart-lower-bound, \(popArt.lowerBound), and 1e100")
  }

  private func checkSAC(_ require: Require) throws(ConfigurationError) {
    let routing = sac.routing
    for (name, size) in [
      ("width", sac.width), ("layers", sac.layers), ("module-width", routing.width), ("modules", routing.modules),
      ("embedding", routing.embedding), ("routing-width", routing.routingWidth), ("batch", sac.batch),
    ] {
      try require((1...65_536).contains(size), name, size, "between 1 and 65,536")
    }
    try require((2...64).contains(routing.layers), "module-layers", routing.layers, "between 2 and 64")
    try require((1..<1 << 32).contains(sac.replay), "replay", sac.replay, "between 1 and 2^32 - 1")
    try require(sac.replay >= sac.batch, "replay", sac.replay, "at least batch, \(sac.batch)")
    try require(
      (0...sac.replay).contains(sac.warmUp), "warm-up", sac.warmUp, "between 0 and replay, \(sac.replay)")
    try require((0...100_000).contains(sac.updates), "updates", sac.updates, "between 0 and 100,000")
    try require((0..<1).contains(sac.discount), "discount", sac.discount, "in [0, 1)")
    try require(
      sac.learningRate >= 0 && sac.learningRate.isFinite, "learning-rate", sac.learningRate, "at least 0, and finite")
    try require(sac.adam.epsilon > 0, "adam-epsilon", sac.adam.epsilon, "above 0")
    try require(sac.targetRate > 0 && sac.targetRate <= 1, "target-rate", sac.targetRate, "in (0, 1]")
    try require(sac.gradientNorm > 0, "gradient-norm", sac.gradientNorm, "above 0")
    try require(
      (0..<1).contains(sac.correction), "log-probability-correction", sac.correction, "in [0, 1)")
  }
}
