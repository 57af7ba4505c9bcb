import Environments

/// The environments of one task in a group, and the rows of a block that are theirs.
struct EnvironmentBatch {
  let environment: any Environment
  let task: Task
  /// First column within the group.
  let column: Int
  private let observation, finalObservation: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>

  init(_ environment: any Environment, task: Task, column: Int, leaves: Int) {
    (self.environment, self.task, self.column) = (environment, task, column)
    (observation, finalObservation) = (.allocate(capacity: leaves), .allocate(capacity: leaves))
  }

  func deallocate() {
    observation.deallocate()
    finalObservation.deallocate()
  }

  /// Columns within the group.
  var columns: Range<Int> { column..<column + environment.slots }

  /// Where observations of row `step` lie in a block whose column `first` is the group's first. Valid until the next
  /// call.
  func rows(of block: RoundBlock, step: Int, first: Int) -> ObservationRows {
    for leaf in observation.indices {
      observation[leaf] = block.observation(leaf: leaf, step: step, column: first + column)
    }
    return ObservationRows(leaves: observation)
  }

  /// Where the last observations of episodes lie that end with the transition out of row `step`.
  func finalRows(of block: RoundBlock, step: Int, first: Int) -> ObservationRows {
    for leaf in finalObservation.indices {
      finalObservation[leaf] = block.finalObservation(leaf: leaf, step: step, column: first + column)
    }
    return ObservationRows(leaves: finalObservation)
  }
}
