import ArgumentParser
import CKernels
import Foundation
import Polymath

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine has, and what is missing for which suite.")

  func run() throws {
    Command.prepare()
    let environment = ProcessInfo.processInfo.environment
    let core = String(cString: ck_blas_core_name())
    var rows = [
      ["polymath", Manifest.version], ["processor", Manifest.processorName],
      ["cores", "\(ProcessInfo.processInfo.activeProcessorCount)"], ["kernels", Command.kernelLevel],
      ["OpenBLAS core", core],
    ]
    for suite in Suites.names {
      do {
        // A worker's Python packages and files show only when it acts.
        let taskSet = try Suites.make(suite)
        try Player(taskSet.tasks, policy: Evaluation.randomPolicy(taskSet), slots: 1, unroll: 1, seed: 1).unroll()
        rows.append(["suite \(suite)", "ready"])
      } catch { rows.append(["suite \(suite)", "\(error)".split(separator: "\n").first.map(String.init) ?? ""]) }
    }
    let width = rows.map { $0[0].count }.max() ?? 0
    for row in rows { print(row[0] + String(repeating: " ", count: width - row[0].count + 2) + row[1]) }
    if let pinned = environment["OPENBLAS_CORETYPE"], let better = ck_blas_core_missed() {
      note(
        "OPENBLAS_CORETYPE=\(pinned) pins OpenBLAS to an older processor's kernels; \(String(cString: better))'s would serve this "
          + "one, at about twice the speed or more: unset it")
    }
  }
}
