import Foundation
import Layers

/// A temperature a task, learned so that the policy keeps its entropy near a target; and from the temperatures, how
/// much each task counts.
///
/// J(log alpha_i) = -log alpha_i (mean log pi + H_i), by Adam; H_i is minus the task's number of action dimensions.
///
/// - Source: Haarnoja et al. 2018, "Soft actor-critic algorithms and applications" (1812.05905), section 5; the
///   released code of Yang et al. 2020 multiplies by log alpha where the paper has alpha.
struct Temperature {
  /// log alpha, one a task; starts at alpha = 1.
  var logAlpha: [Double]
  /// Adam's moments.
  var firstMoment, secondMoment: [Double]
  private let targetEntropy: [Double]

  init(dimensions: [Int]) {
    targetEntropy = dimensions.map { -Double($0) }
    logAlpha = Array(repeating: 0, count: dimensions.count)
    (firstMoment, secondMoment) = (logAlpha, logAlpha)
  }

  /// Step number `step`, counted from 1.
  ///
  /// - Parameters:
  ///   - logProbability: Mean of log pi over each task's rows.
  ///   - scale: Of the loss; 1 / M where the loss is a mean over tasks.
  mutating func step(
    _ step: Int, logProbability: [Double], scale: Double, learningRate: Double, adam: Adam.Configuration
  ) {
    let (beta1, beta2) = (Double(adam.beta1), Double(adam.beta2))
    for task in logAlpha.indices {
      let gradient = -scale * (logProbability[task] + targetEntropy[task])
      firstMoment[task] = beta1 * firstMoment[task] + (1 - beta1) * gradient
      secondMoment[task] = beta2 * secondMoment[task] + (1 - beta2) * gradient * gradient
      let mean = firstMoment[task] / (1 - pow(beta1, Double(step)))
      let square = secondMoment[task] / (1 - pow(beta2, Double(step)))
      logAlpha[task] -= learningRate * mean / (square.squareRoot() + Double(adam.epsilon))
    }
  }

  func alpha(_ task: Int) -> Float { Float(exp(logAlpha[task])) }

  /// w_i: what each task's losses are multiplied by.
  func weights(_ balance: SAC.Balance) -> [Float] {
    let scores: [Double]
    switch balance {
    case .off: return Array(repeating: 1, count: logAlpha.count)
    case .code: scores = logAlpha.map { -$0 }
    case .paper: scores = logAlpha.map { -exp($0) }
    }
    let largest = scores.max() ?? 0
    let powers = scores.map { exp($0 - largest) }
    let total = powers.reduce(0, +) / (balance == .code ? Double(scores.count) : 1)
    return powers.map { Float($0 / total) }
  }
}
