import Foundation

/// The folder of a run: `run.yaml` and its `signature`, `tasks.lock`, `manifest.json`, `metrics.jsonl`, `timing.jsonl`,
/// `baselines.json`, `checkpoints/<steps>/`, `lock`, and `analysis/` where it was analysed. Other files in it are never
/// touched.
public struct RunDirectory: Sendable {
  public let path: String

  public var configuration: String { "\(path)/run.yaml" }
  /// What tells that this user wrote the configuration (`RunSignature`).
  var signature: String { "\(path)/signature" }
  public var lockfile: String { "\(path)/tasks.lock" }
  public var manifest: String { "\(path)/manifest.json" }
  public var metrics: String { "\(path)/metrics.jsonl" }
  public var timing: String { "\(path)/timing.jsonl" }
  public var analysis: String { "\(path)/analysis" }
  /// Random play of tasks whose suite doesn't know it (`RandomBaseline`).
  var baselines: String { "\(path)/baselines.json" }
  public func checkpoint(steps: Int) -> String { "\(path)/checkpoints/\(steps)" }

  public init(path: String) { self.path = path }

  /// Whether something is at the path, a link that leads nowhere included.
  var exists: Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The run that a new one replaces, until that has logged something.
  private var replaced: String { "\(path)/replaced-run" }
  /// The same while it is moved there or back: some of it still lies, or lies again, in its own place.
  private var moving: String { replaced + ".partial" }

  /// What a run writes, but for the lock. `run.yaml` is last: by it a folder is known as a run's.
  private static let names = [
    "checkpoints", "analysis", "signature", "tasks.lock", "manifest.json", "metrics.jsonl", "timing.jsonl",
    "baselines.json", "run.yaml",
  ]

  /// Whether it is known as the folder of a run.
  var isRun: Bool {
    [path, replaced, moving].contains { FileManager.default.fileExists(atPath: "\($0)/run.yaml") }
  }

  /// Makes the folder at `path`, with those above it; one that is there already is no error.
  /// - Throws: `RunError.cannotWrite`.
  static func make(path: String) throws(RunError) -> RunDirectory {
    try AtomicFile.makeFolder(path)
    guard access(path, W_OK) == 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    return RunDirectory(path: path)
  }

  /// Makes a folder in `runs/`, called `name`, with -2, -3, ... where that is taken.
  /// - Throws: `RunError.cannotWrite`.
  static func make(name: String) throws(RunError) -> RunDirectory {
    _ = try make(path: "runs")
    for number in 1... {
      let path = "runs/\(name)" + (number == 1 ? "" : "-\(number)")
      if mkdir(path, 0o755) == 0 { return RunDirectory(path: path) }
      if errno != EEXIST { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    }
    preconditionFailure("the loop ends with a name that is free")
  }

  /// Takes a folder that exists, and its lock, for a new run. What is in it stays until it is set aside.
  ///
  /// - Parameter overwrite: Whether a run that is in it may be replaced. What is not a run's is never touched.
  /// - Throws: `RunError.runExists`, `RunError.locked`, `RunError.cannotWrite`.
  func claim(overwrite: Bool) throws(RunError) -> RunLock {
    // Before the lock, so that a folder named by mistake gets no file; after it, as another start may have come first.
    try checkFree(overwrite: overwrite)
    let lock = try RunLock(folder: path)
    try checkFree(overwrite: overwrite)
    try restoreReplaced()
    return lock
  }

  private func checkFree(overwrite: Bool) throws(RunError) {
    var isFolder: ObjCBool = true
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      throw .cannotWrite(path: path, reason: "it is a file, and a run needs a folder")
    }
    // A start that was cut off leaves nothing else.
    let firstFiles: Set = [RunLock.fileName, "run.yaml.partial"]
    if try firstFiles.isSuperset(of: contents()) { return }
    guard isRun else { throw .cannotWrite(path: path, reason: "it exists and is not the folder of a run") }
    if !overwrite { throw .runExists(path: path) }
  }

  private func contents() throws(RunError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw .cannotWrite(path: path, reason: AtomicFile.reason(of: error))
    }
  }

  /// Moves the run aside, within its folder, for a new one. A kill at any time loses nothing: the next start puts it
  /// back.
  /// - Throws: `RunError.cannotWrite`.
  func setAside() throws(RunError) {
    guard isRun else { return }
    try AtomicFile.makeFolder(moving)
    try moveFiles(from: path, to: moving)
    try AtomicFile.move(moving, to: replaced)
  }

  /// Puts back the run that was set aside, where there is one, in place of the new one.
  /// - Throws: `RunError.cannotWrite`.
  func restoreReplaced() throws(RunError) {
    if FileManager.default.fileExists(atPath: "\(replaced)/run.yaml") {
      try removeFiles()
      try AtomicFile.move(replaced, to: moving)
    }
    try moveFiles(from: moving, to: path)
    rmdir(moving)
  }

  /// Removes the run that was set aside.
  /// - Throws: `RunError.cannotWrite`.
  func removeReplaced() throws(RunError) { try AtomicFile.removeFolder(replaced) }

  /// Removes a run that has neither a line in its logs nor a checkpoint. The one that it replaced is put back; where
  /// there is none the folder is removed, unless something else is in it.
  func discard() {
    if FileManager.default.fileExists(atPath: replaced) {
      try? restoreReplaced()
      return
    }
    try? removeFiles()
    unlink("\(path)/\(RunLock.fileName)")
    rmdir(path)
  }

  private func moveFiles(from source: String, to target: String) throws(RunError) {
    for name in Self.names where FileManager.default.fileExists(atPath: "\(source)/\(name)") {
      try AtomicFile.move("\(source)/\(name)", to: "\(target)/\(name)")
    }
  }

  private func removeFiles() throws(RunError) {
    for name in Self.names where FileManager.default.fileExists(atPath: "\(path)/\(name)") { try remove(name) }
  }

  /// Removes what a killed process left of a checkpoint that it wrote or removed, and of a run that was replaced.
  /// - Throws: `RunError.cannotWrite`.
  func clearRemains() throws(RunError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
    for name in names where name.wholeMatch(of: /[0-9]+\.(old|partial)/) != nil { try remove("checkpoints/\(name)") }
    if try contents().contains("replaced-run.old") { try remove("replaced-run.old") }
  }

  private func remove(_ name: String) throws(RunError) {
    do { try FileManager.default.removeItem(atPath: "\(path)/\(name)") } catch {
      throw .cannotWrite(path: "\(path)/\(name)", reason: AtomicFile.reason(of: error))
    }
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
