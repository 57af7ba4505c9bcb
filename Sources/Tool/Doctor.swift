import ArgumentParser
import CKernels
import Foundation
import Polymath

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine has, and what is missing for which suite.")

  func run() throws {
    Command.prepare()
    let core = String(cString: ck_blas_core_name())
    var rows = [
      ["polymath", Manifest.version], ["processor", Manifest.processorName],
      ["cores", "\(ProcessInfo.processInfo.activeProcessorCount)"], ["kernels", Command.kernelLevel],
      ["OpenBLAS core", core],
    ]
    // One that comes with Gymnasium stands for all of its environments.
    for suite in Command.catalogue.suites.names + ["gymnasium:CartPole-v1"] {
      do {
        // A worker's Python packages and files show only when it acts.
        let taskSet = try Suites.make(suite, from: Command.catalogue.suites)
        try Player(taskSet.tasks, policy: Evaluation.randomPolicy(taskSet.action), slots: 1, unroll: 1, seed: 1)
          .unroll()
        rows.append(["suite \(suite)", "ready"])
      } catch {
        let line = "\(error)".split(separator: "\n").first.map(String.init) ?? ""
        rows.append(["suite \(suite)", line + (Complaint.remedy(of: error) ?? "")])
      }
    }
    let width = rows.map { $0[0].count }.max() ?? 0
    for row in rows { print(row[0] + String(repeating: " ", count: width - row[0].count + 2) + row[1]) }
    if let pinned = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] {
      note(
        "OPENBLAS_CORETYPE=\(pinned) pins OpenBLAS to its kernels for that processor; on a newer one this halves the speed "
          + "of matrix products: unset it")
    }
  }
}
