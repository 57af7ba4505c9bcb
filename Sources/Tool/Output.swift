@preconcurrency import Foundation
import Polymath
import Synchronization

/// Prints text of whatever origin: nothing in it that a terminal obeys but the ends of lines. In this module it takes
/// the place of Swift's, which is left for what is written for programs, or moves the cursor on purpose.
func print(_ text: String) { Swift.print(text.printableText) }

/// Standard output is not checked where it is printed to, but where it matters: while a training goes on, and at the
/// end of every command.
enum Output {
  /// Puts something in the place of standard streams that were closed, or the next file that is opened is taken for
  /// one: nothing can be written there. A file that grows beyond what `ulimit -f` allows is an error like a full disk,
  /// and not the end of the process.
  static func prepare() {
    signal(SIGXFSZ, SIG_IGN)
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes to standard error. Who can't read that any more can't be told; a closed terminal must not end a training.
  static func complain(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    if isatty(STDERR_FILENO) != 0 { complaintCount.add(1, ordering: .relaxed) }
  }

  private static let complaintCount = Atomic(0)
  /// How many a terminal has been shown: a table above them can't be drawn over.
  static var complaints: Int { complaintCount.load(ordering: .relaxed) }

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
