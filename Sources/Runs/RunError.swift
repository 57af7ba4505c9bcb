import Algorithms
import Environments
import Foundation

/// What a file, a flag or a folder may do wrong to a run. Each message is one line: the value, the limit, the fix.
public enum RunError: Error, Equatable, CustomStringConvertible {
  case cannotWrite(path: String, reason: String)
  case cannotRead(path: String, reason: String)
  /// A new run was asked for where something is already.
  case runExists(path: String)
  /// Another process trains the run.
  case locked(path: String, holder: String)
  /// The folder was deleted, moved or replaced while the run was trained.
  case folderLost(path: String)
  /// A picture would replace what is none.
  case foreignFile(path: String)
  /// No run is where one should go on.
  case notARun(path: String)
  case noCheckpoint(path: String)
  /// A file of a checkpoint is damaged or of another run.
  case badCheckpoint(path: String, reason: String)
  /// The tasks are not those that the run was trained on.
  case lockfileMismatch(path: String, difference: String)
  /// A setting in a run's file that is not the one that its checkpoint was made with; nil for one that is missing.
  case otherSetting(path: String, setting: String, written: String?, made: String?)
  /// A setting was given that differs from the run's own; `free` may differ.
  case configurationMismatch(path: String, setting: String, saved: String, given: String, free: [String])
  /// Files name Python modules that the user has neither named nor said to trust.
  case untrustedModules(path: String, modules: [String], isSigned: Bool)
  /// A run that has no routing to analyse.
  case noRouting(reason: String)
  /// Runs whose curves can't be drawn together.
  case noCurves(reason: String)
  /// Two runs of one arm and one seed.
  case sameRun(path: String, other: String, arm: String, seed: UInt64)
  /// Runs whose scores can't be put side by side.
  case notComparable(reason: String)
  /// A run whose scores are to be kept, but which has not made all of its steps.
  case unfinished(path: String, steps: Int, of: Int)
  /// A file of scores that is none.
  case badTable(path: String, reason: String)
  /// What would be taken does not fit; sizes are bytes, `most` says what takes most.
  case notEnoughMemory(needed: Double, most: String, free: Double, limit: String, fix: String)
  /// Every worker failed too often.
  case allGivenUp(reason: String)
  /// The workers of a task without which nothing is learned failed too often.
  case taskGivenUp(task: String, reason: String)

  /// One line, whatever names and files hold.
  public var description: String { sentence.printable(longest: 2000) }

  private var sentence: String {
    switch self {
    case .cannotWrite(let path, let reason):
      "cannot write \(path): \(reason); make room or choose another folder with --out"
    case .cannotRead(let path, let reason):
      "cannot read \(path): \(reason); check the path"
    case .runExists(let path):
      "\(path) exists: go on with --resume, replace it with --overwrite, or choose another folder with --out"
    case .locked(let path, let holder):
      "\(path) is being trained by \(holder); wait for it, stop it, or choose another folder with --out"
    case .folderLost(let path):
      "\(path) was deleted, moved or replaced while it was trained, so training ended; a folder that was moved goes on with "
        + "--resume --out and its new path, from its newest checkpoint"
    case .foreignFile(let path):
      "\(path) exists and is no picture of learning curves: replace it with --overwrite, or name another file with --out"
    case .notARun(let path):
      "\(path) is not the folder of a run, there is no run.yaml in it: check the path"
    case .noCheckpoint(let path):
      "\(path) holds no complete checkpoint: go on with train --resume until it has one"
    case .badCheckpoint(let path, let reason):
      "\(path) can't be used: \(reason); move the checkpoint's folder away to go back to the one before"
    case .lockfileMismatch(let path, let difference):
      "\(path) belongs to other tasks: \(difference); use the version and tasks that it was trained with"
    case .otherSetting(let path, let setting, let written, let made):
      "\(path) has \(setting) \(Self.value(written)), and the checkpoint was made with \(Self.value(made)): "
        + "write that there again, or begin a new run"
    case .configurationMismatch(let path, let setting, let saved, let given, let free):
      "\(path) was begun with \(setting) \(Self.value(saved)), not \(Self.value(given)); only "
        + "\(free.sorted().joined(separator: ", ")) may change, and steps become more: "
        + "leave --\(setting) out, or begin a new run"
    case .untrustedModules(let path, let modules, let isSigned):
      "\(path.printable()) names Python modules, whose code would run, and it was not made by you on this machine"
        + "\(isSigned ? ", or its run.yaml was edited since" : ""): name them with "
        + "--env-module \(modules.joined(separator: ",").printable()), or say --trust-run"
    case .noRouting(let reason): "analyze routing \(reason)"
    case .noCurves(let reason): "analyze curves \(reason)"
    case .sameRun(let path, let other, let arm, let seed):
      "\(path) has seed \(seed) of \(arm), like \(other): leave one out"
    case .notComparable(let reason): reason
    case .unfinished(let path, let steps, let all):
      "\(path) has trained \(grouped(steps)) of \(grouped(all)) steps, and --scores keeps finished runs"
    case .badTable(let path, let reason):
      "\(path) is no file of scores: \(reason); mend it, or name another with --scores"
    case .notEnoughMemory(let needed, let most, let free, let limit, let fix):
      "about \(Self.size(needed)) of memory are needed, \(most), and \(limit) has \(Self.size(free)) left: \(fix)"
    case .allGivenUp(let reason):
      "the workers of all environments were given up, the last because \(reason); the last checkpoint is as it was"
    case .taskGivenUp(let task, let reason):
      "the workers of \(task) were given up, the last because \(reason), and every update needs transitions of each task: mend "
        + "its environment and go on with --resume, or begin a run of the others with --tasks; the last checkpoint is as it was"
    }
  }
  /// Bytes in a unit that suits them.
  static func size(_ bytes: Double) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
    let unit = min(max(Int(log10(max(bytes, 1)) / 3), 1), units.count)
    return String(format: "%.3g", bytes / pow(1000, Double(unit))) + " \(units[unit - 1])"
  }

  private static func value(_ text: String?) -> String { text.map { $0.isEmpty ? "none" : $0 } ?? "none" }
}
