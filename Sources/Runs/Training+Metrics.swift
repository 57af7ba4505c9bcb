import Algorithms
import Engine
import Environments
import Returns

extension Training {
  /// Whether `metrics.jsonl` has a line after a round: where the steps pass a multiple of `metricsEvery`, and at the
  /// end.
  func isLogged(round: Int) -> Bool {
    let (size, every) = (agent.shape.stepsPerRound, agent.configuration.metricsEvery)
    return (round + 1) * size / every > round * size / every || round + 1 == agent.rounds
  }

  /// The numbers of a line of `metrics.jsonl`, after a round that has just ended. They depend on nothing but the run's
  /// settings: neither on time, nor on when it was stopped and resumed.
  ///
  /// - Parameter recent: Each task's last episodes, those of the round included.
  func metrics(round: Int, recent: [Run.RecentEpisodes]) -> StepLog.Numbers {
    let learned = agent.learner.metrics
    var numbers = learned.overall.map { ($0.name, $0.value) }
    let losses = losses(inRound: round)
    for (index, task) in agent.taskSet.tasks.enumerated() {
      let score = Estimate.mean(ofEpisodes: recent[index].scores)
      numbers += [
        ("\(task.id)/episodes", Double(recent[index].count)), ("\(task.id)/return", score.estimate),
        ("\(task.id)/return_low", score.low), ("\(task.id)/return_high", score.high),
      ]
      if task.hasSuccessRule {
        numbers.append(("\(task.id)/success", recent[index].success ?? .nan))
      }
      if losses[index].lost > 0 {
        numbers.append(("\(task.id)/worker_restarts", Double(losses[index].restarts)))
        numbers.append(("\(task.id)/steps_lost", Double(losses[index].lost)))
        numbers.append(("\(task.id)/given_up", losses[index].quarantined ? 1 : 0))
      }
      if let normalized = task.scores?.normalized(score.estimate) {
        numbers.append(("\(task.id)/normalized", normalized))
      }
      numbers += learned.tasks[index].map { ("\(task.id)/\($0.name)", $0.value) }
    }
    return numbers
  }
}
