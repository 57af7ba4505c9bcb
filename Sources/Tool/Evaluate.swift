import ArgumentParser
import Foundation
import Polymath
import Synchronization

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a trained agent, or random play, on each task.",
    usage: """
      polymath evaluate RUN [OPTIONS]
      polymath evaluate --random --suite NAME [OPTIONS]
      """)

  private enum Numbers {
    static let episodes = NumberOption.episodes(100)
    static let seed = NumberOption.seed(1001)
    static let maxSteps = NumberOption<Int>(
      "Agent steps after which an episode is cut off, and counts with what it had returned", .whole(1...1 << 53),
      default: Evaluation.longestEpisode)
  }

  @OptionGroup var actor: ActorOptions
  @Option(help: "Tasks, separated by commas; all by default.", transform: Words.init)
  var tasks: [Words] = []
  @Option(help: Numbers.episodes.help, transform: Numbers.episodes.read)
  var episodes = Numbers.episodes.value
  @Option(help: Numbers.seed.help, transform: Numbers.seed.read)
  var seed = Numbers.seed.value
  @Option(help: Numbers.maxSteps.help, transform: Numbers.maxSteps.read)
  var maxSteps = Numbers.maxSteps.value
  @OptionGroup var references: ReferenceOption
  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Report: Encodable {
    let run: String?
    let seed: UInt64
    /// `sampled`, `greedy` or `random`.
    let actions: String
    let maxSteps: Int
    let tasks: [Evaluation.TaskScore]
  }

  /// How actions are chosen.
  private var actions: String { actor.random ? "random" : actor.greedy ? "greedy" : "sampled" }

  func run() throws {
    Command.prepare()
    let (taskSet, policy) = try actor.load(tasks: tasks.text, references: references.values)
    note(taskSet)
    // Those of random play are what was made.
    let played = tasks.isEmpty || actor.random ? taskSet.ids : tasks.list
    let progress = EvaluationProgress(of: episodes * played.count)
    let scores = try Evaluation.play(
      taskSet, tasks: played, policy: policy, episodes: episodes, seed: seed, greedy: actor.greedy,
      longestEpisode: maxSteps, report: progress.show)
    progress.clear()
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      let report = Report(run: actor.runFolder, seed: seed, actions: actions, maxSteps: maxSteps, tasks: scores)
      Swift.print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      printTable(scores)
    }
    for score in scores {
      guard let random = score.random, let reference = score.reference, reference < random else { continue }
      note(
        "the reference of \(score.id), \(short(reference)), is below random play, \(short(random)): the higher a "
          + "return, the lower its normalized one")
    }
    let cut = scores.filter { $0.cut > 0 }
    if !cut.isEmpty {
      note(
        "episodes were cut off after \(grouped(maxSteps)) steps: \(cut.map { "\(grouped($0.cut)) of \($0.id)" }.joined(separator: ", ")); "
          + "--max-steps sets the limit")
    }
  }

  private func printTable(_ scores: [Evaluation.TaskScore]) {
    print("\(actions.capitalized) actions, seed \(seed)\n")
    var columns: [ScoreColumn<Evaluation.TaskScore>] = [
      .init("task") { $0.id }, .init("episodes") { grouped($0.episodes) }, .init("return") { short($0.return) },
      .init("95 % interval") { interval($0.returnLow, $0.returnHigh, short) },
    ]
    if !actor.random { columns.append(.init("random") { $0.random.map(short) }) }
    columns += [
      .init("reference") { $0.reference.map(short) }, .init("normalized") { $0.normalized.map(percent) },
      .init("95 % interval") { interval($0.low, $0.high, percent) }, .init("success") { $0.success.map(percent) },
    ]
    table(of: scores, columns).forEach { print($0) }
  }
}

/// A line on the terminal that says how far an evaluation has come.
private final class EvaluationProgress: Sendable {
  private let episodes: Int
  private let shown = Mutex(ContinuousClock.now)
  private let isTerminal = isatty(STDERR_FILENO) != 0

  init(of episodes: Int) { self.episodes = episodes }

  @Sendable func show(_ progress: Evaluation.Progress) {
    guard isTerminal else { return }
    let isDue = shown.withLock { last in
      guard ContinuousClock.now - last >= .seconds(1) else { return false }
      last = .now
      return true
    }
    if isDue {
      write("\(grouped(progress.episodes)) of \(grouped(episodes)) episodes, \(grouped(progress.steps)) steps")
    }
  }

  func clear() { if isTerminal { write("") } }

  private func write(_ line: String) { FileHandle.standardError.write(Data("\r\u{1b}[2K\(line)".utf8)) }
}
