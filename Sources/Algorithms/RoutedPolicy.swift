import Engine
import Tensors

/// A policy whose network may be routed anew for each state and task, so that its routing can be looked at.
public protocol RoutedPolicy: Policy {
  /// n: modules of a layer to choose from; nil where the policy's network has no routing.
  var routedModules: Int? { get }
  /// The policy's parameters as they are.
  var policyParameters: ParameterBuffer { get }
  /// The policy's parameters as a run of this seed starts with them.
  func initialPolicyParameters(seed: UInt64) -> ParameterBuffer
  /// How a policy of `parameters` routes observations `[rows, observation]` of `tasks` `[rows]`.
  ///
  /// - Precondition: there is routing; parameters are of the policy's layout.
  func routing(_ observations: [Float], tasks: [Int], parameters: ParameterBuffer) -> Routing
}

/// Routing of some rows, after the softmax.
public struct Routing: Sendable {
  /// L - 1 and n.
  public let layers, modules: Int
  /// P `[rows, L - 1, n, n]`: P[r, l, i, j] is how much module i of layer l + 1 takes from module j of layer l.
  public let weights: [Float]
  /// q `[rows, n]`: how much of each module of the last layer goes to the head. Empty where the network adds them.
  public let headWeights: [Float]
}
