import CWorkers
import Foundation

/// How long a worker may take, in seconds.
struct WorkerDeadlines {
  /// Imports: seconds when many workers start on few cores.
  var start = 60.0
  /// To make one environment, on top of that.
  var environment = 10.0
  var step = 30.0
  /// To end when asked; it is killed after that.
  var close = 5.0
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
    /// Whether the information of a step says whether the task is solved.
    let success: Bool
  }

  private struct Packet: Decodable {
    let ready: Bool?
    let versions: [[String: String]]?
    let spaces: Spaces?
    let error: String?
    let kind: String?
  }

  /// The task of each batch.
  private let hosts: [String]
  private let python: String
  /// The batch at which the process failed, once it has; nil where that is not known.
  private(set) var culprit: Int?
  private let deadlines: WorkerDeadlines
  /// Where the worker runs and writes its log; removed with it.
  let directory: URL
  private(set) var worker = cworkers_worker()
  private var isRunning = false
  private var isReady = false

  /// Starts the worker's program with its file; doesn't wait, so that many workers can start at the same time.
  init(
    hosts: [String], python: String, memory bytes: Int, start: StartFile, deadlines: WorkerDeadlines
  ) throws {
    (self.hosts, self.python, self.deadlines) = (hosts, python, deadlines)
    _ = Self.clearAbandoned
    // A place of its own: some simulators write files into the current directory.
    directory = FileManager.default.temporaryDirectory.appending(
      path: "\(Self.directoryPrefix)\(getpid())-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: logPath))
      try start.encoded().write(to: directory.appending(path: "start.json"))
    } catch {
      throw EnvironmentError.workerFailed(
        task: task, reason: "can't be started, as \(directory.path) can't be written: free space, or set TMPDIR",
        log: "")
    }

    // -u: what it printed last is in the log when it dies. -B: no cache files beside the script.
    let words = [python, "-u", "-B", WorkerPython.resource("worker.py").path]
    let arguments = words.map { UnsafePointer<CChar>(strdup($0)) } + [nil]
    defer { for word in arguments { free(UnsafeMutableRawPointer(mutating: word)) } }
    let failure = cworkers_start(&worker, arguments, directory.path, logPath, bytes)
    guard failure == 0 else {
      try? FileManager.default.removeItem(at: directory)
      throw EnvironmentError.workerFailed(
        task: task, reason: "can't be started with \(python): \(String(cString: strerror(failure)))", log: "")
    }
    isRunning = true
    guard cworkers_set_deadline(&worker, deadlines.start) == 0 else { throw failed() }
  }

  deinit { close() }

  private static let directoryPrefix = "polymath-worker-"

  /// Removes, once a process, what hosts that are no more left behind: they were killed and could not.
  private static let clearAbandoned: Void = {
    let place = FileManager.default.temporaryDirectory
    for name in (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
    where name.hasPrefix(directoryPrefix) {
      guard let host = name.dropFirst(directoryPrefix.count).split(separator: "-").first.flatMap({ pid_t($0) }),
        kill(host, 0) != 0, errno == ESRCH
      else { continue }
      try? FileManager.default.removeItem(at: place.appending(path: name))
    }
  }()

  /// Readable when `isComplete` has something to say.
  var fileDescriptor: Int32 { worker.watch }

  /// The memory shared with the worker; only while that is running.
  var memory: UnsafeMutableRawPointer { UnsafeMutableRawPointer(worker.data) }

  /// Where a batch's state is written and read.
  func stateFile(of batch: Int) -> URL { directory.appending(path: "state-\(batch)") }

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
      if cworkers_wait(worker.timer, 0) != 0 { throw ended("was not ready within \(deadlines.start) s", grace: 0) }
      return nil
    }
    guard let packet = receive() else { throw failed() }
    guard packet.ready == true else { throw failed(packet) }
    isReady = true
    return Ready(versions: packet.versions ?? [], spaces: packet.spaces)
  }

  /// Waits until the worker has made its environments.
  func waitUntilReady() throws -> Ready {
    while true {
      if let ready = try readiness() { return ready }
      _ = cworkers_wait(fileDescriptor, deadlines.start)
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
    case CWORKERS_LATE: throw ended("did not answer within \(deadlines.step) s", grace: 0)
    default: throw failed()
    }
  }

  /// Ends the worker, by force if it does not end in time; at once where it never was ready, and would not listen.
  func close(blaming batch: Int? = nil) {
    guard isRunning else { return }
    culprit = batch
    if isReady { _ = cworkers_request(&worker, Request.close.rawValue, deadlines.close) }
    _ = stop(grace: isReady ? deadlines.close : 0)
  }

  /// Whose failure an error is.
  private var task: String {
    if let culprit { return hosts[culprit] }
    return hosts.count > 3 ? "\(hosts[0]) and \(hosts.count - 1) other tasks" : hosts.joined(separator: ", ")
  }

  private var logPath: String { directory.appending(path: "log.txt").path }

  /// The packet that has come, nil when the worker has gone.
  private func receive() -> Packet? {
    var bytes = [UInt8](repeating: 0, count: 1 << 17)
    let length = cworkers_receive(&worker, &bytes, bytes.count, 0)
    return try? JSONDecoder().decode(Packet.self, from: Data(bytes.prefix(max(length, 0))))
  }

  /// The error of a worker that has sent `packet`, or nothing, and is about to be gone.
  private func failed(_ packet: Packet? = nil) -> EnvironmentError {
    guard let error = packet?.error else { return ended(nil, grace: 1) }
    let end = ended("failed: " + (error.split(separator: "\n").last ?? ""), grace: 1)
    switch packet?.kind {
    case "state": return .badState(task: task, reason: error)
    case "package": return .packageMissing(task: task, reason: error, fix: fix(for: error))
    case "refused": return .refused(task: task, reason: error)
    case "rom": return .romMissing(task: task, reason: error)
    default: return end
    }
  }

  /// Ends the worker and says so with its log; without a reason, the reason is how the process ended by itself.
  private func ended(_ reason: String?, grace: Double) -> EnvironmentError {
    let working = Int(memory.assumingMemoryBound(to: cworkers_header.self).pointee.working)
    culprit = (1...hosts.count).contains(working) ? working - 1 : nil
    let log = logTail()
    let end = stop(grace: grace)
    let own: String
    if end.forced != 0 {
      own = "closed its socket"
    } else {
      own = end.signal != 0 ? "was killed by signal \(end.signal)" : "exited with status \(end.status)"
    }
    return .workerFailed(task: task, reason: reason ?? own, log: log)
  }

  /// The suite's own packages were there, so Python's own words are about a module that the user named, or about what that needs.
  /// Other sentences say all themselves.
  private func fix(for error: String) -> String {
    guard error.hasPrefix("No module named") else { return "" }
    return
      "a module of your own must lie in the folder where you start polymath, or where Python finds it; install a package "
      + "with `\(python) -m pip install NAME`"
  }

  private func stop(grace: Double) -> cworkers_end {
    isRunning = false
    let end = cworkers_stop(&worker, grace)
    try? FileManager.default.removeItem(at: directory)
    return end
  }

  private func logTail(_ longest: UInt64 = 4000) -> String {
    guard let log = try? FileHandle(forReadingFrom: URL(filePath: logPath)) else { return "" }
    defer { try? log.close() }
    guard let end = try? log.seekToEnd() else { return "" }
    try? log.seek(toOffset: end > longest ? end - longest : 0)
    return String(decoding: (try? log.readToEnd()) ?? Data(), as: UTF8.self)
  }
}
