extension SAC.Configuration {
  /// What every replay learner has of the hyperparameters.
  var replayed: ReplayConfiguration {
    var replayed = ReplayConfiguration()
    (replayed.batch, replayed.capacity, replayed.warmUp) = (batch, replay, warmUp)
    (replayed.playsRandomly, replayed.updates) = (warmUpPolicy == .uniform, updates)
    (replayed.sharesIndices, replayed.aggregation) = (sharesIndices, aggregation)
    (replayed.learningRate, replayed.adam, replayed.targetRate) = (learningRate, adam, targetRate)
    replayed.gradientNorm = gradientNorm
    return replayed
  }
}
