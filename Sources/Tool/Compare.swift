import ArgumentParser
import Foundation
import Polymath

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs of one suite: IQM and mean over seeds and tasks, with intervals, one row per arm.",
    usage: "polymath compare RUN RUN ... [OPTIONS]",
    discussion:
      "Runs that differ in nothing but their seed are an arm, named by its algorithm and by what it has changed "
      + "that others have not. Arms are numbered. Every run is evaluated anew, but for those that --scores has, or with "
      + "--training scored by its log. Scores are normalised returns; where tasks have no reference (see --reference), raw returns, task by task; with --success "
      + "the share of episodes that succeed. "
      + "Intervals are 95 % stratified bootstrap intervals; one seed gives none.")

  private enum Numbers {
    static let episodes = NumberOption.episodes(nil)
    static let seed = NumberOption.seed(nil)
  }

  @Argument(help: "Folders of runs; of those whose scores --scores has, only the names matter.", transform: path)
  var runs: [String]
  @Option(help: Numbers.episodes.help, transform: Numbers.episodes.read)
  var episodes: Int?
  @Option(help: Numbers.seed.help, transform: Numbers.seed.read)
  var seed: UInt64?
  @Option(help: "Tasks to compare on, separated by commas; all by default.", transform: Words.init)
  var tasks: [Words] = []
  @Flag(help: "Take the most probable action instead of sampling from the policy.")
  var greedy = false
  @Flag(help: "Take the last 100 training episodes of each task, or all where there are fewer, from each run's log.")
  var training = false
  @Flag(help: "Score by the share of episodes that succeed.")
  var success = false
  @OptionGroup var references: ReferenceOption
  @Option(
    help: "Python modules that the runs' files name and that may be imported, separated by commas.",
    transform: Words.init)
  var envModule: [Words] = []
  @OptionGroup var trust: TrustOptions
  @Option(
    help: "File of scores, one line per run: runs that it has are not scored again, others are added.", transform: path)
  var scores: String?

  func validate() throws {
    if runs.isEmpty { throw ValidationError("name the folders of the runs to compare") }
    if training && (greedy || episodes != nil || seed != nil) {
      throw ValidationError("--training plays nothing: leave --episodes, --seed and --greedy out")
    }
  }

  func run() throws {
    Command.prepare()
    var options = Comparison.Options()
    options.scoring = training ? .logged : .played(episodes: episodes ?? 100, seed: seed ?? 1001, greedy: greedy)
    (options.bySuccess, options.tasks, options.references) = (success, tasks.list, try references.values)
    options.catalogue = Command.catalogue
    (options.trust, options.scores) = (trust.trust(naming: envModule), scores)
    let comparison: Comparison
    do { comparison = try Comparison(runs, options: options) } catch RunError.notComparable(let reason) {
      throw ValidationError(RunError.notComparable(reason: reason).description)
    }
    if let scores, comparison.recorded > 0 {
      note("\(comparison.recorded) of \(runs.count) runs are in \(scores) and not scored again")
    }
    print("\(comparison.suite), \(comparison.conditions)\n")
    if comparison.hasCommonUnit {
      printArms(comparison)
    } else {
      for (index, arm) in comparison.arms.enumerated() {
        print("arm \(index + 1): \(arm.name), seeds: \(arm.seeds)")
      }
    }
    printTasks(comparison)
    if !comparison.hasCommonUnit {
      let unreferenced = comparison.unreferenced
      print(
        "\nReturns of different tasks have no common unit, so no mean over tasks is taken: give --reference "
          + (unreferenced.isEmpty ? "task=return,..." : unreferenced.map { "\($0)=RETURN" }.joined(separator: ",")))
    }
  }

  /// IQM and mean over seeds and tasks, each with the difference to the first arm.
  private func printArms(_ comparison: Comparison) {
    let (arms, digits) = (comparison.arms, comparison.measure.digits?.all)
    let difference = arms.count > 1 ? ["arm 1 minus it"] : []
    var rows = [["arm", "seeds", "IQM"] + difference + ["mean"] + difference]
    for (index, arm) in arms.enumerated() {
      let cells = ScoredArm.Aggregate.allCases.flatMap { aggregate in
        [text(arm.interval(by: aggregate), digits)]
          + difference.map { _ in index == 0 ? "" : text(arms[0].difference(to: arm, by: aggregate), digits) }
      }
      rows.append(["\(index + 1) \(arm.name)", "\(arm.seeds)"] + cells)
    }
    table(rows).forEach { print($0) }
  }

  /// IQM over seeds of each task, as many arms side by side as the terminal is wide; beside raw returns those of random
  /// play.
  private func printTasks(_ comparison: Comparison) {
    let (ids, measure) = (comparison.tasks, comparison.measure)
    var columns = comparison.arms.enumerated().map { index, arm in
      ["arm \(index + 1)"] + ids.indices.map { text(arm.interval(task: $0), measure.digits?.one) }
    }
    if measure == .return && !comparison.random.isEmpty {
      columns.append(["random"] + ids.map { comparison.random[$0].map(short) ?? "n/a" })
    }
    let name = ids.reduce(4) { max($0, $1.count) }
    let column = columns.joined().reduce(1) { max($0, $1.count) } + 2
    let together = max(1, (terminalSize().columns - name) / column)
    for start in stride(from: 0, to: columns.count, by: together) {
      print("")
      let shown = columns[start..<min(start + together, columns.count)]
      table((["task"] + ids).enumerated().map { row, id in [id] + shown.map { $0[row] } }).forEach { print($0) }
    }
  }

  private func text(_ interval: Estimate.Interval, _ digits: Int?) -> String {
    func text(_ number: Double) -> String { digits.map { decimal(number, digits: $0) } ?? short(number) }
    let estimate = text(interval.estimate)
    return interval.bounds.map { "\(estimate) [\(text($0.low)), \(text($0.high))]" } ?? estimate
  }
}

extension Comparison.Measure {
  /// After the point, over all tasks and of one; nil for about three in all.
  fileprivate var digits: (all: Int, one: Int)? { self == .return ? nil : (3, 2) }
}
