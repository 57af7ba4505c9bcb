import Foundation
import Polymath
import Synchronization

/// Ends a training before its time, but in order: when a signal asks for it, or when nobody can read what it prints.
///
/// INT, TERM and HUP stop it after the update that is being worked on, with a checkpoint; a second INT or TERM ends the
/// process at once. (A terminal that is closed sends HUP twice, by the system and by the shell.) Signals have handlers,
/// which are gone in worker processes: a signal that was ignored or blocked would be so there, too.
final class Interruption: Sendable {
  /// Why a training ends before its time.
  enum Cause: Sendable {
    case signal(Int32)
    /// Standard output can't be written; the error of the system.
    case output(Int32)

    /// Of the process.
    var status: Int32 {
      switch self {
      case .signal(let number): 128 + number
      case .output(EPIPE): 128 + SIGPIPE
      case .output: EXIT_FAILURE
      }
    }

    var description: String {
      switch self {
      case .signal(SIGINT): "interrupted"
      case .signal(SIGTERM): "asked to end (SIGTERM)"
      case .signal: "hung up (SIGHUP)"
      case .output(let error): "standard output can't be written (\(String(cString: strerror(error))))"
      }
    }
  }

  private struct State {
    var run: Run?
    var cause: Cause?
    var wasSignalled = false
  }

  private let state = Mutex(State())

  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Lets signals wait until there is an `Interruption`, even when the program begins anew.
  static func holdSignals() { changeMask(SIG_BLOCK) }

  private static func changeMask(_ how: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    pthread_sigmask(how, &set, nil)
  }

  private let isForTraining: Bool

  /// Handles signals from now on. One per process.
  ///
  /// - Parameter isForTraining: Whether there will be a run to stop. Other commands end at once, after their workers.
  init(isForTraining: Bool) {
    self.isForTraining = isForTraining
    var ends: [Int32] = [0, 0]
    let status = pipe(&ends)
    precondition(status == 0, "the system refused a pipe: error \(errno)")
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalPipe = ends[1]
    let (source, signals) = (ends[0], Self.signals)
    Thread.detachNewThread { [self] in
      var number: UInt8 = 0
      while true { if read(source, &number, 1) == 1 { receive(Int32(number)) } }
    }
    for number in signals {
      var old = sigaction()
      sigaction(number, nil, &old)
      // What nohup asks for. A shell that starts jobs in the background ignores INT for them, which nobody asked for.
      if number == SIGHUP, unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
      Self.handle(number) { number in
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(signalPipe, &byte, 1)
        errno = saved
      }
    }
    // A reader who is gone shows where output is written.
    if isForTraining { Self.handle(SIGPIPE) { _ in } }
    Self.changeMask(SIG_UNBLOCK)
  }

  private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    action.sa_flags = SA_RESTART
    sigaction(number, &action, nil)
  }

  /// What there is to stop from now on.
  func watch(_ run: Run) { state.withLock { $0.run = run } }

  /// Why the run was stopped; nil where it was not.
  var cause: Cause? { state.withLock { $0.cause } }

  /// Stops the run after the update that is being worked on. The first cause counts.
  func stop(_ cause: Cause) {
    let run = state.withLock { state in
      if state.cause == nil { state.cause = cause }
      return state.run
    }
    run?.stop()
  }

  private static let isLeaving = Atomic(false)

  /// Does not return where a signal ends the process: then what fails, fails because workers are ended.
  static func waitWhereLeaving() {
    while isLeaving.load(ordering: .acquiring) { pause() }
  }

  /// Ends this process at once, and those of environments.
  private func leave(_ cause: Cause) -> Never {
    Self.isLeaving.store(true, ordering: .releasing)
    Worker.endAll(within: 1)
    _exit(cause.status)
  }

  private func receive(_ number: Int32) {
    let cause = Cause.signal(number)
    let (isTraining, wasSignalled) = state.withLock { state in
      defer { state.wasSignalled = true }
      return (state.run != nil, state.wasSignalled)
    }
    switch (isTraining, wasSignalled) {
    case (true, false):
      note("\(cause.description): stopping after this update, with a checkpoint; once more to leave at once")
      stop(cause)
    case (true, true):
      if number != SIGHUP { leave(cause) }
    case (false, _):
      if isForTraining { note("\(cause.description) before training began") }
      leave(cause)
    }
  }
}

/// Where the handlers of signals write. Set before there is a handler.
nonisolated(unsafe) private var signalPipe: Int32 = -1
