import CWorkers
import Foundation

/// What a worker is told when it starts: what to host and where each array lies, or what to describe.
struct StartFile: Encodable {
  struct Description: Encodable {
    let kind: String
    let options: AnyEncodable
  }

  struct Batch: Encodable {
    let index: Int
    let kind: String
    let slots: Int
    let seeds: [UInt32]
    let options: AnyEncodable
    let arrays: WorkerLayout

    init(index: Int, _ program: WorkerProgram, seeds: [UInt32], _ layout: WorkerLayout) {
      (self.index, kind, slots) = (index, program.kind, seeds.count)
      (self.seeds, options, arrays) = (seeds, AnyEncodable(program.options), layout)
    }
  }

  let version = CWORKERS_VERSION
  /// Seconds to wait before anything else.
  var delay = 0.0
  var batches: [Batch] = []
  /// Without batches: environments that the worker is asked about.
  var describe: Description?

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try encoder.encode(self)
  }

  /// What the environments of `kind` with these options look like: asked of a worker that ends with its answer.
  static func describe(
    _ task: String, kind: String, options: any Encodable, python: String, directory: String? = nil,
    timeout: Double? = nil
  ) throws -> WorkerProcess.Ready {
    var file = StartFile()
    file.describe = Description(kind: kind, options: AnyEncodable(options))
    let process = try WorkerProcess(
      hosts: [task], python: python, directory: directory, memory: MemoryLayout<cworkers_header>.size, start: file,
      deadlines: WorkerDeadlines().with(step: timeout))
    defer { process.close() }
    return try process.waitUntilReady()
  }
}

/// An `any Encodable` within an encodable value.
struct AnyEncodable: Encodable {
  let value: any Encodable
  init(_ value: any Encodable) { self.value = value }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
