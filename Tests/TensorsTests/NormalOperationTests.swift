import CKernels
import TestSupport
import Tensors
import Testing

@Suite("Squashed normal actions on a tape")
struct NormalOperationTests {
  private let noise: [Float] = [0.3, -1.2, 0.8, 2.1, -0.4, 0.05, -0.9, 1.4, 0.6, -2.0, 0.7, -0.1]
  private let mask: [UInt8] = [1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1]
  private let bounds = ck_normal_bounds(low: -20, high: 2)

  @Test(
    "Gradients through actions and their log-probabilities equal central differences", arguments: [0, 1e-6] as [Float],
    [false, true])
  func gradients(correction: Float, masked: Bool) {
    var layout = ParameterLayout()
    let input = layout.add("x", Shape(4, 6), .sonnet)
    let weights: [Float] = [1, -0.5, 0.8, 0.3, -1.1, 0.9, 0.4, -0.7, 1.2, 0.2, -0.6, 0.5]
    let error = gradientError(layout, elementsPerParameter: 24) { tape in
      let (action, logProbability) = squashedNormalSample(
        tape.tensor(input), noise: noise, mask: masked ? mask : nil, bounds: bounds, correction: correction)
      return weightedSum(action, weights) + weightedSum(logProbability, weights)
    }
    #expect(error <= 5e-3)
  }

  @Test("The log-probability is that of the action")
  func density() {
    let tape = Tape()
    tape.begin(values: ParameterBuffer(ParameterLayout()))
    let x = tape.constant((0..<24).map { Float($0 * 5 % 7) / 4 - 0.8 }, Shape(4, 6))
    let (action, logProbability) = squashedNormalSample(
      x, noise: noise, mask: mask, bounds: bounds, correction: 0)
    let u = tape.constant(Shape(4, 3)).values
    ck_squashed_normal_sample(u, x.values, noise, mask, 4, 3, bounds)
    let expected = squashedNormalLogProbability(x, of: u, mask: mask, bounds: bounds)
    #expect(relativeError(logProbability.values, (0..<4).map { expected.values[$0] }) <= 1e-6)
    ck_tanh_forward(u, u, 12)
    #expect((0..<12).allSatisfy { action.values[$0] == u[$0] })
  }
}
