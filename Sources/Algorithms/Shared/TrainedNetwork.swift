import Engine
import Layers
import Tensors

/// A network that is trained, with all that training keeps of it: parameters, target parameters where there are any,
/// one gradient per shard, Adam's moments.
///
/// Threads use it at the same time: each writes its own shard's gradient, or its own piece of the parameters.
public final class TrainedNetwork: @unchecked Sendable {
  /// What messages call it, such as `policy`.
  public let name: String
  public let network: any TaskNetwork
  public let parameters: ParameterBuffer
  /// One per shard.
  public let gradients: [ParameterBuffer]
  let optimizer: Adam
  /// What is clipped by a norm of its own: the whole network, or each task's where every task has its own.
  let parts: [GradientReduction]
  private let followers: ParameterBuffer?
  /// Of each shard: its part of the loss in the update that is under way, and its number in the last one.
  private let lossTensors: UnsafeMutableBufferPointer<Tensor?>
  let losses: UnsafeMutableBufferPointer<Double>

  /// - Parameters:
  ///   - network: Of the layout `layout`.
  ///   - hasTargets: Whether target parameters follow the parameters slowly.
  ///   - agents: Networks side by side in the layout, outermost in every parameter. Each has a loss and a norm of its
  ///     own.
  public init(
    _ name: String, _ network: any TaskNetwork, _ layout: ParameterLayout, hasTargets: Bool = false, agents: Int = 1,
    shards: Int, _ configuration: ReplayConfiguration, seed: UInt64
  ) {
    (self.name, self.network) = (name, network)
    parameters = ParameterBuffer(layout)
    parameters.initialize(seed: seed)
    followers = hasTargets ? ParameterBuffer(layout) : nil
    followers?.copy(from: parameters)
    lossTensors = .allocate(capacity: shards)
    lossTensors.initialize(repeating: nil)
    losses = .allocate(capacity: shards)
    losses.initialize(repeating: .nan)
    let gradients = (0..<shards).map { _ in ParameterBuffer(layout) }
    self.gradients = gradients
    optimizer = Adam(layout, configuration.adam)
    let sum = ParameterBuffer(layout)
    parts = (0..<agents).map {
      GradientReduction(
        gradients, into: sum, ranges: Self.ranges(layout, agent: $0, of: agents), pieces: shards,
        aggregation: configuration.aggregation)
    }
  }

  deinit {
    lossTensors.deallocate()
    losses.deallocate()
  }

  private static func ranges(_ layout: ParameterLayout, agent: Int, of agents: Int) -> [Range<Int>] {
    if agents == 1 { return [0..<layout.extent] }
    return layout.entries.map(\.parameter.range).map {
      let size = $0.count / agents
      return $0.lowerBound + agent * size..<$0.lowerBound + (agent + 1) * size
    }
  }

  /// Parameters that follow slowly.
  /// - Precondition: The network has targets.
  public var targets: ParameterBuffer {
    guard let followers else { preconditionFailure("the network \(name) has no targets") }
    return followers
  }

  /// Loss of the last update, the sum over shards; NaN before the first.
  public var loss: Double { losses.reduce(0, +) }

  /// Norm of the last update's gradient before it was clipped, the largest over agents; NaN before there was one.
  public var gradientNorm: Double { parts.map(\.norm).max()! }

  // MARK: Forward passes

  /// The network's output for x, `[rows, inputs]`.
  ///
  /// - Parameter shard: Whose gradient the parameters add to; without one they are constants to the loss, and gradients
  ///   only reach x.
  public func callAsFunction(_ x: Tensor, _ rows: TaskRows, shard: Int? = nil) -> Tensor {
    x.tape.with(values: parameters, gradients: shard.map { gradients[$0] }) { network(x, rows) }
  }

  /// The target network's output for x, `[rows, inputs]`.
  /// - Precondition: The network has targets.
  public func target(_ x: Tensor, _ rows: TaskRows) -> Tensor {
    x.tape.with(values: targets) { network(x, rows) }
  }

  // MARK: Update

  /// Makes `loss`, one number, what this update moves the parameters down: the batch's part of a sum over shards.
  public func minimize(_ loss: Tensor, _ batch: ReplayBatch) {
    lossTensors[batch.shard] = loss
    losses[batch.shard] = Double(loss.values[0])
  }

  /// Starts a shard's part of an update: no gradient and no loss.
  func clear(shard: Int) {
    gradients[shard].zero()
    lossTensors[shard] = nil
  }

  /// What a shard minimizes.
  func loss(shard: Int) -> Tensor {
    guard let loss = lossTensors[shard] else { preconditionFailure("the network \(name) was given no loss") }
    return loss
  }

  /// Reduces a piece of the shards' gradients.
  func reduce(piece: Int) {
    for part in parts { part.reduce(piece: piece) }
  }

  /// Finds norms and clipping, once all pieces are reduced.
  func clip(limit: Double, order: [Int]) {
    for part in parts { part.clip(limit: limit, order: order) }
  }

  /// Adam's step number `step`, counted from 1, of a piece; then its targets follow.
  func step(_ step: Int, piece: Int, _ configuration: ReplayConfiguration) {
    for part in parts {
      part.combine(piece: piece)
      let ranges = part.ranges(piece: piece)
      optimizer.step(
        parameters, gradients: part.gradient, ranges: ranges, learningRate: configuration.learningRate,
        clip: part.factor, step: step)
      if let followers { polyakAverage(followers, toward: parameters, ranges: ranges, rate: configuration.targetRate) }
    }
  }

  // MARK: State

  /// Adds what only learning needs: targets and moments.
  func saveTraining(into archive: inout StateArchive) {
    if let followers { archive.add(followers, prefix: "target.") }
    archive.add(optimizer.firstMoment, prefix: "first_moment.")
    archive.add(optimizer.secondMoment, prefix: "second_moment.")
  }

  func restoreTraining(from archive: StateArchive) throws(EngineError) {
    if let followers { try archive.restore(followers, prefix: "target.") }
    try archive.restore(optimizer.firstMoment, prefix: "first_moment.")
    try archive.restore(optimizer.secondMoment, prefix: "second_moment.", isSquare: true)
  }
}
