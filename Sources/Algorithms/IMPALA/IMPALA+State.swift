import Engine
import Layers
import Returns
import Tensors

extension IMPALA {
  public var parameterCount: Int { layout.parameterCount }

  public var metrics: LearnerMetrics {
    var metrics = LearnerMetrics(tasks: popArt.mu.count)
    let last = statistics
    metrics.overall = [
      ("loss/policy", last.policyLoss), ("loss/value", last.valueLoss), ("policy/entropy", last.entropy),
      ("gradient/norm", last.gradientNorm), ("policy/largest_log_rho", Double(last.largestLogRho)),
    ]
    if let cosines = last.gradientCosines { metrics.add(cosines: cosines) }
    for task in metrics.tasks.indices {
      if configuration.values == .popArt {
        metrics.tasks[task] += [("mu", popArt.mu[task]), ("sigma", popArt.sigma(task))]
      }
      if task < last.taskGradientNorm.count {
        metrics.tasks[task].append(("gradient_norm", last.taskGradientNorm[task]))
      }
    }
    return metrics
  }

  public func saveModel(into archive: inout StateArchive) {
    archive.add(newest)
    archive.add("popart.mu", popArt.mu)
    archive.add("popart.nu", popArt.nu)
  }

  public func saveTraining(into archive: inout StateArchive) {
    archive.add(optimizer.meanSquare, prefix: "mean_square.")
    if let momentum = optimizer.momentum { archive.add(momentum, prefix: "momentum.") }
  }

  public func restoreModel(from archive: StateArchive) throws(EngineError) {
    let tasks = popArt.mu.count
    let mu = try archive.doubles("popart.mu", count: tasks)
    let nu = try archive.doubles("popart.nu", count: tasks, in: 0 ... .infinity)
    try restore(popArt: PopArt(mu: mu, nu: nu, configuration.popArt)) { buffer throws(EngineError) in
      try archive.restore(buffer)
    }
  }

  public func restoreTraining(from archive: StateArchive) throws(EngineError) {
    try archive.restore(optimizer.meanSquare, prefix: "mean_square.", isSquare: true)
    if let momentum = optimizer.momentum { try archive.restore(momentum, prefix: "momentum.") }
  }
}
