import CWorkers
import Foundation
import Testing

@testable import Environments

/// Any Python 3 will do for a batch that counts.
let anyPython: String? =
  (try? WorkerPython.locate())
  ?? (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
  .first(where: FileManager.default.isExecutableFile(atPath:))

struct CountingOptions: Encodable {
  var length = 7
  var raiseAt: Int?
  var exitAt: Int?
  var hangAt: Int?
  var forkAt: Int?
  var unsavedFrom: Int?
  var printBytes: Int?
}

let countingSeeds: [UInt32] = [11, 2_000_000_000, 5, 77, 123_456_789]
let countingLeaf = ObservationLeaf(name: "image", element: .uint8, shape: [5, 7, 4])

func counting(
  _ options: CountingOptions = CountingOptions(), truncationTerminates: Bool = false,
  deadlines: WorkerDeadlines = WorkerDeadlines(), recovery: WorkerRecovery = WorkerRecovery(most: 0),
  seeds: [UInt32] = countingSeeds, in worker: Worker? = nil
) throws -> WorkerEnvironment {
  let program = WorkerProgram(
    task: "counting", kind: "counting", seeds: { generation in seeds.map { $0 + UInt32(generation) } },
    options: options,
    leaves: [WorkerLeaf(leaf: countingLeaf, planesFirst: true)], action: .discrete(3),
    truncationTerminates: truncationTerminates)
  let own = Worker(recovery: recovery, deadlines: deadlines, python: anyPython)
  return try WorkerEnvironment(program, in: worker ?? own)
}

/// Steps until something is thrown, and gives that.
func failure(_ environment: WorkerEnvironment, steps: Int = 20) -> EnvironmentError? {
  let batch = WorkerBatch(slots: countingSeeds.count, leafBytes: countingLeaf.byteCount)
  do {
    try batch.reset(environment)
    for _ in 0..<steps { try batch.step(environment, [0, 1, 2, 0, 1]) }
    return nil
  } catch { return error as? EnvironmentError }
}

func processNumber(_ environment: WorkerEnvironment) throws -> pid_t {
  let process = try #require(environment.worker.process)
  let path = "/proc/self/fdinfo/\(process.worker.process)"
  let information = try String(contentsOfFile: path, encoding: .utf8)
  let line = try #require(information.split(separator: "\n").first { $0.hasPrefix("Pid:") })
  return try #require(pid_t(line.dropFirst(4).trimmingCharacters(in: .whitespaces)))
}

/// Processes of a group that have not ended.
func running(inGroup group: pid_t) throws -> Int {
  let names = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid_t($0) != nil }
  return names.count {
    let fields =
      (try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8))?.split(separator: ")").last?
      .split(separator: " ") ?? []
    // State, parent, group.
    return fields.count > 2 && fields[2] == "\(group)" && fields[0] != "Z"
  }
}

func openDescriptors() throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}
