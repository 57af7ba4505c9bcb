/// The name of `candidates` that `name` most likely meant: least edits, the first of equals; or else the first that
/// `name` begins, or is a part of between dashes, as `popart` is of `popart-impala`. Case and underscores don't count.
///
/// - Returns: nil where every candidate takes more than one edit per four letters of the longer name, and none has it
///   as a part: a wrong hint is worse than none.
public func nearest(to name: String, among candidates: [String]) -> String? {
  func plain(_ name: String) -> String { name.lowercased().replacing("_", with: "-") }
  let name = plain(name)
  let near = candidates.map { (name: $0, edits: editDistance(name, plain($0))) }.filter {
    $0.edits <= max(name.count, $0.name.count) / 4
  }
  if let best = near.min(by: { $0.edits < $1.edits }) { return best.name }
  return candidates.first { name.count > 2 && ("-" + plain($0)).contains("-" + name) }
}

/// Fewest insertions, deletions and replacements of characters, and exchanges of two neighbours, that turn `from` into
/// `to` (optimal string alignment).
func editDistance(_ from: String, _ to: String) -> Int {
  let (source, target) = (Array(from), Array(to))
  var (above, row) = ([Int](), Array(0...target.count))
  for (i, letter) in source.enumerated() {
    var next = [i + 1]
    for (j, other) in target.enumerated() {
      var edits = min(row[j] + (letter == other ? 0 : 1), row[j + 1] + 1, next[j] + 1)
      if i > 0, j > 0, letter == target[j - 1], source[i - 1] == other { edits = min(edits, above[j - 1] + 1) }
      next.append(edits)
    }
    (above, row) = (row, next)
  }
  return row[target.count]
}
