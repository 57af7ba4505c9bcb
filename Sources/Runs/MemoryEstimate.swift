import Algorithms
import Engine
import Environments
import Foundation

/// What a run will take, looked at before any of it is taken: a machine that runs out of memory kills a process without a word.
enum MemoryEstimate {
  /// What an agent is made for.
  enum Purpose {
    case training
    /// Without experience.
    case acting
  }

  /// OpenBLAS maps a buffer of this size for each thread that multiplies at the same time, and waits for ever where it gets none.
  private static let blasBuffer = 134_217_728.0
  /// Stacks, pools of `malloc`, libraries that are loaded later.
  private static let slack = 33_554_432.0

  /// Refuses what does not fit.
  /// - Throws: `EngineError` where numbers don't fit each other; `RunError.notEnoughMemory` with the estimate and what is free.
  static func check(
    _ configuration: RunConfiguration, _ shape: RunShape, _ tasks: [Task], for purpose: Purpose,
    free: FreeMemory = .now, addressSpace: FreeMemory = .addressSpace
  ) throws {
    var use = try use(configuration, shape, tasks)
    let mapped = use.total
    if purpose == .acting { (use.rounds, use.replay, use.activations) = (0, 0, 0) }
    if use.total > free.bytes { throw refusal(configuration, use, for: purpose, free) }
    let threads = purpose == .acting ? ProcessInfo.processInfo.activeProcessorCount : configuration.threads
    try checkAddressSpace(mapped, threads: threads, isSetting: purpose == .training, addressSpace)
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
    switch configuration.family {
    case .impala:
      try IMPALA.memory(configuration.impala, shape: shape, tasks: tasks, threads: configuration.threads)
    case .sac: try SAC.memory(configuration.sac, shape: shape, tasks: tasks)
    }
  }

  private static func refusal(
    _ configuration: RunConfiguration, _ use: MemoryUse, for purpose: Purpose, _ free: FreeMemory
  ) -> RunError {
    let networks = [
      "lstm", "width", "layers", "module-layers", "modules", "module-width", "embedding", "routing-width",
    ]
    let parts: [(name: String, bytes: Double, settings: [String])] = [
      ("parameters", use.parameters, networks + ["lag"]),
      ("rounds of experience", use.rounds, ["environments-per-task", "unroll", "lag"]),
      ("replays", use.replay, ["replay"]),
      ("activations", use.activations, ["environments-per-task", "unroll", "batch"] + networks),
    ]
    let most = parts.max { $0.bytes < $1.bytes }!
    // Those with the largest numbers make it large.
    let numbers = configuration.settings.filter { most.settings.contains($0.name) }
      .compactMap { setting in Int(setting.read(configuration)).map { (name: setting.name, value: $0) } }
    let largest = numbers.filter { $0.value > 1 }.sorted { $0.value > $1.value }.prefix(3)
    return .notEnoughMemory(
      needed: use.total, most: "\(RunError.size(most.bytes)) of it for \(most.name)", free: free.bytes,
      limit: free.limit,
      fix: purpose == .acting || largest.isEmpty
        ? "free some, or take a larger machine"
        : "lower " + largest.map { "\($0.name) (\($0.value))" }.joined(separator: ", or "))
  }
}
