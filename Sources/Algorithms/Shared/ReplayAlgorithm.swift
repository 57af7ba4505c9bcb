import Engine
import Environments
import Layers
import Replay
import Tensors

/// An algorithm that learns from replayed transitions of many tasks: DQN, DDPG, SAC.
///
/// It gives its networks, how it acts, targets and losses; the rest stands here. A round collects experience, and once
/// every task has warmed up makes some updates, each in the phases of `ReplayPhase`. All losses of an update are made
/// with the parameters before it.
public protocol ReplayAlgorithm: Algorithm {
  /// What the first pass over a batch finds out for the losses; nothing for most.
  associatedtype Evaluation = Void

  /// Networks, replay and state.
  var trainer: ReplayTrainer<Evaluation> { get }

  /// Acts on observations `[columns, S]` with the acting network, whose parameters of `version` the tape has.
  func act(_ observation: Tensor, _ rows: ActorRows, version: Int)

  /// y, the values that critics learn, `[N]`. No gradient flows through them.
  func targets(_ batch: ReplayBatch) -> Tensor

  /// Gives each network of the trainer its loss, by `TrainedNetwork.minimize`.
  func losses(_ batch: ReplayBatch, _ evaluation: Evaluation, targets y: Tensor)

  // MARK: Optional

  /// The first pass over a batch, whose operations are part of the losses' graph.
  func evaluate(_ batch: ReplayBatch) -> Evaluation
  /// The serial step after all shards' first pass of update `update`, counted from 0.
  func adjust(update: Int)

  /// Looks at a shard's new experience as it enters the replay.
  func observe(_ block: RoundBlock, columns: Range<Int>)
  /// The serial step after a round's experience has entered the replay; `version` acted in it, not random play.
  func collected(version: Int)
  /// The serial step that makes version `version` of what the algorithm has beside its networks.
  func publish(version: Int)
}

extension ReplayAlgorithm {
  public func adjust(update: Int) {}
  public func observe(_ block: RoundBlock, columns: Range<Int>) {}
  public func collected(version: Int) {}
  public func publish(version: Int) {}
}

extension ReplayAlgorithm where Evaluation == Void {
  public func evaluate(_ batch: ReplayBatch) {}
}

/// What a round consists of: `collect` once, then the other four for each update.
enum ReplayPhase: Int {
  /// Experience enters the replay. Serial: whether learning may start.
  case collect
  /// Each shard draws its part of the batch and makes the first pass over it. Serial: `adjust`.
  case evaluate
  /// Targets, losses and gradients. Serial: whether all losses are finite.
  case differentiate
  /// Sums over shards, a piece of the parameters each. Serial: clipping.
  case reduce
  /// Optimiser and target networks, a piece of the parameters each.
  case step

  /// Phases of `updates` updates with the collecting before them.
  static func count(updates: Int) -> Int { 1 + 4 * updates }

  /// Phase `number` of a round.
  init(_ number: Int) { self = ReplayPhase(rawValue: number == 0 ? 0 : 1 + (number - 1) % 4)! }
}

extension ReplayAlgorithm {
  public var recurrentSize: Int { 0 }
  public var replay: TaskReplay { trainer.replay }
  public var phases: Int { ReplayPhase.count(updates: trainer.updatesPerRound) }
  public var times: [WorkTime] { trainer.times }
  public var tapeCapacity: Int { trainer.shards.reduce(0) { $0 + $1.tape.capacity } }
  public var parameterCount: Int { trainer.networks.reduce(0) { $0 + $1.parameters.layout.parameterCount } }

  public func waits(for task: Int) -> Bool { trainer.waits(for: task) }

  public func act(_ rows: ActorRows, version: Int, tape: Tape) {
    let acting = trainer.versions[version]
    if acting.isRandom { return rows.actUniformly(in: trainer.tasks[0].action) }
    tape.begin(values: acting.parameters)
    let observation = tape.constant(Shape(rows.columns, replay.observation))
    UnsafeMutableRawPointer(observation.values).copyMemory(
      from: rows.observation(leaf: 0), byteCount: observation.count * 4)
    act(observation, rows, version: version)
  }

  public func work(phase number: Int, shard index: Int, round: Int, block: RoundBlock, tape: Tape) {
    let (phase, shard) = (ReplayPhase(number), trainer.shards[index])
    guard phase == .collect || trainer.isLearning else { return }
    switch phase {
    case .collect:
      let columns = trainer.shape.columns(ofShard: index)
      shard.collect(block, columnTasks: trainer.shape.columnTasks[columns], into: replay)
      observe(block, columns: columns)
    case .evaluate:
      trainer.begin(shard)
      let batch = shard.sampleTime.time { shard.draw(update: trainer.updates, round: round, from: trainer) }
      shard.evaluation = shard.forwardTime.time { evaluate(batch) }
    case .differentiate: differentiate(shard)
    case .reduce:
      shard.optimizeTime.time {
        for network in trainer.networks { network.reduce(piece: index) }
      }
    case .step:
      shard.optimizeTime.time {
        for network in trainer.networks { network.step(trainer.updates + 1, piece: index, trainer.configuration) }
      }
    }
  }

  private func differentiate(_ shard: ReplayShard<Evaluation>) {
    guard let batch = shard.batch, let evaluation = shard.evaluation else {
      preconditionFailure("a batch is drawn before its losses")
    }
    let loss = shard.forwardTime.time {
      let y = shard.tape.withoutGradient { targets(batch) }
      losses(batch, evaluation, targets: y)
      var loss = trainer.networks[0].loss(shard: shard.index)
      for network in trainer.networks.dropFirst() { loss = loss + network.loss(shard: shard.index) }
      return loss
    }
    shard.backwardTime.time { shard.tape.backward(from: loss) }
  }

  public func finish(phase number: Int, round: Int) throws {
    let phase = ReplayPhase(number)
    switch phase {
    case .collect:
      trainer.isLearning = !trainer.tasks.indices.contains(where: waits)
      let acted = max(0, round - trainer.shape.lag)
      if !trainer.versions[acted].isRandom { collected(version: acted) }
    case _ where !trainer.isLearning: break
    case .evaluate: adjust(update: trainer.updates)
    case .differentiate: try trainer.checkFinite()
    case .reduce: trainer.clip()
    case .step: trainer.updates += 1
    }
    if number == phases - 1 {
      trainer.publish(version: round + 1)
      publish(version: round + 1)
    }
  }

  public func saveModel(into archive: inout StateArchive) { trainer.saveModel(into: &archive) }
  public func saveTraining(into archive: inout StateArchive) { trainer.saveTraining(into: &archive) }
  public func restoreModel(from archive: StateArchive) throws(EngineError) { try trainer.restoreModel(from: archive) }
  public func restoreTraining(from archive: StateArchive) throws(EngineError) {
    try trainer.restoreTraining(from: archive)
  }
}
