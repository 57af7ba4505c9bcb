@preconcurrency import Foundation

/// Standard output is not checked where it is printed to, but where it matters: while a training goes on, and at the end of
/// every command.
enum Output {
  /// Writes what was printed.
  /// - Returns: the system's error where something could not be written; nil where all was.
  static func flush() -> Int32? {
    errno = 0
    let failed = fflush(stdout) != 0 || ferror(stdout) != 0
    return failed ? (errno == 0 ? EIO : errno) : nil
  }

  /// Lets no command whose output is lost end with status 0.
  static func checkAtExit() {
    on_exit(
      { status, _ in
        guard status == EXIT_SUCCESS, let error = Output.flush() else { return }
        let cause = Interruption.Cause.output(error)
        note(cause.description)
        _exit(cause.status)
      }, nil)
  }
}
