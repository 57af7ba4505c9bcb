import Layers
import Returns
import Tensors
import TestSupport
import Testing

@testable import Algorithms

@Suite("IMPALA's loss")
struct IMPALALossTests {
  @Test("Terms and gradients equal rlax and jax", arguments: Golden("losses").cases)
  func golden(case golden: Golden) throws {
    let (steps, columns, actions) = (golden.int("steps"), golden.int("batch"), golden.int("actions"))
    let count = steps * columns
    let discount = golden.floats("discount")
    var configuration = IMPALA.Configuration()
    configuration.values = .popArt
    configuration.discount = try #require(discount.max())
    configuration.entropyCost = golden.float("entropy_cost")
    configuration.baselineCost = golden.float("value_cost")
    let (mu, sigma) = (golden.doubles("mu"), golden.doubles("sigma"))
    let popArt = PopArt(mu: mu, nu: zip(mu, sigma).map { $0 * $0 + $1 * $1 })

    // The network's outputs are parameters here, so that their gradients can be read.
    var layout = ParameterLayout()
    let logitsParameter = layout.add("logits", Shape(count, actions), .zeros)
    let valueParameter = layout.add("value", Shape(count), .zeros)
    let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
    let (logitsIn, valueIn) = (golden.floats("logits"), golden.floats("normalised_value"))
    (values.values + logitsParameter.offset).update(from: logitsIn, count: logitsIn.count)
    (values.values + valueParameter.offset).update(from: valueIn, count: valueIn.count)
    let tape = Tape()
    tape.begin(values: values, gradients: gradients)
    let (logits, normalized) = (tape.tensor(logitsParameter), tape.tensor(valueParameter))

    let tasks = golden.ints("task")
    let loss = IMPALALoss(configuration: configuration, popArt: popArt, columnTasks: tasks)
    let value = valueIn.enumerated().map { loss.unnormalize($1, tasks[$0 % columns]) }
    let next = golden.floats("next_normalised_value").enumerated().map { loss.unnormalize($1, tasks[$0 % columns]) }
    func array<Element>(_ numbers: [Element]) -> TimeMajor<Element> {
      let memory = tape.memory(count, of: Element.self)
      memory.initialize(from: numbers, count: count)
      return TimeMajor(memory, steps: steps, columns: columns)
    }
    let transitions = IMPALALoss.Transitions(
      behaviour: array(golden.floats("behaviour_log_p")), reward: array(golden.floats("reward")),
      terminated: array(discount.map { UInt8($0 == 0 ? 1 : 0) }),
      ended: array(golden.ints("continues").map { UInt8(1 - $0) }),
      valid: array(golden.ints("valid").map { UInt8($0) }))

    let logPi = logSoftmax(logits, mask: golden.ints("mask").map { UInt8($0) })
    let taken = select(logPi, action: array(golden.ints("action").map { Int32($0) }).start)
    let targets = loss.targets(logPi: taken, value: array(value), nextValue: array(next), transitions)
    #expect(relativeError(targets.vs.start, golden.floats("vs")) <= 1e-5)
    let terms = loss(logPi: taken, entropy: entropy(logPi), n: normalized, targets)
    tape.backward(from: terms.loss)
    for (name, term) in [
      ("loss", terms.loss), ("policy_loss", terms.policy), ("value_loss", terms.value), ("entropy", terms.entropy),
    ] {
      #expect(relativeError(term.values, [golden.float(name)], floor: 1) <= 1e-5, "\(name)")
    }
    #expect(relativeError(gradients.values + logitsParameter.offset, golden.floats("d_logits")) <= 1e-5)
    #expect(relativeError(gradients.values + valueParameter.offset, golden.floats("d_normalised_value")) <= 1e-5)
  }
}
