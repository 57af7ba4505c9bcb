import TestSupport
import Testing

@testable import Environments

/// Episodes of `length` steps in replica 0, one more in replica 1, and so on, however replicas are cut into batches.
private func counting(_ length: Int, waiting: Bool = false, scores: Task.ReferenceScores? = nil) -> Task {
  Task(
    id: "counting", observation: CountingEnvironment.observation, action: .discrete(3), actionMask: [true, true, true],
    scores: scores, parameters: ["length": "\(length)"]
  ) { replicas, _, _ in
    let length = length + replicas.lowerBound
    return waiting
      ? WaitingEnvironment(replicas: replicas, length: length) as any Environment
      : CountingEnvironment(replicas: replicas, length: length)
  }
}

extension Play {
  /// Steps, episodes and actions of a counting environment.
  fileprivate func counts(_ slot: Int = 0) -> [UInt8] { Array(observation[16 * slot..<16 * slot + 3]) }
  fileprivate func finalCounts(_ slot: Int = 0) -> [UInt8] { Array(finalObservation[16 * slot..<16 * slot + 3]) }

  /// Everything that a step gave, final observations where they are defined.
  fileprivate var outcome: [[UInt8]] {
    let size = finalObservation.count / slots
    let finals = (0..<slots).map { ended($0) ? Array(finalObservation[$0 * size..<($0 + 1) * size]) : [] }
    return [observation, reward.withUnsafeBytes { Array($0) }, terminated, truncated, success] + finals
  }
}

@Suite("Wrappers")
struct WrapperTests {
  private func wrappers(_ text: String) throws -> [Wrapper] {
    try text.split(separator: ",").map { try Wrapper("\($0)") }
  }

  @Test("A repeated action stops where its episode ends, in each slot for itself")
  func actionRepeat() throws {
    let play = try Play(counting(3).wrapped(by: .actionRepeat(2)), replicas: 0..<2)
    try play.step([1, 2])
    #expect(play.reward == [2, 4] && !play.ended(0) && !play.ended(1))
    #expect(play.counts(0) == [2, 0, 2] && play.counts(1) == [2, 0, 4])
    try play.step([1, 2])
    #expect(play.reward == [1, 4] && play.terminated == [1, 1])
    #expect(play.finalCounts(0) == [3, 0, 3] && play.finalCounts(1) == [4, 0, 8])
    #expect(play.counts(0) == [0, 1, 3] && play.counts(1) == [0, 1, 8])
    try play.step([2, 1])
    #expect(play.reward == [4, 2] && play.counts(0) == [2, 1, 7] && play.counts(1) == [2, 1, 10])
    try play.step([2, 0])
    #expect(play.reward == [2, 0] && play.truncated == [1, 1] && play.terminated == [0, 0])
  }

  @Test("A skipped frame is the maximum of the action's last two, never of another episode's")
  func frameSkip() throws {
    let play = try Play(counting(5).wrapped(by: .frameSkip(3)))
    try play.step([2])
    #expect(play.counts() == [3, 0, 6])
    try play.step([-1])
    #expect(play.ended(0) && play.finalCounts() == [5, 0, 5] && play.counts() == [0, 1, 4])
    try play.step([-1])
    #expect(play.counts() == [3, 1, 2] && play.reward == [-3])
    let other = try Play(counting(5).wrapped(by: .frameSkip(4)))
    try other.step([2])
    try other.step([-1])
    #expect(other.ended(0) && other.finalCounts() == [5, 0, 7], "one step of the action, alone")
  }

  @Test("Stacked frames are oldest first, and an episode begins with its first one only")
  func frameStack() throws {
    let task = try counting(2).wrapped(by: .frameStack(3))
    #expect(task.observation.leaves[0].shape == [4, 4, 3] && task.observation.leaves[0].isImage)
    let play = try Play(task)
    func steps(_ image: [UInt8]) -> [UInt8] { Array(image[0..<3]) }
    func episodes(_ image: [UInt8]) -> [UInt8] { Array(image[3..<6]) }
    #expect(steps(play.observation) == [0, 0, 0])
    try play.step([1])
    #expect(steps(play.observation) == [0, 0, 1])
    try play.step([1])
    #expect(steps(play.finalObservation) == [0, 1, 2] && steps(play.observation) == [0, 0, 0])
    #expect(episodes(play.finalObservation) == [0, 0, 0] && episodes(play.observation) == [1, 1, 1])
    try play.step([1])
    #expect(steps(play.observation) == [0, 0, 1] && episodes(play.observation) == [1, 1, 1])
    // The last row of the image is three more.
    #expect(Array(play.observation[36..<39]) == [3, 3, 4])
  }

  @Test("A time limit truncates, begins the next episode, and leaves ends alone that come as early")
  func timeLimit() throws {
    let play = try Play(counting(2).wrapped(by: .timeLimit(2)), replicas: 0..<2)
    try play.step([1, 1])
    #expect(!play.ended(0) && !play.ended(1))
    try play.step([1, 1])
    #expect(play.terminated == [1, 0] && play.truncated == [0, 1])
    for slot in 0..<2 { #expect(play.finalCounts(slot) == [2, 0, 2] && play.counts(slot) == [0, 1, 2]) }
    try play.step([1, 1])
    #expect(!play.ended(0) && !play.ended(1))
    try play.step([1, 1])
    #expect(play.terminated == [0, 0] && play.truncated == [1, 1])
    for slot in 0..<2 { #expect(play.finalCounts(slot) == [2, 1, 4] && play.counts(slot) == [0, 2, 4]) }
  }

  @Test("Rewards are scaled and limited, in the order given")
  func rewards() throws {
    let scaled = try Play(counting(9).wrapped(by: [.rewardScale(0.25), .rewardClip(low: -1, high: 0.4)]))
    let limited = try Play(counting(9).wrapped(by: [.rewardClip(low: -1, high: 0.4), .rewardScale(0.25)]))
    for (action, first, second) in [(0, 0, 0), (1, 0.25, 0.1), (2, 0.4, 0.1)] as [(Int32, Float, Float)] {
      try scaled.step([action])
      try limited.step([action])
      #expect(scaled.reward == [first] && limited.reward == [second])
    }
  }

  @Test("The order of wrappers matters")
  func order() throws {
    let outer = try Play(counting(100).wrapped(by: [.actionRepeat(2), .timeLimit(3)]))
    for _ in 0..<2 { try outer.step([1]) }
    #expect(!outer.ended(0))
    try outer.step([1])
    #expect(outer.truncated == [1] && outer.finalCounts() == [6, 0, 6] && outer.reward == [2])
    let inner = try Play(counting(100).wrapped(by: [.timeLimit(3), .actionRepeat(2)]))
    try inner.step([1])
    #expect(!inner.ended(0))
    try inner.step([1])
    #expect(inner.truncated == [1] && inner.finalCounts() == [3, 0, 3] && inner.reward == [1])
    // A limit outside a stack begins its episodes with a filled stack.
    let stacked = try Play(counting(100).wrapped(by: [.frameStack(2), .timeLimit(2)]))
    for _ in 0..<2 { try stacked.step([1]) }
    #expect(stacked.truncated == [1])
    #expect(Array(stacked.finalObservation[0..<4]) == [1, 2, 0, 0])
    #expect(Array(stacked.observation[0..<4]) == [0, 0, 1, 1])
  }

  @Test("Environments that wait do what others do", arguments: ["action-repeat:3", "frame-skip:3,frame-stack:2"])
  func waiting(text: String) throws {
    let wrappers = try self.wrappers(text + ",reward-scale:3")
    let waiting = try Play(counting(4, waiting: true).wrapped(by: wrappers), replicas: 0..<3)
    let prompt = try Play(counting(4).wrapped(by: wrappers), replicas: 0..<3)
    var numbers = SplitMix64(1)
    for _ in 0..<100 {
      let actions = (0..<3).map { _ in Int32.random(in: 0..<3, using: &numbers) }
      try waiting.step(actions)
      try prompt.step(actions)
      #expect(waiting.outcome == prompt.outcome)
    }
  }

  @Test("A time limit is refused where episodes can't be begun, with what to do instead")
  func refusesTimeLimit() throws {
    let task = try counting(3, waiting: true).wrapped(by: [.frameStack(2), .timeLimit(9)])
    let error = #expect(throws: EnvironmentError.self) { try task.makeEnvironment(0..<1, 1, Worker()) }
    #expect(error?.description.contains("--env-arg max_episode_steps=9") == true)
  }

  @Test("The lockfile names the wrappers in order; scores are kept, scaled or dropped")
  func description() throws {
    let scores = Task.ReferenceScores(random: 2, reference: 10, label: "best play")
    let task = counting(3, scores: scores)
    let wrapped = try task.wrapped(by: [.actionRepeat(4), .frameStack(4)])
    #expect(wrapped.scores == scores)
    let lockfile = try TaskSet(name: "s", tasks: [wrapped]).lockfile
    #expect(lockfile.contains("      length: 3\n      wrappers: action-repeat:4, frame-stack:4\n"))
    #expect(lockfile.contains("observation: image uint8 [4, 4, 4]"))
    #expect(
      try task.wrapped(by: .rewardScale(0.5)).scores
        == Task.ReferenceScores(random: 1, reference: 5, label: "best play"))
    #expect(try task.wrapped(by: .rewardClip(low: 0, high: 1)).scores == nil)
    #expect(try task.wrapped(by: .timeLimit(5)).scores == nil)
    let set = try Suites.make("goals", wrappers: [.frameStack(2)])
    #expect(set.observation.leaves[0].shape == [8, 8, 10])
  }

  @Test("Text is read as it is written")
  func text() throws {
    let text =
      "action-repeat:4,frame-skip:2,frame-stack:3,time-limit:7,reward-scale:0.5,reward-clip:-1.0:2.0,"
      + "normalize-observation"
    #expect(try wrappers(text).map(\.description).joined(separator: ",") == text)
    #expect(try wrappers("frame-stack:2,reward-clip:-1:1") == [.frameStack(2), .rewardClip(low: -1, high: 1)])
  }

  @Test(
    "Wrong text is refused with the value, the limit and a fix",
    arguments: [
      ("frame-stak:4", "there is no wrapper frame-stak: did you mean frame-stack? (there are action-repeat:k, "),
      ("frame-stack", "wrapper frame-stack must be of the form frame-stack:k: write frame-stack:4, say"),
      ("normalize-observation:3", "wrapper normalize-observation:3 must be of the form normalize-observation"),
      ("action-repeat:0", "wrapper action-repeat:0 must have k a whole number from 1 to 1000: write action-repeat:4"),
      ("time-limit:soon", "n a whole number from 1 to"), ("reward-scale:nan", "x a finite number above 0"),
      ("reward-scale:-1", "x a finite number above 0"), ("reward-clip:1:1", "low below high"),
      ("reward-clip:1", "of the form reward-clip:low:high"),
    ])
  func wrongText(text: String, message: String) {
    let error = #expect(throws: WrapperError.self) { try Wrapper(text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test("Wrappers that fit no image or no vector are refused")
  func refuses() throws {
    let (image, vector) = (Arcade.task("bricks"), Control.discreteTasks()[0])
    let skip = #expect(throws: EnvironmentError.self) { try vector.wrapped(by: .frameSkip(4)) }
    #expect(skip?.description.contains("use action-repeat") == true)
    #expect(throws: EnvironmentError.self) { try image.wrapped(by: .normalizeObservation) }
    #expect(throws: EnvironmentError.self) {
      try vector.wrapped(by: [.normalizeObservation, .frameStack(2), .normalizeObservation])
    }
  }

  private static let checked: [(Task, String)] = [
    (Arcade.task("swarm"), "frame-stack:4"), (Arcade.task("diver"), "frame-skip:3,time-limit:50,reward-clip:-1:1"),
    (Arcade.task("vault"), "time-limit:20,action-repeat:2"), (GoalGrids.tasks()[1], "time-limit:7,frame-stack:2"),
    (Control.discreteTasks()[0], "action-repeat:2,normalize-observation"),
    (Control.discreteTasks()[2], "time-limit:50,normalize-observation,frame-stack:3"),
    (Control.continuousTasks()[3], "action-repeat:3,time-limit:20,normalize-observation,reward-scale:0.1"),
    (Control.continuousTasks()[0], "normalize-observation,action-repeat:2"),
  ]

  @Test("Wrapped native tasks keep the promises of environments", arguments: checked.indices)
  func promises(index: Int) throws {
    let (task, text) = Self.checked[index]
    #expect(try EnvironmentCheck.failures(of: task.wrapped(by: wrappers(text)), steps: 2_000) == [])
  }

  @Test("A state is saved where the environment's is, and another one refused")
  func states() throws {
    for wrapper in [Wrapper.frameStack(2), .actionRepeat(2), .timeLimit(5), .rewardScale(2)] {
      let play = try Play(counting(3).wrapped(by: wrapper))
      #expect(try play.environment.saveState() != nil)
      let none = try Play(forgetful.wrapped(by: wrapper))
      #expect(try none.environment.saveState() == nil)
    }
    for wrapper in [Wrapper.frameStack(2), .actionRepeat(2), .timeLimit(5), .normalizeObservation] {
      let play = try Play(Control.discreteTasks()[0].wrapped(by: wrapper))
      for state in [[], [1, 2, 3], [UInt8](repeating: 255, count: 9), [UInt8](repeating: 1, count: 100)] {
        #expect(throws: EnvironmentError.self) { try play.environment.restoreState(state) }
      }
    }
  }

  /// Environments that keep their state to themselves.
  private var forgetful: Task {
    return Task(
      id: "forgetful", observation: CountingEnvironment.observation, action: .discrete(3),
      actionMask: [true, true, true], scores: nil, parameters: [:]
    ) { replicas, _, _ in Stateless(CountingEnvironment(replicas: replicas, length: 3)) }
  }

  @Test("Wrappers that change nothing change no bit", arguments: ["swarm", "forage"])
  func identities(id: String) throws {
    let wrappers: [Wrapper] = [.actionRepeat(1), .frameSkip(1), .frameStack(1), .rewardScale(1), .timeLimit(100_000)]
    let plain = try Play(Arcade.task(id), replicas: 2..<5)
    let wrapped = try Play(Arcade.task(id).wrapped(by: wrappers), replicas: 2..<5)
    var numbers = SplitMix64(7)
    for _ in 0..<2_000 {
      let actions = (0..<3).map { _ in Int32.random(in: 0..<6, using: &numbers) }
      try plain.step(actions)
      try wrapped.step(actions)
      guard plain.outcome == wrapped.outcome else {
        Issue.record("\(id) differs")
        return
      }
    }
  }
}

/// A counting environment whose state can't be had.
private final class Stateless: Environment {
  private let counting: CountingEnvironment
  init(_ counting: CountingEnvironment) { self.counting = counting }
  var slots: Int { counting.slots }
  let beginsEpisodes = true
  func beginEpisode(slot: Int, into observation: ObservationRows) {
    counting.beginEpisode(slot: slot, into: observation)
  }
  func reset(into observation: ObservationRows) -> StepProgress { counting.reset(into: observation) }
  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress { counting.step(action, into: rows) }
  func saveState() -> [UInt8]? { nil }
  func restoreState(_: [UInt8]) throws {}
}
