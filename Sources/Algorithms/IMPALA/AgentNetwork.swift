import CKernels
import Engine
import Environments
import Layers
import Tensors

/// One policy and value network for all tasks: trunk, extras, optional LSTM, a shared policy head, value heads.
///
/// The policy is not told the task, unless observations say it (`TaskContext`); the task only selects the value head,
/// which serves training alone (Hessel et al. 2018, section 4).
struct AgentNetwork: Sendable {
  struct Configuration: Hashable, Sendable {
    var trunk: TrunkKind
    /// Units of the LSTM after the trunk; 0 for none.
    var lstm: Int
    /// Whether the last reward, clipped to [-1, 1], and the last action join the features.
    var extras: Bool
    var valueHeads: Int
  }

  let layout: ParameterLayout
  private let leaf: ObservationLeaf
  private let action: ActionSpace
  private let trunk: any Trunk
  private let extras: Bool
  private let core: LSTM?
  let policy: PolicyHead
  let values: TaskHeads

  /// - Throws: `EngineError.unsupportedSpace` where the trunk can't read the observation.
  /// - Precondition: the observation is one image of bytes, or one vector of floats.
  init(_ configuration: Configuration, observation: ObservationSpace, action: ActionSpace) throws(EngineError) {
    leaf = try Self.leaf(of: observation, for: configuration.trunk)
    (self.action, extras) = (action, configuration.extras)
    var layout = ParameterLayout()
    let (height, width, channels) =
      leaf.isVector ? (1, 1, leaf.shape[0]) : (leaf.shape[0], leaf.shape[1], leaf.shape[2])
    trunk = configuration.trunk.make(&layout, "trunk", height: height, width: width, channels: channels)
    var features = trunk.outputs + (extras ? 1 + action.count : 0)
    core = configuration.lstm > 0 ? LSTM(&layout, "core", inputs: features, size: configuration.lstm) : nil
    if configuration.lstm > 0 { features = configuration.lstm }
    policy = PolicyHead(&layout, "policy", inputs: features, space: action)
    values = TaskHeads(&layout, "value", inputs: features, tasks: configuration.valueHeads)
    self.layout = layout
  }

  private static func leaf(of observation: ObservationSpace, for trunk: TrunkKind) throws(EngineError)
    -> ObservationLeaf
  {
    let leaf = observation.leaves[0]
    if trunk == .dense { return leaf }
    guard leaf.isImage else {
      throw .unsupportedSpace(
        "network \(trunk.rawValue) reads images; this observation is a vector of \(leaf.shape[0]) floats: choose dense")
    }
    guard min(leaf.shape[0], leaf.shape[1]) >= trunk.smallestSide else {
      throw .unsupportedSpace(
        "network \(trunk.rawValue) needs images of at least \(trunk.smallestSide) pixels a side, these have "
          + "\(leaf.shape[0])x\(leaf.shape[1]): choose small or deep")
    }
    return leaf
  }

  /// What the network reads: `steps` rows of `columns` columns, time-major.
  struct Input {
    let steps, columns: Int
    let observation: UnsafeRawPointer
    let previousReward: UnsafePointer<Float>
    /// The last action, as a `RoundBlock` holds it.
    let previousAction: UnsafePointer<Int32>, previousBox: UnsafePointer<Float>
    let isFirst: UnsafePointer<UInt8>
    /// Recurrent state before the first step, `[columns, H]`.
    let hidden, cell: UnsafePointer<Float>
    var rows: Int { steps * columns }
  }

  /// Features of every row, `[rows, features]`, and the recurrent states where there are any.
  func features(_ input: Input, _ tape: Tape) -> (features: Tensor, states: LSTMOutput?) {
    var x = trunk(images(input, tape))
    if extras { x = concatenate(x, extraFeatures(input, tape)) }
    guard let core else { return (x, nil) }
    let states = core(x, steps: input.steps, hidden: input.hidden, cell: input.cell, reset: input.isFirst)
    return (states.outputs, states)
  }

  private func images(_ input: Input, _ tape: Tape) -> Images {
    if leaf.isVector {
      return Images(
        vectors: input.observation.assumingMemoryBound(to: Float.self), count: input.rows, size: leaf.shape[0],
        on: tape)
    }
    return Images(
      bytes: input.observation.assumingMemoryBound(to: UInt8.self), images: input.rows, height: leaf.shape[0],
      width: leaf.shape[1], channels: leaf.shape[2], scale: leaf.scale, on: tape)
  }

  /// [clip(last reward, -1, 1), last action], which is one-hot where actions are discrete.
  private func extraFeatures(_ input: Input, _ tape: Tape) -> Tensor {
    let extra = tape.constant(Shape(input.rows, 1 + action.count))
    extra.values.update(repeating: 0, count: extra.count)
    for row in 0..<input.rows {
      let extras = extra.values + row * (1 + action.count)
      extras[0] = min(max(input.previousReward[row], -1), 1)
      switch action {
      case .discrete: extras[1 + Int(input.previousAction[row])] = 1
      case .box(let dimension): ck_tanh_forward(extras + 1, input.previousBox + row * dimension, dimension)
      }
    }
    return extra
  }
}

extension AgentNetwork.Input {
  /// One step of the columns that act.
  init(_ rows: ActorRows) {
    self.init(
      steps: 1, columns: rows.columns, observation: rows.observation(leaf: 0), previousReward: rows.previousReward,
      previousAction: rows.previousAction, previousBox: rows.previousBox, isFirst: rows.isFirst, hidden: rows.hidden,
      cell: rows.cell)
  }

  /// All T + 1 rows of a block.
  init(_ block: RoundBlock) {
    self.init(
      steps: block.steps + 1, columns: block.columns, observation: block.observations[0],
      previousReward: block.reward, previousAction: block.action, previousBox: block.box, isFirst: block.isFirst,
      hidden: block.hidden, cell: block.cell)
  }

  /// One step after those that cut an episode off.
  init(_ rows: RoundBlock.Truncations) {
    self.init(
      steps: 1, columns: rows.count, observation: rows.observation, previousReward: rows.reward,
      previousAction: rows.action, previousBox: rows.box, isFirst: rows.isFirst, hidden: rows.hidden, cell: rows.cell)
  }
}
