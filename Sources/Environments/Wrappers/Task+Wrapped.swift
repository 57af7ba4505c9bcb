extension Task {
  /// This task with every wrapper around it, the first nearest to the environment.
  ///
  /// - Throws: what `wrapped(by:)` of one wrapper throws.
  public func wrapped(by wrappers: [Wrapper]) throws -> Task { try wrappers.reduce(self) { try $0.wrapped(by: $1) } }

  /// This task with a wrapper around it. Its parameters name the wrappers in order; scores are scaled with rewards, and
  /// nil where the wrapper changes what a return means.
  ///
  /// - Throws: `EnvironmentError.refused` where the wrapper can do nothing with this task's observations, and when an
  ///   environment is made for a time limit that can't begin episodes.
  public func wrapped(by wrapper: Wrapper) throws -> Task {
    let names = parameters["wrappers"].map { "\($0), \(wrapper)" } ?? "\(wrapper)"
    var task = self
    (task.observation, task.scores) = (try observation(of: wrapper), scores(of: wrapper))
    task.parameters["wrappers"] = names
    task.makeEnvironment = { replicas, seed, worker in
      let parts = wrapper.stepsSlotsApart ? replicas.map { $0..<$0 + 1 } : [replicas]
      return try environment(of: wrapper, around: parts.map { try makeEnvironment($0, seed, worker) })
    }
    return task
  }

  /// This task as training left it: its environments normalize observations by `statistics`, and learn no more of them.
  public func frozen(_ statistics: ObservationStatistics) -> Task {
    var task = self
    task.makeEnvironment = { replicas, seed, worker in
      let environment = try makeEnvironment(replicas, seed, worker)
      try environment.adopt(statistics, frozen: true)
      return environment
    }
    return task
  }

  private func observation(of wrapper: Wrapper) throws -> ObservationSpace {
    switch wrapper {
    case .actionRepeat, .timeLimit, .rewardScale, .rewardClip: return observation
    case .frameSkip:
      guard observation.leaves.allSatisfy({ $0.element == .uint8 }) else {
        throw EnvironmentError.refused(
          task: id,
          reason:
            "\(wrapper) takes the maximum of images, and observations are \(observation.summary): use action-repeat"
        )
      }
      return observation
    case .frameStack(let k):
      return ObservationSpace(
        observation.leaves.map {
          ObservationLeaf(
            name: $0.name, element: $0.element, shape: $0.shape.dropLast() + [$0.shape.last! * k], scale: $0.scale)
        })
    case .normalizeObservation:
      guard observation.leaves.allSatisfy({ $0.element == .float32 }) else {
        throw EnvironmentError.refused(
          task: id,
          reason: "\(wrapper) takes floats, and observations are \(observation.summary), which the network scales: "
            + "leave it out")
      }
      guard parameters["wrappers"]?.contains("\(wrapper)") != true else {
        throw EnvironmentError.refused(task: id, reason: "\(wrapper) is there twice: leave one out")
      }
      return ObservationSpace(
        observation.leaves.map { ObservationLeaf(name: $0.name, element: .float32, shape: $0.shape) })
    }
  }

  private func scores(of wrapper: Wrapper) -> ReferenceScores? {
    switch wrapper {
    case .actionRepeat, .frameSkip, .frameStack, .normalizeObservation: scores
    case .timeLimit, .rewardClip: nil
    case .rewardScale(let x):
      scores.map {
        ReferenceScores(
          random: $0.random.map { $0 * Double(x) }, reference: $0.reference.map { $0 * Double(x) }, label: $0.label)
      }
    }
  }

  /// - Parameter inner: One environment, or one for each slot.
  private func environment(of wrapper: Wrapper, around inner: [any Environment]) throws -> any Environment {
    switch wrapper {
    case .actionRepeat(let k): ActionRepeatEnvironment(inner, of: self, times: k, joinsImages: false)
    case .frameSkip(let k): ActionRepeatEnvironment(inner, of: self, times: k, joinsImages: true)
    case .frameStack(let k): FrameStackEnvironment(inner[0], of: self, depth: k)
    case .timeLimit(let n): try TimeLimitEnvironment(inner[0], of: self, limit: n)
    case .rewardScale(let x): RewardEnvironment(inner[0], of: self) { $0 * x }
    case .rewardClip(let low, let high): RewardEnvironment(inner[0], of: self) { min(max($0, low), high) }
    case .normalizeObservation: NormalizedEnvironment(inner[0], of: self)
    }
  }
}

extension Wrapper {
  /// Whether a slot may make another number of steps than its neighbours: then each has an environment of its own.
  fileprivate var stepsSlotsApart: Bool {
    switch self {
    case .actionRepeat, .frameSkip: true
    default: false
    }
  }
}
