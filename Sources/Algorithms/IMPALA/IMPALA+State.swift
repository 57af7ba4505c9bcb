import Engine
import Environments
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
        metrics.tasks[task] += [
          ("mu", popArt.mu[task]), ("sigma", popArt.sigma(task)),
          ("sigma_at_bound", popArt.bound(task) == nil ? 0 : 1),
        ]
        if let bound = popArt.bound(task) { metrics.remarks.append(remark(task, at: bound)) }
      }
      if task < last.taskGradientNorm.count {
        metrics.tasks[task].append(("gradient_norm", last.taskGradientNorm[task]))
      }
    }
    return metrics
  }

  private func remark(_ task: Int, at bound: PopArt.Bound) -> String {
    let id = tasks[task].id
    switch bound {
    case .lower:
      return
        "\(id): returns differ by less than popart-lower-bound, \(configuration.popArt.lowerBound), and are hardly learned "
        + "from: lower it, or scale rewards up (--wrap reward-scale:1000)"
    case .upper:
      return
        "\(id): returns differ by more than popart-upper-bound, \(configuration.popArt.upperBound): raise it, or scale "
        + "rewards down (--wrap reward-scale:0.001)"
    case .resolution:
      return
        "\(id): returns of about \(popArt.mu[task]) differ by less than a millionth of that, too little for Float32: take what "
        + "every step pays out of the rewards"
    }
  }

  public func saveModel(into archive: inout StateArchive) {
    archive.add(newest)
    archive.add("popart.mu", popArt.mu)
    archive.add("popart.nu", popArt.nu)
    archive.add("popart.weight", popArt.weight)
  }

  public func saveTraining(into archive: inout StateArchive) {
    archive.add(optimizer.meanSquare, prefix: "mean_square.")
    if let momentum = optimizer.momentum { archive.add(momentum, prefix: "momentum.") }
  }

  public func restoreModel(from archive: StateArchive) throws(EngineError) {
    let tasks = popArt.mu.count
    let mu = try archive.doubles("popart.mu", count: tasks)
    let nu = try archive.doubles("popart.nu", count: tasks, in: 0 ... .infinity)
    let weight = try archive.doubles("popart.weight", count: tasks, in: 0...1)
    try restore(popArt: PopArt(mu: mu, nu: nu, weight: weight, configuration.popArt)) { buffer throws(EngineError) in
      try archive.restore(buffer)
    }
  }

  public func restoreTraining(from archive: StateArchive) throws(EngineError) {
    try archive.restore(optimizer.meanSquare, prefix: "mean_square.", isSquare: true)
    if let momentum = optimizer.momentum { try archive.restore(momentum, prefix: "momentum.") }
  }
}
