import Foundation

/// The folder of a run: `run.yaml`, `tasks.lock`, `manifest.json`, `metrics.jsonl`, `checkpoints/<steps>/`,
/// and `analysis/` where it was analysed.
public struct RunDirectory: Sendable {
  public let path: String

  public var configuration: String { "\(path)/run.yaml" }
  public var lockfile: String { "\(path)/tasks.lock" }
  public var manifest: String { "\(path)/manifest.json" }
  public var metrics: String { "\(path)/metrics.jsonl" }
  public var analysis: String { "\(path)/analysis" }
  public func checkpoint(steps: Int) -> String { "\(path)/checkpoints/\(steps)" }

  public init(path: String) { self.path = path }

  /// Makes the folder of a new run.
  ///
  /// - Parameters:
  ///   - path: Where; nil for `runs/` and a name made of suite, algorithm and seed, with -2, -3, ... where that is taken.
  ///   - overwrite: Whether what is at `path` may be replaced.
  /// - Throws: `RunError.runExists`, `RunError.cannotWrite`.
  public static func make(path: String?, name: String, overwrite: Bool) throws(RunError) -> RunDirectory {
    if let path {
      if FileManager.default.fileExists(atPath: path) {
        guard overwrite else { throw .runExists(path: path) }
        // Only what is a run is removed, never a folder named by mistake.
        guard FileManager.default.fileExists(atPath: RunDirectory(path: path).configuration) else {
          throw .cannotWrite(path: path, reason: "it exists and is not the folder of a run, so it is not overwritten")
        }
        do { try FileManager.default.removeItem(atPath: path) } catch {
          throw .cannotWrite(path: path, reason: "the old run can't be removed")
        }
      }
      try makeFolder(path)
      return RunDirectory(path: path)
    }
    try makeFolder("runs")
    for number in 1... {
      let path = "runs/\(name)" + (number == 1 ? "" : "-\(number)")
      if mkdir(path, 0o755) == 0 { return RunDirectory(path: path) }
      if errno != EEXIST { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    }
    preconditionFailure("the loop ends with a name that is free")
  }

  private static func makeFolder(_ path: String) throws(RunError) {
    try AtomicFile.makeFolder(path)
    guard access(path, W_OK) == 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
  }

  /// Step counts of the complete checkpoints, ascending.
  public var checkpointSteps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
    return names.compactMap { Int($0) }.sorted()
  }

  /// - Throws: `RunError.noCheckpoint`.
  public func latestCheckpoint() throws(RunError) -> String {
    guard let steps = checkpointSteps.last else { throw .noCheckpoint(path: path) }
    return checkpoint(steps: steps)
  }

  /// Removes all but the newest `count` checkpoints.
  func keepNewestCheckpoints(_ count: Int) throws(RunError) {
    for steps in checkpointSteps.dropLast(count) { try AtomicFile.removeFolder(checkpoint(steps: steps)) }
  }
}
