import CKernels
import Engine
import Environments
import Replay
import Tensors

/// What one shard of a replay learner keeps: some whole tasks, and a tape that lives through the phases of an update.
/// Written by the thread that works on the shard.
final class ReplayShard<Evaluation> {
  let index: Int
  let tasks: Range<Int>
  let tape = Tape()
  /// The update that is under way, and what its first phase found out.
  private(set) var batch: ReplayBatch?
  var evaluation: Evaluation?
  var sampleTime = Stopwatch(), forwardTime = Stopwatch(), backwardTime = Stopwatch(), optimizeTime = Stopwatch()

  private let places: UnsafeMutableBufferPointer<UInt32>

  init(_ index: Int, tasks: Range<Int>, batch: Int) {
    (self.index, self.tasks) = (index, tasks)
    places = .allocate(capacity: batch)
    places.initialize(repeating: 0)
  }

  deinit { places.deallocate() }

  /// Adds the block's transitions to the replay, step by step.
  func collect(_ block: RoundBlock, columnTasks: ArraySlice<Int>, into replay: TaskReplay) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: replay.action) { buffer in
      let action = buffer.baseAddress!
      for step in 0..<block.steps {
        for (column, task) in columnTasks.enumerated() {
          let next = (step + 1) * block.columns + column
          if block.valid[next] == 0 { continue }
          if block.dimension > 0 {
            ck_tanh_forward(action, block.box + next * block.dimension, block.dimension)
          } else {
            for choice in 0..<replay.action { action[choice] = choice == block.action[next] ? 1 : 0 }
          }
          // Where the episode was cut off, what followed was its last observation, not the next episode's first.
          let following =
            block.isTruncated(step: step, column: column)
            ? block.finalObservation(leaf: 0, step: step, column: column)
            : block.observation(leaf: 0, step: step + 1, column: column)
          replay.append(
            task: task, observation: block.observation(leaf: 0, step: step, column: column).floats, action: action,
            reward: block.reward[next], next: following.floats, terminated: block.terminated[next] != 0)
        }
      }
    }
  }

  /// Draws the batch of an update into the memory of the tape.
  func draw(update: Int, round: Int, from trainer: ReplayTrainer<Evaluation>) -> ReplayBatch {
    let (replay, size) = (trainer.replay, places.count)
    let rows = tasks.count * size
    let (observation, next) = (
      tape.constant(Shape(rows, replay.observation)), tape.constant(Shape(rows, replay.observation))
    )
    let action = tape.constant(Shape(rows, replay.action))
    let (reward, terminated) = (tape.constant(Shape(rows)), tape.constant(Shape(rows)))
    let transitions = TaskReplay.Batch(
      observation: observation.values, action: action.values, reward: reward.values, next: next.values,
      terminated: terminated.values)
    let task = tape.memory(rows, of: Int32.self)
    let mask = tape.memory(rows * replay.action, of: UInt8.self)
    for (index, number) in tasks.enumerated() {
      trainer.randomness.indices(task: number, update: update, below: trainer.available(number), into: places)
      replay.gather(task: number, indices: UnsafeBufferPointer(places), into: transitions, row: index * size)
      let allowed = trainer.tasks[number].actionMask
      for row in index * size..<(index + 1) * size {
        task[row] = Int32(number)
        for (index, isAllowed) in allowed.enumerated() {
          mask[row * replay.action + index] = isAllowed ? 1 : 0
        }
      }
    }
    let batch = ReplayBatch(
      tape: tape, shard: index, tasks: tasks, size: size, update: update, round: round,
      observation: observation, next: next, action: action, reward: reward, terminated: terminated,
      task: UnsafePointer(task), mask: UnsafePointer(mask), randomness: trainer.randomness)
    self.batch = batch
    return batch
  }
}

extension UnsafeMutableRawPointer {
  fileprivate var floats: UnsafePointer<Float> { UnsafePointer(assumingMemoryBound(to: Float.self)) }
}
