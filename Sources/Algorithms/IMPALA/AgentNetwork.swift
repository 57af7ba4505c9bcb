import Engine
import Environments
import Layers
import Tensors

/// One policy and value network for all tasks: trunk, extras, optional LSTM, a shared policy head, value heads.
///
/// The policy is not told the task; the task only selects the value head, which serves training alone
/// (Hessel et al. 2018, section 4).
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
  let actions: Int
  private let leaf: ObservationLeaf
  private let trunk: any Trunk
  private let extras: Bool
  private let core: LSTM?
  private let policy: Linear
  let values: TaskHeads

  /// - Throws: `EngineError.unsupportedSpace` where the observation is not one image of bytes that the trunk can read.
  init(_ configuration: Configuration, observation: ObservationSpace, actions: Int) throws(EngineError) {
    guard let leaf = observation.leaves.first, observation.leaves.count == 1, leaf.element == .uint8,
      leaf.shape.count == 3
    else {
      throw .unsupportedSpace(
        "\(configuration.trunk.rawValue) reads one image of bytes; this observation is "
          + observation.leaves.map { "\($0.name) \($0.element.rawValue)\($0.shape)" }.joined(separator: ", "))
    }
    let (height, width) = (leaf.shape[0], leaf.shape[1])
    guard min(height, width) >= configuration.trunk.smallestSide else {
      throw .unsupportedSpace(
        "network \(configuration.trunk.rawValue) needs images of at least \(configuration.trunk.smallestSide) pixels a "
          + "side, these have \(height)x\(width): choose small or deep")
    }
    (self.leaf, self.actions, extras) = (leaf, actions, configuration.extras)
    var layout = ParameterLayout()
    trunk = configuration.trunk.make(&layout, "trunk", height: height, width: width, channels: leaf.shape[2])
    var features = trunk.outputs + (extras ? 1 + actions : 0)
    core = configuration.lstm > 0 ? LSTM(&layout, "core", inputs: features, size: configuration.lstm) : nil
    if configuration.lstm > 0 { features = configuration.lstm }
    policy = Linear(&layout, "policy", inputs: features, outputs: actions)
    values = TaskHeads(&layout, "value", inputs: features, tasks: configuration.valueHeads)
    self.layout = layout
  }

  /// What the network reads: `steps` rows of `columns` columns, time-major.
  struct Input {
    let steps, columns: Int
    let observation: UnsafePointer<UInt8>
    let previousReward: UnsafePointer<Float>
    let previousAction: UnsafePointer<Int32>
    let isFirst: UnsafePointer<UInt8>
    /// Recurrent state before the first step, `[columns, H]`.
    let hidden, cell: UnsafePointer<Float>
    var rows: Int { steps * columns }
  }

  /// Features of every row, `[rows, features]`, and the recurrent states where there are any.
  func features(_ input: Input, _ tape: Tape) -> (features: Tensor, states: LSTMOutput?) {
    let images = Images(
      bytes: input.observation, images: input.rows, height: leaf.shape[0], width: leaf.shape[1],
      channels: leaf.shape[2], scale: leaf.scale)
    var x = trunk(images, tape)
    if extras { x = tape.concatenate(x, extraFeatures(input, tape)) }
    guard let core else { return (x, nil) }
    let states = core(
      x, steps: input.steps, hidden: input.hidden, cell: input.cell, reset: input.isFirst, tape)
    return (states.outputs, states)
  }

  /// Logits of the shared policy, `[rows, actions]`.
  func logits(_ features: Tensor, _ tape: Tape) -> Tensor { policy(features, tape) }

  /// [clip(last reward, -1, 1), one-hot last action].
  private func extraFeatures(_ input: Input, _ tape: Tape) -> Tensor {
    let extra = tape.constant(Shape(input.rows, 1 + actions))
    extra.values.update(repeating: 0, count: extra.count)
    for row in 0..<input.rows {
      extra.values[row * (1 + actions)] = min(max(input.previousReward[row], -1), 1)
      extra.values[row * (1 + actions) + 1 + Int(input.previousAction[row])] = 1
    }
    return extra
  }
}
