import Foundation
import Synchronization

/// The Python packages that environments are defined with.
public struct PythonPackages: Hashable, Sendable {
  /// The version that each package must have; nil where any will do.
  public let versions: [String: String?]

  public init(_ versions: [String: String?]) { self.versions = versions }

  var names: [String] { versions.keys.sorted() }

  /// What every worker needs that hosts an environment of Gymnasium's.
  static let gymnasium = PythonPackages(["gymnasium": nil])

  /// Packages at the versions that a file of requirements pins.
  static func pinned(in file: String, _ packages: Set<String>) -> PythonPackages {
    PythonPackages(WorkerPython.pins(file, of: packages).mapValues(Optional.some))
  }

  /// For the lockfile of a task.
  var parameters: [String: String] {
    var parameters: [String: String] = [:]
    for case (let package, let version?) in versions { parameters["version_\(package)"] = version }
    return parameters
  }

  /// Makes sure, before a worker starts, that a Python has the packages of `task`.
  ///
  /// - Throws: `EnvironmentError.packageMissing`, or `pythonMissing` where that Python can't be run.
  func check(in python: String, for task: String) throws(EnvironmentError) {
    if !versions.isEmpty { try check(installed: Self.installed(names, in: python), in: python, for: task) }
  }

  /// - Parameter installed: Versions by package.
  /// - Throws: `EnvironmentError.packageMissing`.
  func check(installed: [String: String], in python: String, for task: String) throws(EnvironmentError) {
    for (package, version) in versions.sorted(by: { $0.key < $1.key })
    where installed[package] == nil || version != nil && installed[package] != version {
      throw .packageMissing(
        task: task,
        reason: "the Python package \(package)\(version.map { " \($0)" } ?? "") is needed, and "
          + (installed[package].map { "version \($0) is installed" } ?? "it is not installed"),
        packages: names, python: python)
    }
  }

  /// What was found so far: a Python is asked once for the same packages.
  private static let known = Mutex<[[String]: [String: String]]>([:])

  private static func installed(_ packages: [String], in python: String) throws(EnvironmentError) -> [String: String] {
    let words = [python] + packages
    if let found = known.withLock({ $0[words] }) { return found }
    // The first entry is the current folder, where a module of the user's could have any name.
    let program = """
      import sys
      del sys.path[0]
      import importlib.metadata as metadata
      for name in sys.argv[1:]:
          try:
              print(name, metadata.version(name))
          except metadata.PackageNotFoundError:
              pass
      """
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", program] + packages
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": WorkerPython.searchPath()]) { $1 }
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else {
      throw .pythonMissing(reason: "\(python) can't be run", packages: packages)
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw .pythonMissing(
        reason: "\(python) can't say which packages it has: it ended with \(process.terminationStatus)",
        packages: packages)
    }
    var found: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { found[String(words[0])] = String(words[1]) }
    }
    known.withLock { $0[words] = found }
    return found
  }
}
