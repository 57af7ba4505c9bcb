import ArgumentParser
import Foundation
import Polymath

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that environments keep their promises, and time them.",
    usage: "polymath check SUITE [--tasks A,B] [OPTIONS]",
    discussion:
      "Several copies of each task are played with the same random actions and compared: equal seeds give equal "
      + "episodes, replicas draw from seeds of their own, every number is written and finite, ends of episodes come with "
      + "their last observation, and a saved state goes on as the original does. Remarks tell what breaks no promise, but "
      + "may not be meant: observations out of their bounds, or episodes that are always the same.")

  private enum Numbers {
    static let steps = NumberOption<Int>("Steps of each copy", .whole(10...100_000), default: 500)
  }

  @Argument(help: "A suite, or gymnasium:ID,ID...")
  var suite: String
  @Option(help: "Tasks, separated by commas; all by default.", transform: Words.init)
  var tasks: [Words] = []
  @OptionGroup var environments: EnvironmentOptions
  @Option(help: Numbers.steps.help, transform: Numbers.steps.read)
  var steps = Numbers.steps.value

  func run() throws {
    Command.prepare()
    let set = try environments.taskSet(suite: suite, tasks: tasks.text, inspectedSteps: steps)
    print("observations: \(set.observation.summary); actions: \(set.action.summary)")
    var failed = 0
    for task in set.tasks {
      let report = try EnvironmentCheck.report(of: task, steps: steps)
      let isSound = report.failures.isEmpty
      failed += isSound ? 0 : 1
      print("\(task.id): \(isSound ? "keeps its promises" : "breaks promises"); \(try played(task, set))")
      for failure in report.failures { print("  \(failure)") }
      for remark in report.remarks.map(\.description) + task.notes { print("  remark: \(remark)") }
    }
    if failed > 0 { throw ExitCode.failure }
  }

  /// Speed, rewards and ends of a random policy, and whether states can be saved.
  private func played(_ task: Task, _ set: TaskSet) throws -> String {
    let slots = 8
    let player = try Player([task], policy: Evaluation.randomPolicy(set.action), slots: slots, unroll: steps, seed: 2)
    try player.unroll()
    let start = ContinuousClock.now
    let episodes = try player.unroll()
    let rate = Double(steps * slots) / ((ContinuousClock.now - start) / .seconds(1))
    let rewards = UnsafeBufferPointer(start: player.block.reward + slots, count: steps * slots)
    let saves = try EnvironmentCheck.savesState(of: task)
    return
      "\(grouped(rate)) steps/s, rewards \(rewards.min()!) to \(rewards.max()!), \(episodes.count) episodes in "
      + "\(grouped(steps * slots)) steps, state \(saves ? "can" : "can't") be saved"
  }
}
