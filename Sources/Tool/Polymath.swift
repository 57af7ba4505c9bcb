import ArgumentParser
import CKernels
import Foundation
import Polymath

@main
struct Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "polymath", abstract: "One agent, many tasks: multi-task deep reinforcement learning on CPUs.",
    version: "polymath \(Manifest.version)",
    subcommands: [
      Train.self, Evaluate.self, Compare.self, Analyze.self, Play.self, List.self, Check.self, Doctor.self, Bench.self,
    ])

  /// What every command does first.
  static func prepare() {
    #if DEBUG
      note("this is a debug build, many times slower than `swift build -c release`")
    #endif
    if ck_kernel_level_refused() != 0 {
      note("POLYMATH_KERNELS asks for a level that is unknown or not to be had here: \(kernelLevel) runs")
    }
  }

  static var kernelLevel: String { String(cString: ck_kernel_level_name()) }
}

/// A remark, to standard error.
func note(_ sentence: String) { FileHandle.standardError.write(Data("polymath: \(sentence)\n".utf8)) }
