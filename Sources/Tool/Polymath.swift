import ArgumentParser
import CKernels
import Foundation
import Polymath

/// The tool with all its commands, for algorithms and suites of your own: the whole of a program's `main.swift`.
///
///     PolymathCommand.main(algorithms: .all + [Reinforce.self], suites: .all + [Corridor.suite])
public enum PolymathCommand {
  /// Reads the command line, does what it says and ends the process.
  ///
  /// - Parameters:
  ///   - algorithms: Those that there are; the first preset of the first is the default.
  ///   - suites: Those that there are.
  public static func main(algorithms: [any Algorithm.Type] = .all, suites: [Suite] = .all) {
    Command.catalogue = Catalogue(algorithms: algorithms, suites: suites)
    Command.main()
  }
}

struct Command: ParsableCommand {
  /// What there is to choose from. Set once, before the command line is read.
  nonisolated(unsafe) static var catalogue = Catalogue.all

  static let configuration = CommandConfiguration(
    commandName: "polymath", abstract: "One agent, many tasks: multi-task deep reinforcement learning on CPUs.",
    version: "polymath \(Manifest.version)",
    subcommands: [
      Train.self, Evaluate.self, Compare.self, Analyze.self, Play.self, List.self, Check.self, Doctor.self, Bench.self,
    ])

  static func main() {
    Output.prepare()
    Output.checkAtExit()
    if CommandLine.arguments.dropFirst().first == "train" {
      // From the first moment on: what comes before its handlers takes a while.
      Interruption.holdSignals()
    } else {
      _ = Interruption(isForTraining: false)
    }
    let words = Complaint.joinLists(Array(CommandLine.arguments.dropFirst()))
    do {
      try Complaint.commands(of: words)
      var command = try parseAsRoot(words)
      try command.run()
    } catch { Complaint.end(error, words) }
  }

  /// What every command does first.
  static func prepare() {
    serveProcessor()
    #if DEBUG
      note("this is a debug build, many times slower than `swift build -c release`")
    #endif
    if ck_kernel_level_refused() != 0 {
      note("POLYMATH_KERNELS asks for a level that is unknown or not to be had here: \(kernelLevel) runs")
    }
  }

  /// Begins anew with `OPENBLAS_CORETYPE` set where OpenBLAS, which chooses its kernels before `main`, doesn't know
  /// this processor and took an older one's. A choice of the user's stays, and worker processes inherit none.
  private static func serveProcessor() {
    let (core, restarted) = ("OPENBLAS_CORETYPE", "POLYMATH_RESTARTED")
    if getenv(restarted) == nil {
      guard getenv(core) == nil, let better = ck_blas_core_missed() else { return }
      setenv(core, better, 1)
      setenv(restarted, "1", 1)
      if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
        execv(path, CommandLine.unsafeArgv)
      }
      note("OpenBLAS runs an older processor's kernels: set \(core)=\(String(cString: better)) for full speed")
    }
    unsetenv(core)
    unsetenv(restarted)
  }

  static var kernelLevel: String { String(cString: ck_kernel_level_name()) }
}

/// What a user may not expect of the tasks, each once, to standard error.
func note(_ taskSet: TaskSet) {
  let notes = taskSet.tasks.flatMap { task in task.notes.map { (task: task.id, text: $0) } }
  for (text, about) in Dictionary(grouping: notes, by: \.text).sorted(by: { $0.key < $1.key }) {
    note("\(about[0].task)\(about.count > 1 ? " and \(about.count - 1) more" : ""): \(text)")
  }
}

/// A remark, to standard error.
func note(_ sentence: String) { Output.complain("\(wrapped("polymath: \(sentence.printableLines())"))\n") }
