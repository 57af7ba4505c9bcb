import CKernels
import Engine
import Environments
import Layers
import Replay
import Tensors

/// A shard's part of an update: some tasks whole, `batch` rows of each, task by task. Its tape lives through the phases
/// of the update.
final class SACShard {
  let tasks: Range<Int>
  let actorGradient, criticGradient: ParameterBuffer
  /// Of each of the shard's tasks, sums over its rows.
  private(set) var sums: [Sums]
  private(set) var losses = Losses()
  var sampleTime = Stopwatch(), forwardTime = Stopwatch(), backwardTime = Stopwatch(), optimizeTime = Stopwatch()

  struct Sums {
    var logProbability = 0.0, value = 0.0, criticLoss = 0.0

    /// Before the first update.
    static let unknown = Sums(logProbability: .nan, value: .nan, criticLoss: .nan)
  }

  struct Losses {
    var actor = Double.nan
    var critics = (Double.nan, Double.nan)
  }

  private let tape = Tape()
  private let batch: Int
  private var rows: Int { tasks.count * batch }
  private let indices: UnsafeMutableBufferPointer<UInt32>
  private var state: State?

  /// What phases of one update hand on.
  private struct State {
    let transitions: TaskReplay.Batch
    let taskRows: TaskRows
    let mask: UnsafePointer<UInt8>
    let observation, next: Tensor
    let action, logProbability: Tensor
  }

  init(tasks: Range<Int>, batch: Int, actor: ParameterLayout, critic: ParameterLayout) {
    (self.tasks, self.batch) = (tasks, batch)
    (actorGradient, criticGradient) = (ParameterBuffer(actor), ParameterBuffer(critic))
    sums = Array(repeating: .unknown, count: tasks.count)
    indices = .allocate(capacity: batch)
    indices.initialize(repeating: 0)
  }

  deinit { indices.deallocate() }

  var tapeCapacity: Int { tape.capacity }

  /// Adds the block's transitions to the replay, step by step.
  func collect(_ block: RoundBlock, columnTasks: ArraySlice<Int>, into replay: TaskReplay) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: block.dimension) { action in
      for step in 0..<block.steps {
        for (column, task) in columnTasks.enumerated() {
          let next = (step + 1) * block.columns + column
          if block.valid[next] == 0 { continue }
          ck_tanh_forward(action.baseAddress!, block.box + next * block.dimension, block.dimension)
          // Where the episode was cut off, what followed was its last observation, not the next episode's first.
          let following =
            block.isTruncated(step: step, column: column)
            ? block.finalObservation(leaf: 0, step: step, column: column)
            : block.observation(leaf: 0, step: step + 1, column: column)
          replay.append(
            task: task, observation: block.observation(leaf: 0, step: step, column: column).floats,
            action: action.baseAddress!, reward: block.reward[next], next: following.floats,
            terminated: block.terminated[next] != 0)
        }
      }
    }
  }

  /// Draws the batch, and lets the policy act on it: log pi(a|s) for a ~ pi(s).
  func evaluatePolicy(_ sac: SAC, update: Int, routes: UnsafePointer<Int32>?) {
    actorGradient.zero()
    criticGradient.zero()
    tape.begin(values: sac.actor.parameters, gradients: actorGradient)
    let (transitions, taskRows, mask) = sampleTime.time { draw(sac, update: update, routes: routes) }
    let observation = Tensor(transitions.observation, Shape(rows, sac.replay.observation))
    let next = Tensor(transitions.next, Shape(rows, sac.replay.observation))
    let (action, logProbability) = forwardTime.time {
      sac.sample(observation, taskRows, noise: noise(sac, step: 2 * update), mask: mask, tape)
    }
    for index in 0..<tasks.count {
      sums[index] = Sums(logProbability: ck_sum(logProbability.values + index * batch, batch))
    }
    state = State(
      transitions: transitions, taskRows: taskRows, mask: mask, observation: observation, next: next, action: action,
      logProbability: logProbability)
  }

  /// Gradients of the losses, with the new temperatures alpha_i and the weights w_i of the tasks:
  ///
  ///     J_pi = mean w_i (alpha_i log pi(a~|s) - min_k Q_k(s, a~)), a~ ~ pi(s)
  ///     J_Qk = mean w_i (Q_k(s, a) - y)^2, y from `targets`
  func differentiate(_ sac: SAC, update: Int, alpha: [Float], weights: [Float]) {
    guard let state else { preconditionFailure("the policy is evaluated first") }
    let (rowAlpha, rowWeight) = (perRow(alpha), perRow(weights))
    let loss = forwardTime.time {
      let target = targets(sac, state, update: update, alpha: rowAlpha)
      // Critics are constants to the policy: no gradient of their weights is computed.
      let value = tape.with(values: sac.critics.parameters) {
        let (first, second) = sac.values(tape.concatenate(state.observation, state.action), state.taskRows, tape)
        return tape.minimum(first, second)
      }
      let (logWeights, valueWeights) = (tape.memory(rows, of: Float.self), tape.memory(rows, of: Float.self))
      let errorWeights = tape.memory(rows, of: Float.self)
      for row in 0..<rows {
        let weight = rowWeight[row] / sac.rowsOfLoss
        // Twice, as the loss below is half of a square.
        (logWeights[row], valueWeights[row], errorWeights[row]) = (weight * rowAlpha[row], -weight, 2 * weight)
      }
      let actorLoss = tape.add(
        tape.sum(state.logProbability, weights: logWeights), tape.sum(value, weights: valueWeights))

      let taken = tape.concatenate(
        state.observation, Tensor(state.transitions.action, Shape(rows, sac.replay.action)))
      let (first, second) = tape.with(values: sac.critics.parameters, gradients: criticGradient) {
        sac.values(taken, state.taskRows, tape)
      }
      let firstLoss = tape.halfSquaredError(first, target: target, weights: errorWeights)
      let secondLoss = tape.halfSquaredError(second, target: target, weights: errorWeights)
      losses = Losses(
        actor: Double(actorLoss.values[0]),
        critics: (Double(firstLoss.values[0]), Double(secondLoss.values[0])))
      note(first, target)
      return tape.add(actorLoss, tape.add(firstLoss, secondLoss))
    }
    backwardTime.time { tape.backward(from: loss) }
  }

  /// r + gamma (min Q'(s', a') - alpha log pi(a'|s')), a' ~ pi(s'); the second part is missing where an episode terminated.
  private func targets(_ sac: SAC, _ state: State, update: Int, alpha: UnsafePointer<Float>) -> UnsafePointer<Float> {
    tape.withoutGradient {
      let (action, logProbability) = sac.sample(
        state.next, state.taskRows, noise: noise(sac, step: 2 * update + 1), mask: state.mask, tape)
      let (first, second) = tape.with(values: sac.critics.targets) {
        sac.values(tape.concatenate(state.next, action), state.taskRows, tape)
      }
      let target = tape.memory(rows, of: Float.self)
      for row in 0..<rows {
        let value = min(first.values[row], second.values[row]) - alpha[row] * logProbability.values[row]
        let continues = 1 - state.transitions.terminated[row]
        target[row] = state.transitions.reward[row] + sac.configuration.discount * continues * value
      }
      return UnsafePointer(target)
    }
  }

  private func draw(
    _ sac: SAC, update: Int, routes: UnsafePointer<Int32>?
  ) -> (TaskReplay.Batch, TaskRows, UnsafePointer<UInt8>) {
    let replay = sac.replay
    let transitions = TaskReplay.Batch(
      observation: tape.memory(rows * replay.observation, of: Float.self),
      action: tape.memory(rows * replay.action, of: Float.self), reward: tape.memory(rows, of: Float.self),
      next: tape.memory(rows * replay.observation, of: Float.self), terminated: tape.memory(rows, of: Float.self))
    let task = tape.memory(rows, of: Int32.self)
    let mask = tape.memory(rows * replay.action, of: UInt8.self)
    for (index, number) in tasks.enumerated() {
      sac.randomness.indices(task: number, update: update, below: sac.transitions(task: number), into: indices)
      replay.gather(task: number, indices: UnsafeBufferPointer(indices), into: transitions, row: index * batch)
      for row in index * batch..<(index + 1) * batch {
        task[row] = Int32(number)
        for (dimension, allowed) in sac.masks[number].enumerated() {
          mask[row * replay.action + dimension] = allowed ? 1 : 0
        }
      }
    }
    return (transitions, TaskRows(tasks: sac.masks.count, task: task, routes: routes), UnsafePointer(mask))
  }

  private func noise(_ sac: SAC, step: Int) -> UnsafePointer<Float> {
    let count = batch * sac.replay.action
    let noise = tape.memory(tasks.count * count, of: Float.self)
    for (index, task) in tasks.enumerated() {
      sac.randomness.noise(
        task: task, step: step, into: UnsafeMutableBufferPointer(start: noise + index * count, count: count))
    }
    return UnsafePointer(noise)
  }

  private func perRow(_ numbers: [Float]) -> UnsafePointer<Float> {
    let result = tape.memory(rows, of: Float.self)
    for (index, task) in tasks.enumerated() {
      (result + index * batch).update(repeating: numbers[task], count: batch)
    }
    return UnsafePointer(result)
  }

  private func note(_ value: Tensor, _ target: UnsafePointer<Float>) {
    for index in 0..<tasks.count {
      for row in index * batch..<(index + 1) * batch {
        let error = Double(value.values[row] - target[row])
        sums[index].value += Double(value.values[row])
        sums[index].criticLoss += error * error
      }
    }
  }
}

extension UnsafeMutableRawPointer {
  fileprivate var floats: UnsafePointer<Float> { UnsafePointer(assumingMemoryBound(to: Float.self)) }
}
