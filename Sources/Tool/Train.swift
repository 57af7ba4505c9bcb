import ArgumentParser
import Foundation
import Polymath

struct Train: SettingsCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train one agent on the tasks of a suite.",
    usage: """
      polymath train [--suite NAME] [--tasks A,B] [--algorithm NAME]
                     [--steps N] [--SETTING VALUE ...] [OPTIONS]
      polymath train --resume --out RUN
      """,
    discussion: SettingsHelp.text)

  static var settingNames: [String] { Command.catalogue.everySetting.map(\.name) }

  @Option(
    help: "Folder of the run; by default runs/suite-algorithm-seed, with -2, -3, ... where that is taken.",
    transform: path)
  var out: String?
  @Option(help: "A YAML file of settings; flags win over it.", transform: path)
  var config: String?
  @Flag(help: "Go on with the run in --out from its newest checkpoint.")
  var resume = false
  @OptionGroup var trust: TrustOptions
  @Flag(help: "Replace the run in --out.")
  var overwrite = false
  @Flag(help: "Print nothing but errors and the folder of the run.")
  var quiet = false
  @Flag(help: "Print the resolved settings as YAML and leave.")
  var printConfig = false
  @Argument(parsing: .allUnrecognized, help: .hidden)
  var settings: [String] = []

  func validate() throws {
    if let unknown = Complaint.unknownOption(["train"] + settings) { throw ValidationError(unknown) }
    if resume && overwrite { throw ValidationError("--resume goes on with a run, --overwrite replaces it: give one") }
    if resume && printConfig { throw ValidationError("the settings of a run are in its run.yaml: leave --resume out") }
  }

  func run() throws {
    Command.prepare()
    let interruption = Interruption(isForTraining: true)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let catalogue = Command.catalogue
    let flags = try SettingWords.parse(settings, among: catalogue.everySetting)
    let file = try config.map { (text: try AtomicFile.text($0, limit: AtomicFile.mostSettings), path: $0) }
    // Flags of a run that is resumed are read by its own algorithm.
    func configuration() throws -> RunConfiguration {
      try RunConfiguration.resolve(file: file, flags: flags, cores: cores, in: catalogue)
    }
    if printConfig {
      Swift.print(try Agent(configuration()).configuration.yaml, terminator: "")
      return
    }
    let run: Run
    if resume {
      let path = try out ?? "runs/\(configuration().runName)"
      let file = try file.map { try RunConfiguration.settings(in: $0.text, path: $0.path, of: catalogue) } ?? []
      run = try Run.resume(path, flags: file + flags, cores: cores, trust: trust.trust(), in: catalogue)
    } else {
      run = try Run.begin(configuration(), out: out, overwrite: overwrite)
    }
    // However training ends, environments of Python are closed and nothing of them is left.
    defer { run.close() }
    if resume {
      if run.isComplete {
        note("all \(grouped(run.steps)) steps are made; --steps with more trains it for longer")
        if quiet { print(run.directory.path) }
        return
      }
      let place = "step \(grouped(run.steps)) of \(grouped(run.training.agent.configuration.steps))"
      note(run.steps > 0 ? "going on at \(place)" : "there is no checkpoint yet: beginning again at \(place)")
      run.differences.forEach(note)
    }
    interruption.watch(run)
    note(run.training.agent.taskSet)
    run.remarks.forEach { note($0) }
    let display = ProgressDisplay(run, quiet: quiet)
    display.begin()
    do {
      try run.train {
        display.update($0)
        if let error = Output.flush() { interruption.stop(.output(error)) }
      }
    } catch {
      display.finish(run)
      throw error
    }
    display.finish(run)
    summarize(run)
    if let cause = interruption.cause, !run.isComplete {
      _ = Output.flush()
      note(
        "\(cause.description): stopped after \(grouped(run.steps)) of "
          + "\(grouped(run.training.agent.configuration.steps)) steps; to go on: "
          + Shell.command("train", "--resume", "--out", Shell.folder(run.directory.path)))
      throw ExitCode(cause.status)
    }
  }

  /// One sentence a task, and what to try next.
  private func summarize(_ run: Run) {
    if quiet {
      print(run.directory.path)
      return
    }
    let path = run.directory.path
    print("")
    for (task, recent) in zip(run.tasks, run.recent) {
      print(wrapped(sentence(task, recent), for: STDOUT_FILENO))
    }
    print("\nThe run is in \(path). Try next:")
    print("  \(Shell.command("evaluate", Shell.folder(path), "--episodes", "100"))")
    print("  \(Shell.command("play", Shell.folder(path), "--task", run.training.agent.taskSet.ids[0]))")
  }

  private func sentence(_ task: Task, _ recent: Run.RecentEpisodes) -> String {
    if recent.scores.isEmpty { return "\(task.id): no episode has ended yet." }
    let score = Estimate.mean(ofEpisodes: recent.scores)
    let episodes = recent.scores.count == 1 ? "the only episode" : "the last \(recent.scores.count) episodes"
    var words = "\(task.id): return \(short(score.estimate)) over \(episodes), actions sampled"
    if let bounds = score.bounds { words += " (95 % interval \(short(bounds.low)) to \(short(bounds.high)))" }
    if let random = task.scores?.random { words += "; random play: \(short(random))" }
    if let scores = task.scores, let reference = scores.reference {
      words += "; \(scores.label): \(short(reference))"
      if let normalized = scores.normalized(score.estimate) { words += "; \(percent(normalized)) of the way" }
    }
    return words + "."
  }
}
