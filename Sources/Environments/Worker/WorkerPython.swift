import Foundation

/// Where the Python of the worker processes is.
enum WorkerPython {
  /// POLYMATH_PYTHON, else `.venv/bin/python` in a folder above the executable, which is where a package's build folder lies, else
  /// that of an activated environment. Never one in the current folder, which may be a downloaded one.
  ///
  /// - Parameter packages: What it should have, for the error's message.
  /// - Throws: `EnvironmentError.pythonMissing`.
  static func locate(
    packages: PythonPackages = .gymnasium,
    variables: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> String {
    if let variable = variables["POLYMATH_PYTHON"] {
      guard FileManager.default.isExecutableFile(atPath: variable) else {
        throw EnvironmentError.pythonMissing(
          reason: "POLYMATH_PYTHON is \(variable), which can't be executed", packages: packages.names)
      }
      return URL(filePath: variable).standardizedFileURL.path
    }
    var folders: [URL] = []
    if let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      var folder = URL(filePath: executable).deletingLastPathComponent()
      while folder.path != "/" {
        folders.append(folder)
        folder.deleteLastPathComponent()
      }
    }
    // The link in the virtual environment is not resolved: where it lies is how Python finds its packages.
    let candidates =
      folders.map { $0.appending(path: ".venv/bin/python").path }
      + [variables["VIRTUAL_ENV"]].compactMap { $0 }.map { "\($0)/bin/python" }
    guard let found = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw EnvironmentError.pythonMissing(reason: "no Python is found", packages: packages.names)
    }
    return found
  }

  /// PYTHONPATH for every Python that is started: without its empty and relative entries, which are places in the current
  /// folder, where a module of any name may lie.
  static func searchPath(variables: [String: String] = ProcessInfo.processInfo.environment) -> String {
    (variables["PYTHONPATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") }.joined(separator: ":")
  }

  /// The versions that a file of requirements pins, by package.
  static func pins(_ file: String, of packages: Set<String>) -> [String: String] {
    let requirements = try? String(contentsOf: resource(file), encoding: .utf8)
    let pins = (requirements ?? "").split(separator: "\n").map {
      $0.split(separator: "==", maxSplits: 1).map(String.init)
    }
    return Dictionary(uniqueKeysWithValues: pins.filter { packages.contains($0[0]) }.map { ($0[0], $0[1]) })
  }

  /// A file of the folder that holds the worker's program.
  static func resource(_ name: String) -> URL { Bundle.module.bundleURL.appending(path: "Python/\(name)") }
}
