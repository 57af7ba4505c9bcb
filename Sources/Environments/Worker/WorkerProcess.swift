import CWorkers
import Foundation
import Synchronization

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

  struct Packet: Decodable {
    let ready: Bool?
    let versions: [[String: String]]?
    let spaces: Spaces?
    let error: String?
    let kind: String?
    /// What a missing package is called in Python's package index.
    let packages: [String]?
  }

  /// How the process ended.
  struct Failure {
    /// The batch that it was at; nil where that is not known.
    var culprit: Int?
    /// Whether something else has killed or stopped it, so that it can't help it.
    var isFromOutside = false
  }

  private enum Life {
    case new, running
    case ended(Failure)
  }

  /// The task of each batch.
  let hosts: [String]
  let python: String
  private var life = Life.new
  let deadlines: WorkerDeadlines
  /// What the process is told, and its log; removed with it.
  let folder: WorkerFolder
  private(set) var worker = cworkers_worker()

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
        task: task(of: nil),
        reason: "can't be started by \(python) in \(directory): \(String(cString: strerror(failure)))", log: "")
    }
    life = .running
    Self.running.withLock { $0[ObjectIdentifier(self)] = Reference(process: Unmanaged.passUnretained(self)) }
    guard cworkers_set_deadline(&worker, max(deadlines.start, deadlines.step)) == 0 else { throw failed() }
  }

  deinit { close() }

  private var isRunning: Bool { if case .running = life { true } else { false } }

  /// nil while it runs.
  var failure: Failure? { if case .ended(let failure) = life { failure } else { nil } }

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
    askToEnd()
    _ = stop(blaming: batch)
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

  /// The packet that has come, nil when the worker has gone.
  func receive() -> Packet? {
    var bytes = [UInt8](repeating: 0, count: 1 << 17)
    let length = cworkers_receive(&worker, &bytes, bytes.count, 0)
    return try? JSONDecoder().decode(Packet.self, from: Data(bytes.prefix(max(length, 0))))
  }

  /// Waits for the end, and gives it with the last lines of the log.
  ///
  /// - Parameter culprit: The batch that is to blame.
  func stop(blaming culprit: Int? = nil, isFromOutside: (cworkers_end) -> Bool = { _ in false }) -> (
    end: cworkers_end, log: String
  ) {
    _ = Self.running.withLock { $0.removeValue(forKey: ObjectIdentifier(self)) }
    defer { folder.remove() }
    let end = cworkers_stop(&worker, deadlines.close)
    life = .ended(Failure(culprit: culprit, isFromOutside: isFromOutside(end)))
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
