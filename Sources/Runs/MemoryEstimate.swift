import Algorithms
import Engine
import Environments
import Foundation

/// What a run will take, looked at before any of it is taken: a machine that runs out of memory kills a process without
/// a word.
public enum MemoryEstimate {
  /// What an agent is made for.
  enum Purpose {
    case training
    /// Without experience.
    case acting
  }

  /// OpenBLAS maps a buffer of this size for each thread that multiplies at the same time, and waits for ever where it
  /// gets none.
  private static let blasBuffer = 134_217_728.0
  /// Stacks, pools of `malloc`, libraries that are loaded later.
  private static let slack = 33_554_432.0

  /// Refuses what does not fit.
  /// - Throws: `EngineError` where numbers don't fit each other; `RunError.notEnoughMemory` with the estimate and what
  ///   is free.
  static func check(
    _ configuration: RunConfiguration, _ shape: RunShape, _ tasks: [Task], for purpose: Purpose,
    free: FreeMemory = .now, addressSpace: FreeMemory = .addressSpace
  ) throws {
    var use = try use(configuration, shape, tasks)
    let mapped = use.total
    if purpose == .acting { (use.rounds, use.replay, use.activations) = (0, 0, 0) }
    if use.total > free.bytes { throw refusal(configuration, use, tasks, for: purpose, free) }
    let threads = purpose == .acting ? ProcessInfo.processInfo.activeProcessorCount : configuration.threads
    try checkAddressSpace(mapped, threads: threads, isSetting: purpose == .training, addressSpace)
  }

  /// Refuses what does not fit, of work that is no run.
  /// - Throws: `RunError.notEnoughMemory`.
  public static func check(_ use: MemoryUse, threads: Int) throws(RunError) {
    let free = FreeMemory.now
    if use.total > free.bytes {
      let most = MemoryUse.parts.max { use[keyPath: $0.path] < use[keyPath: $1.path] }!
      throw .notEnoughMemory(
        needed: use.total, most: "\(RunError.size(use[keyPath: most.path])) of it for \(most.name)", free: free.bytes,
        limit: free.limit, fix: "choose smaller numbers")
    }
    try checkAddressSpace(use.total, threads: threads)
  }

  /// Refuses where OpenBLAS would wait for address space that it never gets.
  /// - Parameters:
  ///   - mapped: Bytes that are needed besides.
  ///   - isSetting: Whether the user chooses the number of threads.
  static func checkAddressSpace(
    _ mapped: Double = 0, threads: Int, isSetting: Bool = true, _ addressSpace: FreeMemory = .addressSpace
  ) throws(RunError) {
    let buffers = Double(threads) * blasBuffer + slack
    if mapped + buffers <= addressSpace.bytes { return }
    // Its pool may wait already, and the end of the process would wait for it.
    on_exit(
      { status, _ in
        fflush(nil)
        _exit(status)
      }, nil)
    throw .notEnoughMemory(
      needed: mapped + buffers,
      most: "\(RunError.size(buffers)) of it for OpenBLAS on \(threads == 1 ? "1 thread" : "\(threads) threads")",
      free: addressSpace.bytes, limit: addressSpace.limit,
      fix: "raise that limit" + (isSetting && threads > 1 ? ", or lower threads (\(threads))" : ""))
  }

  static func use(_ configuration: RunConfiguration, _ shape: RunShape, _ tasks: [Task]) throws(EngineError)
    -> MemoryUse
  {
    try configuration.type.memory(of: configuration, shape: shape, tasks: tasks)
  }

  private static func refusal(
    _ configuration: RunConfiguration, _ use: MemoryUse, _ tasks: [Task], for purpose: Purpose, _ free: FreeMemory
  ) -> RunError {
    let most = MemoryUse.parts.max { use[keyPath: $0.path] < use[keyPath: $1.path] }!
    // What makes it large is what would make it smaller; of that, those with the largest numbers.
    let savings = configuration.settings.compactMap { setting -> (name: String, value: Int, saved: Double)? in
      guard setting.form == .number, setting.decidesBits, let value = Int(setting.read(configuration)), value > 1 else {
        return nil
      }
      var smaller = configuration
      guard (try? setting.write("\(value / 2)", to: &smaller)) != nil,
        let less = try? Self.use(smaller, RunShape(of: smaller, tasks: tasks.count), tasks)
      else { return nil }
      return (setting.name, value, use[keyPath: most.path] - less[keyPath: most.path])
    }
    let largest = savings.filter { $0.saved > 0.05 * use[keyPath: most.path] }.sorted { $0.value > $1.value }.prefix(3)
    return .notEnoughMemory(
      needed: use.total, most: "\(RunError.size(use[keyPath: most.path])) of it for \(most.name)", free: free.bytes,
      limit: free.limit,
      fix: purpose == .acting || largest.isEmpty
        ? "free some, or take a larger machine"
        : "lower " + largest.map { "\($0.name) (\($0.value))" }.joined(separator: ", or "))
  }
}

extension Algorithm {
  fileprivate static func memory(
    of run: RunConfiguration, shape: RunShape, tasks: [Task]
  ) throws(EngineError) -> MemoryUse {
    try memory(run[Self.self], shape: shape, tasks: tasks, threads: run.threads)
  }
}

extension MemoryUse {
  fileprivate static let parts: [(name: String, path: any KeyPath<MemoryUse, Double> & Sendable)] = [
    ("parameters", \.parameters), ("rounds of experience", \.rounds), ("replays", \.replay),
    ("activations", \.activations),
  ]
}
