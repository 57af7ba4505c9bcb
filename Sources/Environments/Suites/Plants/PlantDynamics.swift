import Tensors

/// A plant as the rules of a batch of slots.
struct PlantDynamics<P: Plant>: SlotDynamics {
  struct Slot: SlotState {
    var step: UInt64 = 0
    var episodeStep: Int64 = 0
    var state: P.State
  }

  let plant: P

  var horizon: Int { plant.horizon }
  var blank: Slot { Slot(state: plant.initial(.zero)) }

  func begin(_ slot: inout Slot, _ stream: RandomStream) {
    var uniform = SIMD8<Float>()
    withUnsafeMutableBytes(of: &uniform) {
      stream.uniform(step: slot.step, into: $0.baseAddress!.assumingMemoryBound(to: Float.self), count: 8)
    }
    slot.state = plant.initial(SIMD8(uniform))
  }

  func step(_ slot: inout Slot, _ action: ActionRows, row: Int, _ stream: RandomStream) -> StepOutcome {
    var numbers = SIMD4<Double>.zero
    switch P.action {
    case .discrete: numbers[0] = Double(action.discrete![row])
    case .box(let dimension):
      for d in 0..<dimension { numbers[d] = Double(action.box![row * dimension + d]).clamped(-1, 1) }
    }
    return plant.step(&slot.state, numbers)
  }

  func observe(_ slot: Slot, into rows: ObservationRows, row: Int) {
    plant.observe(slot.state, into: rows.leaves[0].assumingMemoryBound(to: Float.self) + row * P.observed.count)
  }

  func problem(of slot: Slot) -> String? {
    plant.allows(slot.state) ? nil : "it is in a state where no episode goes on, \(slot.state)"
  }
}
