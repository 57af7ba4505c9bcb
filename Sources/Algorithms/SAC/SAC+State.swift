import Engine
import Environments

extension SAC {
  /// Numbers of an observation and of an action.
  /// - Throws: `EngineError.unsupportedSpace` where tasks don't show one vector and take numbers.
  static func sizes(_ tasks: [Task]) throws(EngineError) -> (observation: Int, action: Int) {
    try accepts.check(tasks, of: title)
    return (tasks[0].observation.leaves[0].shape[0], tasks[0].action.dimension)
  }

  public func saveModel(into archive: inout StateArchive) {
    trainer.saveModel(into: &archive)
    controller?.saveModel(into: &archive)
  }

  public func restoreModel(from archive: StateArchive) throws(EngineError) {
    try trainer.restoreModel(from: archive)
    try controller?.restoreModel(from: archive)
  }

  public func saveTraining(into archive: inout StateArchive) {
    trainer.saveTraining(into: &archive)
    archive.add("temperature.log_alpha", temperature.logAlpha)
    archive.add("temperature.first_moment", temperature.firstMoment)
    archive.add("temperature.second_moment", temperature.secondMoment)
    controller?.saveTraining(into: &archive)
  }

  public func restoreTraining(from archive: StateArchive) throws(EngineError) {
    try trainer.restoreTraining(from: archive)
    let count = alpha.count
    temperature.logAlpha = try archive.doubles(
      // Beyond this a temperature is infinite.
      "temperature.log_alpha", count: count, in: -Double.greatestFiniteMagnitude...87)
    temperature.firstMoment = try archive.doubles("temperature.first_moment", count: count)
    temperature.secondMoment = try archive.doubles("temperature.second_moment", count: count, in: 0 ... .infinity)
    takeOverTemperature()
    try controller?.restoreTraining(from: archive)
  }
}
