import CWorkers
import Foundation

/// Why a process failed. Each of these ends it, and gives the error that says so.
extension WorkerProcess {
  /// The error of a worker that has sent `packet`, or nothing, and is about to be gone.
  func failed(_ packet: Packet? = nil) -> EnvironmentError {
    guard let error = packet?.error?.printable(longest: 2000) else { return ended() }
    let culprit = batchAtWork
    let task = task(of: culprit)
    _ = stop(blaming: culprit)
    switch packet?.kind {
    case "state": return .badState(task: task, reason: error)
    case "package":
      return .packageMissing(
        task: task, reason: error + hint(for: error), packages: packet?.packages ?? [], python: python)
    case "refused": return .refused(task: task, reason: error)
    case "rom": return .romMissing(task: task, reason: error)
    // Its log has the whole traceback; the line says where to look.
    default: return .workerFailed(task: task, reason: "failed: \(error)", log: "")
    }
  }

  /// The error of a worker whose time is up. One that was stopped by a signal can't help it.
  func late(_ seconds: Double, _ what: String) -> EnvironmentError {
    let (culprit, wasStopped) = (batchAtWork, isStopped)
    askToEnd()
    let log = stop(blaming: culprit) { _ in wasStopped }.log
    let remedy = deadlines.areSetting ? ": set a higher --worker-timeout if it needs longer" : ""
    return .workerFailed(task: task(of: culprit), reason: "\(what) within \(seconds) s\(remedy)", log: log)
  }

  /// The error of a worker that has ended without a word.
  private func ended() -> EnvironmentError {
    let culprit = batchAtWork
    let (end, log) = stop(blaming: culprit) {
      $0.forced == 0 && [SIGKILL, SIGTERM, SIGINT, SIGHUP].contains($0.signal)
    }
    let reason: String
    if end.forced != 0 || end.status == CWORKERS_CUT_OFF {
      reason = "closed the descriptors by which it is asked to step: an environment must close only what it has opened"
    } else if end.signal != 0 {
      reason = "was killed by signal \(end.signal)"
    } else {
      reason = "exited with status \(end.status)"
    }
    return .workerFailed(task: task(of: culprit), reason: reason, log: log)
  }

  /// The batch that the worker is at; nil where it is at none.
  private var batchAtWork: Int? {
    let working = Int(memory.assumingMemoryBound(to: cworkers_header.self).pointee.working)
    return (1...hosts.count).contains(working) ? working - 1 : nil
  }

  /// Whose failure an error is.
  func task(of culprit: Int?) -> String {
    if let culprit { return hosts[culprit] }
    return hosts.count > 3 ? "\(hosts[0]) and \(hosts.count - 1) other tasks" : hosts.joined(separator: ", ")
  }

  /// The suite's own packages were there, so Python's own words are about a module that the user named, or about what
  /// that needs. Other sentences say all themselves.
  private func hint(for error: String) -> String {
    guard error.hasPrefix("No module named") else { return "" }
    return
      ": a module of your own must lie in the current folder, or where Python finds it; install a package with "
      + "`\(python) -m pip install NAME`"
  }

  /// Whether the process was stopped by a signal, as SIGSTOP does.
  private var isStopped: Bool {
    let status = try? String(contentsOfFile: "/proc/\(worker.group)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.split(separator: " ").first == "T"
  }
}
