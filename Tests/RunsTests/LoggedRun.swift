import Foundation

/// A run's folder with the numbers of two tasks at three times; `steps` of the last are the run's end.
func loggedRun(_ algorithm: String, seed: Int, end: Double, records: [Int] = [250, 500, 1000]) throws -> String {
  let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try Data("suite: planar10\ntasks: [reach,push]\nalgorithm: \(algorithm)\nseed: \(seed)\nsteps: 1000\n".utf8)
    .write(to: URL(fileURLWithPath: path + "/run.yaml"))
  let lines = records.map { steps in
    // Nothing is known of the first task at first.
    let reach = steps == 250 ? "null" : "\(end * Double(steps) / 1000)"
    return "{\"steps\":\(steps),\"reach/success\":\(reach),\"push/success\":0.25}\n"
  }
  try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: path + "/metrics.jsonl"))
  return path
}
