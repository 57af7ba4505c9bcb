/// How long a worker may take, in seconds.
struct WorkerDeadlines {
  /// Imports, which take seconds when many workers start on few cores.
  var start = 60.0
  /// To make, reset or step one environment.
  var step = 30.0
  /// To close one environment when the worker is asked to end; it is killed after that.
  var close = 5.0
  /// Whether `step` is a setting of the user's.
  private(set) var areSetting = false

  /// The same with the user's own limit for `step`, where there is one.
  func with(step: Double?) -> WorkerDeadlines {
    guard let step else { return self }
    var own = self
    (own.step, own.areSetting) = (step, true)
    return own
  }
}
