/// The name of `candidates` that a misspelt `name` most likely meant: least edits, the first of equals.
///
/// - Returns: nil where every candidate takes more than a third of its letters, and more than two edits.
public func nearest(to name: String, among candidates: [String]) -> String? {
  let distances = candidates.map { (name: $0, edits: editDistance(name, $0)) }
  guard let best = distances.min(by: { $0.edits < $1.edits }) else { return nil }
  return best.edits <= max(2, best.name.count / 3) ? best.name : nil
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
