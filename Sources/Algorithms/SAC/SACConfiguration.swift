import Layers
import Tensors

extension SAC {
  /// Hyperparameters. Numbers are those of the released code of soft modularization (Yang et al. 2020); its choices of
  /// `warmUpPolicy`, `sharesIndices` (of `replay`) and `correction` are those of
  /// `TrainingProtocol.released`. Losses are means over batch and
  /// tasks; over the batch alone where every task has networks of its own.
  public struct Configuration: Hyperparameters {
    /// Which experiment's numbers a run has by default; nil for those of its suite.
    public var trainingProtocol: TrainingProtocol?
    /// What policy and critics are made of.
    public var network = TaskNetworkKind.softModularization
    /// Units of a hidden layer; of soft modularization's layer before the embedding of the state.
    public var width = 400
    /// Hidden layers, where the network is plain.
    public var layers = 3
    /// Of soft modularization, and the modules of hard routing.
    public var routing = SoftModularization.Configuration()

    /// What every replay learner has: batches, replay, warm-up, discount, Adam, targets.
    public var replay = ReplayConfiguration()
    /// How tasks are weighted in the losses of policy and critics.
    public var balance = Balance.off
    /// Bounds of the policy's log sigma.
    public var logDeviations: ClosedRange<Float> = -20...2
    /// Added to 1 - tanh(u)^2 under the logarithm; 0 for the form that needs none.
    public var correction: Float = 0

    public init() {}
  }

  /// How tasks are weighted: less where the temperature is high, because the policy is certain there and the task
  /// learned (Yang et al. 2020, section 4.3).
  public enum Balance: String, CaseIterable, Sendable {
    /// 1 for every task.
    case off
    /// M softmax(-log alpha): the released code.
    case code
    /// softmax(-alpha): the paper's equation 11.
    case paper
  }
}

/// What policy and critics of SAC are made of, by name.
public enum TaskNetworkKind: String, CaseIterable, Sendable {
  /// One network for all tasks, which is told the task.
  case mlp
  /// The same with a head a task.
  case multiHead = "multi-head"
  /// A network a task: as many agents side by side.
  case separate
  /// Four networks and a gate.
  case mixtureOfExperts = "mixture-of-experts"
  /// Modules mixed by a routing network.
  case softModularization = "soft-modularization"
  /// One module a layer for each task, chosen by a controller.
  case hardRouting = "hard-routing"
}

extension SAC.Configuration {
  /// A network as it is described, before it has memory.
  struct Network {
    let network: any TaskNetwork
    let layout: ParameterLayout
  }

  func networks(observation: Int, action: Int, tasks: Int) -> (policy: Network, first: Network, second: Network) {
    func network(_ name: String, inputs: Int, outputs: Int) -> Network {
      var layout = ParameterLayout()
      let network = make(&layout, name, inputs: inputs, outputs: outputs, tasks: tasks)
      return Network(network: network, layout: layout)
    }
    return (
      network("actor", inputs: observation, outputs: 2 * action),
      network("critic1", inputs: observation + action, outputs: 1),
      network("critic2", inputs: observation + action, outputs: 1)
    )
  }

  /// Adds the network to a layout, under `name`.
  func make(
    _ layout: inout ParameterLayout, _ name: String, inputs: Int, outputs: Int, tasks: Int
  ) -> any TaskNetwork {
    func perceptron(_ sharing: MultilayerPerceptron.Sharing) -> any TaskNetwork {
      MultilayerPerceptron(
        &layout, name, inputs: inputs, outputs: outputs, tasks: tasks, layers: layers, width: width, sharing: sharing)
    }
    return switch network {
    case .mlp: perceptron(.all)
    case .multiHead: perceptron(.trunk)
    case .separate: perceptron(.none)
    case .mixtureOfExperts:
      MixtureOfExperts(
        &layout, name, inputs: inputs, outputs: outputs, tasks: tasks, experts: 4, layers: layers, width: width)
    case .softModularization:
      SoftModularization(
        &layout, name, inputs: inputs, outputs: outputs, tasks: tasks, hidden: width, routing)
    case .hardRouting: HardRouting(&layout, name, inputs: inputs, outputs: outputs, hidden: width, routing)
    }
  }
}
