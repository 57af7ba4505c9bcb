import Algorithms
import Environments

/// Runs that differ in nothing but their seed.
public struct Arm: Equatable, Sendable {
  /// Its algorithm and what was changed (`RunConfiguration.arm`), without what all arms have changed alike.
  public let name: String
  /// Places of its runs among those that were grouped.
  public internal(set) var runs: [Int]
}

extension Arm {
  /// Groups runs by their arms, in the order in which these are met.
  /// - Throws: `RunError.sameRun` where an arm has a seed twice.
  public static func group(_ runs: [(path: String, arm: String, seed: UInt64)]) throws(RunError) -> [Arm] {
    let settings = runs.map { $0.arm.split(separator: " ") }
    // One arm alone keeps its whole name.
    let several = Set(runs.map(\.arm)).count > 1
    let common = several ? settings.reduce(Set(settings[0].dropFirst())) { $0.intersection($1) } : []
    var arms: [Arm] = []
    for (place, run) in runs.enumerated() {
      let name = settings[place].filter { !common.contains($0) }.joined(separator: " ")
      guard let arm = arms.firstIndex(where: { $0.name == name }) else {
        arms.append(Arm(name: name, runs: [place]))
        continue
      }
      if let twin = arms[arm].runs.first(where: { runs[$0].seed == run.seed }) {
        throw .sameRun(path: run.path, other: runs[twin].path, arm: name, seed: run.seed)
      }
      arms[arm].runs.append(place)
    }
    return arms
  }
}

extension RunConfiguration {
  /// The algorithm, then each setting that differs from the algorithm's own, as `name=value`, separated by spaces.
  ///
  /// What a value has of spaces and of what is not seen but obeyed (`isHarmless`) is written as `%` and its number, so
  /// that an arm's name is one line, taken apart at spaces.
  ///
  /// Left out are the seed, settings that decide no bits, and what depends on the tasks by default: they themselves,
  /// groups, shards.
  public var arm: String {
    // A preset that a configuration has, and choices that it has made, can be made again.
    let (usual, own) = try! (RunConfiguration(algorithm, suite: suite, in: catalogue), defaults)
    let leftOut: Set = ["seed", "tasks", "groups", "shards"]
    let choices = settings.filter { $0.decidesDefaults && $0.read(self) != $0.read(usual) }
    let changes = settings.filter {
      $0.decidesBits && !leftOut.contains($0.name) && $0.read(self) != $0.read(own)
    }
    return ([algorithm] + (choices + changes).map { "\($0.name)=\(Self.plain($0.read(self)))" }).joined(separator: " ")
  }

  private static func plain(_ value: String) -> String {
    value.unicodeScalars.map { scalar in
      scalar.properties.isWhitespace || !scalar.isHarmless || scalar == "%"
        ? "%" + String(scalar.value, radix: 16) : String(scalar)
    }.joined()
  }
}
