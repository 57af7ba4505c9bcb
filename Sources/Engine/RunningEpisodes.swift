import Environments

/// The episodes that are going on, one per column. Scores are sums of rewards, and span the lives of a game.
final class RunningEpisodes {
  private let columns: Int
  private let score: UnsafeMutablePointer<Double>
  private let length: UnsafeMutablePointer<Int>
  /// A `SuccessFlag` of all steps so far.
  private let success: UnsafeMutablePointer<UInt8>
  /// After the last step.
  private let lives: UnsafeMutablePointer<Int16>

  init(columns: Int) {
    func memory<Element>(_ value: Element) -> UnsafeMutablePointer<Element> {
      let pointer = UnsafeMutablePointer<Element>.allocate(capacity: columns)
      pointer.initialize(repeating: value, count: columns)
      return pointer
    }
    self.columns = columns
    (score, length, success, lives) = (memory(0), memory(0), memory(SuccessFlag.silent), memory(0))
  }

  deinit {
    score.deallocate()
    length.deallocate()
    success.deallocate()
    lives.deallocate()
  }

  /// Adds one step.
  /// - Returns: the number of steps so far.
  func add(reward: Float, success flag: UInt8, column: Int) -> Int {
    score[column] += Double(reward)
    length[column] += 1
    success[column] = SuccessFlag.joined(success[column], flag)
    return length[column]
  }

  /// Whether a step that left `now` lives took one of several.
  func losesLife(now: Int16, column: Int) -> Bool {
    defer { lives[column] = now }
    return now > 0 && now < lives[column]
  }

  /// The episode of `column`, which is column `first + column` of the run, as it stands.
  func record(column: Int, first: Int, task: Int, isCut: Bool) -> EpisodeRecord {
    EpisodeRecord(
      task: task, column: first + column, score: score[column], length: length[column],
      success: SuccessFlag.meaning(of: success[column]), isCut: isCut)
  }

  /// Begins the next episode of `column`.
  func begin(column: Int) { (score[column], length[column], success[column]) = (0, 0, SuccessFlag.silent) }

  func save(into archive: inout StateArchive, name: String) {
    archive.add("\(name).episode_score", UnsafeBufferPointer(start: score, count: columns))
    archive.add("\(name).episode_length", UnsafeBufferPointer(start: length, count: columns))
    archive.add("\(name).episode_success", UnsafeBufferPointer(start: success, count: columns))
    archive.add("\(name).lives", UnsafeBufferPointer(start: lives, count: columns))
  }

  /// - Throws: `EngineError.badState` where no episode can have such numbers.
  func restore(from archive: StateArchive, name: String) throws {
    try archive.restore("\(name).episode_score", to: UnsafeMutableBufferPointer(start: score, count: columns))
    try archive.restore("\(name).episode_length", to: UnsafeMutableBufferPointer(start: length, count: columns))
    try archive.restore("\(name).episode_success", to: UnsafeMutableBufferPointer(start: success, count: columns))
    try archive.restore("\(name).lives", to: UnsafeMutableBufferPointer(start: lives, count: columns))
    for column in 0..<columns
    where !score[column].isFinite || !(0...1 << 53).contains(length[column]) || success[column] > SuccessFlag.silent {
      throw EngineError.badState(
        "\(name) has an episode of score \(score[column]), length \(length[column]) and success "
          + "\(success[column]), which no episode has")
    }
  }
}
