/// What is wrong with a configuration.
public enum ConfigurationError: Error, CustomStringConvertible {
  /// `hint` is what was probably meant.
  case unknownSetting(String, hint: String?)
  case foreignSetting(String, of: [String])
  /// A setting that means nothing at the value of another.
  case unreadSetting(String, other: String, value: String, reads: [String], readAt: [String])
  /// `nearest` is the value that was probably meant.
  case badValue(setting: String, value: String, kind: String, nearest: String? = nil)
  case wrongOrder(low: String, String, high: String, String)
  case badFile(path: String, reason: String)

  public var description: String {
    switch self {
    case .unknownSetting(let name, let hint):
      "unknown setting \(name)" + (hint.map { "; did you mean \($0)?" } ?? "") + " (polymath train --help lists all)"
    case .foreignSetting(let name, let algorithms):
      "setting \(name) belongs to "
        + (algorithms.count == 1
          ? "the algorithm \(algorithms[0]): leave it out, or choose that"
          : "the algorithms \(algorithms.joined(separator: ", ")): leave it out, or choose one of them")
    case .unreadSetting(let name, let other, let value, let reads, let values):
      "setting \(name) means nothing where \(other) is \(value)"
        + (reads.isEmpty ? "" : ", which reads \(reads.joined(separator: ", "))")
        + ": leave it out, or set \(other) to "
        + (values.count == 1 ? values[0] : "one of \(values.joined(separator: ", "))")
    case .badValue(let setting, let value, let kind, let nearest):
      "\(setting) is \(Double(value) == nil ? value.debugDescription : value), but must be \(kind)"
        + (nearest.map { "; did you mean \($0)?" } ?? "")
    case .wrongOrder(let low, let less, let high, let more):
      "\(low) is \(less), but must be at most \(high), which is \(more): lower it, or raise \(high)"
    case .badFile(let path, let reason): "\(path) is not a configuration: \(reason)"
    }
  }
}
