import Algorithms
import Engine
import Environments
import Tensors
import Testing

@Suite("Transitions of an unroll")
struct TransitionsTests {
  /// One column of four steps with rewards 1, 2, 4, 8; V is 10, 20, 30, 40 and 50 after the last step.
  private func returns(_ change: (RoundBlock) -> Void, last: Float = 0) -> (returns: [Float], advantages: [Float]) {
    let leaf = ObservationLeaf(name: "x", element: .float32, shape: [1])
    let block = RoundBlock(
      steps: 4, columns: 1, observation: ObservationSpace([leaf]), action: .discrete(2), recurrentSize: 0)
    for (row, reward) in [Float(1), 2, 4, 8].enumerated() {
      (block.reward[row + 1], block.valid[row + 1]) = (reward, 1)
    }
    change(block)
    var layout = ParameterLayout()
    _ = layout.add("none", Shape(1), .zeros)
    let tape = Tape()
    tape.begin(values: ParameterBuffer(layout))
    let value = tape.constant([10, 20, 30, 40, 50], Shape(5))
    let transitions = Transitions(block, value: value.values, discount: 0.5, on: tape) { cut in
      tape.constant(Array(repeating: last, count: cut.count), Shape(cut.count))
    }
    func numbers(_ x: Tensor) -> [Float] { (0..<x.count).map { x.values[$0] } }
    return (numbers(transitions.returns()), numbers(transitions.advantages(lambda: 1)))
  }

  @Test("Returns go to the end of the unroll, where V stands for the rest; with lambda 1 an advantage is G - V")
  func plain() {
    let (returns, advantages) = returns { _ in }
    #expect(returns == [7.125, 12.25, 20.5, 33])
    #expect(advantages == [-2.875, -7.75, -9.5, -7])
  }

  @Test("Nothing follows a terminal step, and what follows one that was cut off is its last observation's value")
  func ends() {
    let terminal = returns { block in (block.terminated[2], block.isFirst[2]) = (1, 1) }
    #expect(terminal.returns == [2, 2, 20.5, 33])
    let cut = returns({ block in block.isFirst[2] = 1 }, last: 6)
    #expect(cut.returns == [3.5, 5, 20.5, 33])
  }

  @Test("A step that was lost has no advantage, and the step before it sees V of where it was")
  func lost() {
    // A lost step ends its episode: reward 0, truncated, not valid.
    let (returns, advantages) = returns { block in
      (block.valid[3], block.reward[3], block.isFirst[3]) = (0, 0, 1)
    }
    #expect(returns == [9.5, 17, 30, 33])
    #expect(advantages[2] == 0 && advantages[1] == -3)
  }
}
