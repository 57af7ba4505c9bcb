import Engine
import Environments

/// What an algorithm can see and do.
public struct AcceptedSpaces: Sendable {
  public let observations: Set<Suite.Traits.Observation>
  public let actions: Set<Suite.Traits.Action>

  public init(_ observations: Set<Suite.Traits.Observation>, _ actions: Set<Suite.Traits.Action>) {
    (self.observations, self.actions) = (observations, actions)
  }

  /// What it can't see or do of these spaces, as the end of a sentence; nil where it can.
  public func problem(with observation: ObservationSpace, _ action: ActionSpace) -> String? {
    guard let kind = observation.kind, observations.contains(kind) else {
      return "reads \(list(observations.map(\.noun))), and observations are \(observation.summary)"
    }
    if kind == .vectors && observation.leaves[0].scale != 1 {
      return "reads vectors as they are, and \(observation.leaves[0].name) has scale \(observation.leaves[0].scale): "
        + "scale it in the environment"
    }
    guard actions.contains(action.kind) else {
      return "acts by \(list(actions.map(\.noun))), and actions are \(action.summary)"
    }
    return nil
  }

  /// What it can't see or do of any task of a suite, as the end of a sentence; nil where it can, or nobody knows.
  public func problem(with traits: Suite.Traits) -> String? {
    if let kind = traits.observation, !observations.contains(kind) {
      return "reads \(list(observations.map(\.noun))), and observations are \(kind.noun)"
    }
    if let kind = traits.action, !actions.contains(kind) {
      return "acts by \(list(actions.map(\.noun))), and actions are \(kind.noun)"
    }
    return nil
  }

  /// - Throws: `EngineError.unsupportedSpace`, which begins with `name`.
  public func check(_ tasks: [Task], of name: String) throws(EngineError) {
    if let problem = problem(with: tasks[0].observation, tasks[0].action) {
      throw .unsupportedSpace("\(name) \(problem)")
    }
  }

  private func list(_ nouns: [String]) -> String { nouns.sorted().joined(separator: " or ") }
}

extension Suite.Traits.Observation {
  /// As sentences name it.
  public var noun: String {
    switch self {
    case .boards: "one board of bytes"
    case .pictures: "one picture of bytes"
    case .vectors: "one vector of floats"
    }
  }
}

extension Suite.Traits.Action {
  /// As sentences name it.
  public var noun: String { self == .discrete ? "one of several actions" : "numbers in [-1, 1]" }
}
