import Layers
import Returns
import Tensors

/// What belongs to one task alone: its value head, and the statistics of its returns.
extension IMPALA {
  /// Moves mu and nu by the columns' moments, in column order, and rescales the heads of the tasks that had any.
  func moveStatistics(rescaling parameters: ParameterBuffer) {
    before.copy(from: popArt)
    for shard in shards { popArt.update(UnsafeBufferPointer(shard.moments)) }
    guard configuration.popArt.preservesOutputs else { return }
    let (weight, bias) = (parameters[network.values.weight], parameters[network.values.bias])
    let inputs = network.values.weight.shape[1]
    for task in tasks.indices where popArt.mu[task] != before.mu[task] || popArt.nu[task] != before.nu[task] {
      popArt.preserveOutputs(
        of: task, from: before, weight: weight.baseAddress! + task * inputs, bias: bias.baseAddress! + task,
        inputs: inputs)
    }
  }

  /// All parameters but the heads of tasks without a valid step, whose optimiser slots must not decay either.
  func forEachTouchedRange(_ body: (Range<Int>) -> Void) {
    var start = 0
    /// Leaves out the rows of absent tasks; parameters are given in the order in which they lie.
    func leaveOut(_ heads: Parameter) {
      let size = heads.shape.count / tasks.count
      for task in tasks.indices where !shards.contains(where: { $0.hasValidStep(of: task) }) {
        let row = heads.offset + task * size
        if start < row { body(start..<row) }
        start = row + size
      }
    }
    if configuration.values != .shared {
      leaveOut(network.values.weight)
      leaveOut(network.values.bias)
    }
    if start < layout.extent { body(start..<layout.extent) }
  }
}
