import Tensors

/// Dense layers with ReLUs and a linear head, for all tasks: MT-SAC's network, MT-MH-SAC's, and one a task.
///
/// - Source: Yang et al. 2020 (2003.13661), section 5, after Yu et al. 2019, "Meta-World" (1910.10897).
public struct MultilayerPerceptron: TaskNetwork {
  /// What tasks have in common.
  public enum Sharing: Hashable, Sendable {
    /// Everything; the input ends with the task's number, one-hot.
    case all
    /// All but the head, which each task has to itself; the input ends with the task's number, one-hot.
    case trunk
    /// Nothing: a network a task, in one pass.
    case none
  }

  private enum Layer: Sendable {
    case shared(Linear)
    case perTask(TaskLinear)

    func callAsFunction(_ x: Tensor, _ rows: TaskRows) -> Affine {
      switch self {
      case .shared(let layer): layer(x)
      case .perTask(let layer): layer(x, task: rows.task)
      }
    }
  }

  private let hidden: [Layer]
  private let head: Layer
  private let seesTask: Bool

  /// - Parameters:
  ///   - width: Units of each of `layers` hidden layers.
  public init(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, tasks: Int, layers: Int, width: Int,
    sharing: Sharing
  ) {
    seesTask = sharing != .none
    let inputs = inputs + (seesTask ? tasks : 0)
    hidden = (0..<layers).map { layer in
      let (name, inputs) = ("\(name).fc\(layer)", layer == 0 ? inputs : width)
      if sharing != .none { return .shared(Linear(&layout, name, inputs: inputs, outputs: width, start: .hidden)) }
      return .perTask(TaskLinear(&layout, name, tasks: tasks, inputs: inputs, outputs: width, start: .hidden))
    }
    let last = "\(name).head"
    head =
      sharing == .all
      ? .shared(Linear(&layout, last, inputs: width, outputs: outputs, start: .last))
      : .perTask(TaskLinear(&layout, last, tasks: tasks, inputs: width, outputs: outputs, start: .last))
  }

  public func callAsFunction(_ x: Tensor, _ rows: TaskRows) -> Tensor {
    var x = seesTask ? concatenate(x, rows.oneHot(x.shape[0], on: x.tape)) : x
    for layer in hidden { x = relu(layer(x, rows)) }
    return Tensor(head(x, rows))
  }
}
