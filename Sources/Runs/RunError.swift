/// What may go wrong with the files of a run. One line each: what, the value, the way out.
public enum RunError: Error, CustomStringConvertible {
  case cannotWrite(path: String, reason: String)
  case cannotRead(path: String, reason: String)
  case runExists(path: String)
  case noCheckpoint(path: String)
  case badTensorFile(path: String, reason: String)
  case lockfileMismatch(path: String, difference: String)
  case configurationMismatch(path: String, setting: String, saved: String, given: String)

  public var description: String {
    switch self {
    case .cannotWrite(let path, let reason):
      "cannot write \(path): \(reason); make room there, or choose another folder with --out"
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason); check the path"
    case .runExists(let path):
      "\(path) exists: add --resume to go on with it, --overwrite to replace it, or choose another --out"
    case .noCheckpoint(let path): "\(path) holds no finished checkpoint: train it first"
    case .badTensorFile(let path, let reason): "\(path) is no checkpoint that can be used here: \(reason)"
    case .lockfileMismatch(let path, let difference):
      "\(path) was made for other tasks: \(difference); use the same suite, tasks and version"
    case .configurationMismatch(let path, let setting, let saved, let given):
      "\(path) was trained with \(setting) \(saved), not \(given): a resumed run keeps its settings (threads may change)"
    }
  }
}
