import CKernels
import Engine
import Tensors

extension SAC {
  /// Means over a task's rows of a batch; NaN before the first update.
  struct TaskStatistics {
    /// Of log pi(a~|s).
    var logProbability: Double
    /// Of Q_1(s, a), and of its squared distance from y.
    var value, squaredError: Double

    static let unknown = TaskStatistics(logProbability: .nan, value: .nan, squaredError: .nan)
  }

  func note(logPi: Tensor, _ batch: ReplayBatch) {
    for task in batch.tasks {
      let sum = ck_sum(logPi.values + batch.rows(of: task).lowerBound, batch.size)
      statistics[task].logProbability = sum / Double(batch.size)
    }
  }

  func note(value: Tensor, targets y: Tensor, _ batch: ReplayBatch) {
    for task in batch.tasks {
      var (sum, squares) = (0.0, 0.0)
      for row in batch.rows(of: task) {
        let error = Double(value.values[row] - y.values[row])
        sum += Double(value.values[row])
        squares += error * error
      }
      statistics[task].value = sum / Double(batch.size)
      statistics[task].squaredError = squares / Double(batch.size)
    }
  }

  /// Of the last update; NaN before the first, also after a resume.
  public var metrics: LearnerMetrics {
    var metrics = LearnerMetrics(tasks: alpha.count)
    let agents = Double(agents)
    metrics.overall = [
      ("updates", Double(trainer.updates)), ("loss/policy", policy.loss / agents),
      ("loss/critic", q1.loss / agents), ("gradient/policy", policy.gradientNorm),
      ("gradient/critic", q1.gradientNorm),
    ]
    for (task, statistics) in statistics.enumerated() {
      metrics.tasks[task] = [
        ("alpha", Double(alpha[task])), ("weight", Double(weights[task])), ("entropy", -statistics.logProbability),
        ("q", statistics.value), ("loss", statistics.squaredError),
      ]
      if let controller { metrics.tasks[task].append(("route_entropy", controller.entropy(task))) }
    }
    trainer.addGradients(to: &metrics)
    return metrics
  }
}
