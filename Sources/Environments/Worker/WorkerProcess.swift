import CWorkers
import Foundation
import Synchronization

/// How long a worker may take, in seconds.
struct WorkerDeadlines {
  /// Imports, which take seconds when many workers start on few cores.
  var start = 60.0
  /// To make, reset or step one environment.
  var step = 30.0
  /// To close one environment when the worker is asked to end; it is killed after that.
  var close = 5.0
  /// Whether `step` is a setting of the user's.
  private(set) var areSetting = false

  /// The same with the user's own limit for `step`, where there is one.
  func with(step: Double?) -> WorkerDeadlines {
    guard let step else { return self }
    var own = self
    (own.step, own.areSetting) = (step, true)
    return own
  }
}

/// One running worker process: `CWorkers` with errors that say what happened and what the worker printed last.
///
/// Used by one thread at a time. After an error the process has ended and everything of it is released.
final class WorkerProcess {
  enum Request: UInt32 {
    /// Every batch does what its command says.
    case work = 1
    case close
  }

  /// What a batch is to do.
  struct Command: OptionSet {
    let rawValue: UInt8
    static let nothing: Command = []
    static let reset = Command(rawValue: 1)
    static let step = Command(rawValue: 2)
    /// Write its state to its file.
    static let save = Command(rawValue: 4)
    /// Read its state from its file, before anything else.
    static let restore = Command(rawValue: 8)
  }

  /// What a worker says when it has made its environments.
  struct Ready {
    /// Of its packages, for each batch.
    let versions: [[String: String]]
    /// Where it was asked what its environments look like.
    let spaces: Spaces?
  }

  /// An observation of one leaf, one kind of action, and the number of steps after which an episode is truncated.
  struct Spaces: Decodable {
    struct Observation: Decodable {
      let element: String
      let shape: [Int]
      let scale: Float
    }
    struct Action: Decodable {
      let discrete, box: Int?
    }
    let observation: Observation
    let action: Action
    let horizon: Int?
    /// What the numbers of flattened pictures are divided by, by the part of the observation.
    let divisors: [String: Int]
    /// For the user.
    let notes: [String]
  }

  private struct Packet: Decodable {
    let ready: Bool?
    let versions: [[String: String]]?
    let spaces: Spaces?
    let error: String?
    let kind: String?
    /// What a missing package is called in Python's package index.
    let packages: [String]?
  }

  /// The task of each batch.
  private let hosts: [String]
  private let python: String
  /// The batch at which the process failed, once it has; nil where that is not known.
  private(set) var culprit: Int?
  /// Whether the process, once it has failed, was killed or stopped by something else, and can't help it.
  private(set) var wasEndedFromOutside = false
  private let deadlines: WorkerDeadlines
  /// What the process is told, and its log; removed with it.
  let folder: WorkerFolder
  private(set) var worker = cworkers_worker()
  private var isRunning = false

  /// Starts the worker's program with its file; doesn't wait, so that many workers can start at the same time.
  ///
  /// - Parameter directory: Where it runs; nil for its own folder.
  init(
    hosts: [String], python: String, directory: String? = nil, memory bytes: Int, start: StartFile,
    deadlines: WorkerDeadlines
  ) throws {
    (self.hosts, self.python, self.deadlines) = (hosts, python, deadlines)
    guard let folder = WorkerFolder(),
      (try? start.encoded().write(to: URL(filePath: folder.start))) != nil
    else {
      throw EnvironmentError.workerFailed(
        task: hosts[0],
        reason: "can't be started, as \(FileManager.default.temporaryDirectory.path) can't be written: "
          + "free space, or set TMPDIR", log: "")
    }
    self.folder = folder
    // -u: what it printed last is in the log when it dies. -B: no cache files beside the script.
    let words = [python, "-u", "-B", WorkerPython.resource("worker.py").path, folder.path]
    let directory = directory ?? folder.path
    let searchPath = "PYTHONPATH=\(WorkerPython.searchPath())"
    let failure = withCStrings(words + [directory, folder.log, folder.mark, searchPath]) { strings in
      var arguments = Array(strings.prefix(words.count)) + [nil]
      return arguments.withUnsafeMutableBufferPointer { arguments in
        var program = cworkers_program(
          arguments: arguments.baseAddress, directory: strings[words.count], log_path: strings[words.count + 1],
          mark: strings[words.count + 2], search_path: strings[words.count + 3])
        return cworkers_start(&worker, &program, bytes)
      }
    }
    guard failure == 0 else {
      throw EnvironmentError.workerFailed(
        task: task, reason: "can't be started by \(python) in \(directory): \(String(cString: strerror(failure)))",
        log: "")
    }
    isRunning = true
    Self.running.withLock { $0[ObjectIdentifier(self)] = Reference(process: Unmanaged.passUnretained(self)) }
    guard cworkers_set_deadline(&worker, max(deadlines.start, deadlines.step)) == 0 else { throw failed() }
  }

  deinit { close() }

  /// Readable when `isComplete` has something to say.
  var fileDescriptor: Int32 { worker.watch }

  /// The memory shared with the worker; only while that is running.
  var memory: UnsafeMutableRawPointer { UnsafeMutableRawPointer(worker.data) }

  func setCommand(_ command: Command, of batch: Int) {
    let commands = MemoryLayout<cworkers_header>.offset(of: \.commands)!
    memory.storeBytes(of: command.rawValue, toByteOffset: commands + batch, as: UInt8.self)
  }

  /// What the worker says when it has made its environments; nil until then. Never blocks.
  func readiness() throws -> Ready? {
    // The process is looked at first: what it has sent before it ended is then there to be read.
    let hasEnded = cworkers_wait(worker.process, 0) != 0
    guard cworkers_wait(worker.control, 0) != 0 else {
      if hasEnded { throw failed() }
      if cworkers_is_late(&worker) != 0 { throw late(max(deadlines.start, deadlines.step), "was not ready") }
      return nil
    }
    guard let packet = receive() else { throw failed() }
    guard packet.ready == true else { throw failed(packet) }
    return Ready(versions: packet.versions ?? [], spaces: packet.spaces)
  }

  /// Waits until the worker has made its environments.
  func waitUntilReady() throws -> Ready {
    while true {
      if let ready = try readiness() { return ready }
      _ = cworkers_wait(fileDescriptor, 1)
    }
  }

  func request(_ request: Request) throws {
    guard cworkers_request(&worker, request.rawValue, deadlines.step) == 0 else { throw failed() }
  }

  /// Whether the last request is complete; never blocks. Throws when it never will be.
  func isComplete() throws -> Bool {
    switch cworkers_check(&worker) {
    case CWORKERS_COMPLETE: return true
    case CWORKERS_PENDING: return false
    case CWORKERS_MESSAGE: throw failed(receive())
    case CWORKERS_LATE: throw late(deadlines.step, "did not answer")
    default: throw failed()
    }
  }

  /// Asks the worker to close its environments and end, whatever it is at; doesn't wait.
  func askToEnd() {
    if isRunning { cworkers_ask_to_end(&worker, Request.close.rawValue, deadlines.close) }
  }

  /// Ends the worker, by force if it does not end in time.
  func close(blaming batch: Int? = nil) {
    guard isRunning else { return }
    culprit = batch
    askToEnd()
    _ = stop()
  }

  /// Ends these workers, all at the same time.
  static func close(_ processes: [WorkerProcess]) {
    for process in processes { process.askToEnd() }
    var ending = processes.filter(\.isRunning)
    while let first = ending.first {
      _ = cworkers_wait(first.worker.process, 0.1)
      ending.removeAll { cworkers_is_ending(&$0.worker) == 0 }
    }
    for process in processes { process.close() }
  }

  /// Whose failure an error is.
  private var task: String {
    if let culprit { return hosts[culprit] }
    return hosts.count > 3 ? "\(hosts[0]) and \(hosts.count - 1) other tasks" : hosts.joined(separator: ", ")
  }

  /// The packet that has come, nil when the worker has gone.
  private func receive() -> Packet? {
    var bytes = [UInt8](repeating: 0, count: 1 << 17)
    let length = cworkers_receive(&worker, &bytes, bytes.count, 0)
    return try? JSONDecoder().decode(Packet.self, from: Data(bytes.prefix(max(length, 0))))
  }

  /// The error of a worker that has sent `packet`, or nothing, and is about to be gone.
  private func failed(_ packet: Packet? = nil) -> EnvironmentError {
    guard let error = packet?.error?.printable(longest: 2000) else { return ended() }
    noteCulprit()
    _ = stop()
    switch packet?.kind {
    case "state": return .badState(task: task, reason: error)
    case "package": return .packageMissing(task: task, reason: error + hint(for: error), packages: packet?.packages ?? [], python: python)
    case "refused": return .refused(task: task, reason: error)
    case "rom": return .romMissing(task: task, reason: error)
    // Its log has the whole traceback; the line says where to look.
    default: return .workerFailed(task: task, reason: "failed: \(error)", log: "")
    }
  }

  /// The error of a worker whose time is up. One that was stopped by a signal can't help it.
  private func late(_ seconds: Double, _ what: String) -> EnvironmentError {
    wasEndedFromOutside = isStopped
    noteCulprit()
    askToEnd()
    let log = stop().log
    let remedy = deadlines.areSetting ? ": set a higher --worker-timeout if it needs longer" : ""
    return .workerFailed(task: task, reason: "\(what) within \(seconds) s\(remedy)", log: log)
  }

  /// The error of a worker that has ended without a word.
  private func ended() -> EnvironmentError {
    noteCulprit()
    let (end, log) = stop()
    wasEndedFromOutside = end.forced == 0 && [SIGKILL, SIGTERM, SIGINT, SIGHUP].contains(end.signal)
    let reason: String
    if end.forced != 0 || end.status == CWORKERS_CUT_OFF {
      reason = "closed the descriptors by which it is asked to step: an environment must close only what it has opened"
    } else if end.signal != 0 {
      reason = "was killed by signal \(end.signal)"
    } else {
      reason = "exited with status \(end.status)"
    }
    return .workerFailed(task: task, reason: reason, log: log)
  }

  private func noteCulprit() {
    let working = Int(memory.assumingMemoryBound(to: cworkers_header.self).pointee.working)
    culprit = (1...hosts.count).contains(working) ? working - 1 : nil
  }

  /// The suite's own packages were there, so Python's own words are about a module that the user named, or about what that needs.
  /// Other sentences say all themselves.
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

  /// Waits for the end, and gives it with the last lines of the log.
  private func stop() -> (end: cworkers_end, log: String) {
    isRunning = false
    _ = Self.running.withLock { $0.removeValue(forKey: ObjectIdentifier(self)) }
    defer { folder.remove() }
    let end = cworkers_stop(&worker, deadlines.close)
    return (end, logTail())
  }

  /// A process that is removed before it goes.
  private struct Reference: @unchecked Sendable { let process: Unmanaged<WorkerProcess> }

  private static let running = Mutex<[ObjectIdentifier: Reference]>([:])

  /// Ends every worker, closing its environments in at most `seconds`, while others may be using them: for a program that is
  /// about to leave. No worker starts or ends any more after that.
  static func endAll(within seconds: Double) {
    running.withLock { running in
      let processes = running.values.map { $0.process.takeUnretainedValue() }
      for process in processes { process.askToEnd() }
      let start = ContinuousClock.now
      for process in processes {
        _ = cworkers_wait(process.worker.process, max(0, seconds - (ContinuousClock.now - start) / .seconds(1)))
      }
      WorkerFolder.removeAll()
    }
  }

  private func logTail(_ longest: UInt64 = 4000) -> String {
    guard let log = try? FileHandle(forReadingFrom: URL(filePath: folder.log)) else { return "" }
    defer { try? log.close() }
    guard let end = try? log.seekToEnd() else { return "" }
    try? log.seek(toOffset: end > longest ? end - longest : 0)
    return String(decoding: (try? log.readToEnd()) ?? Data(), as: UTF8.self).printableLines(last: 20)
  }
}

/// Calls `body` with the texts as C has them.
private func withCStrings<Result>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
  let copies = texts.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return body(copies.map { UnsafePointer($0) })
}
