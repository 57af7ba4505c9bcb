/// The name of `candidates` that `name` most likely meant: least edits, the first of equals; or else the first that
/// `name` begins, or is a part of between dashes, as `popart` is of `popart-impala`. Case and underscores don't count.
///
/// - Returns: nil where every candidate takes more than a third of its letters, and more than two edits, and none has it
///   as a part.
public func nearest(to name: String, among candidates: [String]) -> String? {
  func plain(_ name: String) -> String { name.lowercased().replacing("_", with: "-") }
  let name = plain(name)
  let distances = candidates.map { (name: $0, edits: editDistance(name, plain($0))) }
  if let best = distances.min(by: { $0.edits < $1.edits }), best.edits <= max(2, best.name.count / 3) {
    return best.name
  }
  return candidates.first { name.count > 2 && ("-" + plain($0)).contains("-" + name) }
}

/// Fewest insertions, deletions and replacements of characters that turn `from` into `to` (Levenshtein).
func editDistance(_ from: String, _ to: String) -> Int {
  let target = Array(to)
  var row = Array(0...target.count)
  for (i, letter) in from.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in target.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[target.count]
}
