import Foundation

/// Where the Python of the worker processes is.
enum WorkerPython {
  /// POLYMATH_PYTHON, else `.venv/bin/python` in the current directory or in a folder above the executable, which is
  /// where a package's build folder lies.
  ///
  /// - Parameter command: What makes one, for the error's message.
  /// - Throws: `EnvironmentError.pythonMissing`.
  static func locate(
    command: String = PythonPackages.gymnasium.command,
    variable: String? = ProcessInfo.processInfo.environment["POLYMATH_PYTHON"],
    directory: String = FileManager.default.currentDirectoryPath
  ) throws -> String {
    if let variable {
      guard FileManager.default.isExecutableFile(atPath: variable) else {
        throw EnvironmentError.pythonMissing(
          reason: "POLYMATH_PYTHON is \(variable), which can't be executed", command: command)
      }
      return URL(filePath: variable).standardizedFileURL.path
    }
    var folders = [URL(filePath: directory)]
    if let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      var folder = URL(filePath: executable).deletingLastPathComponent()
      while folder.path != "/" {
        folders.append(folder)
        folder.deleteLastPathComponent()
      }
    }
    // The link in the virtual environment is not resolved: where it lies is how Python finds its packages.
    let candidates = folders.map { $0.appending(path: ".venv/bin/python").path }
    guard let found = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw EnvironmentError.pythonMissing(reason: "there is no Python with the suite's packages", command: command)
    }
    return found
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
