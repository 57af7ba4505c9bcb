import Foundation
import Polymath

/// A score for people: about three digits, and all of those before the point.
func short(_ value: Double) -> String {
  if !value.isFinite { return "n/a" }
  let size = abs(value)
  if size != 0 && (size < 0.01 || size >= 1e7) { return String(format: "%.3g", value) }
  if size >= 100 { return grouped(value.rounded(.toNearestOrEven)) }
  return decimal(value, digits: size >= 10 ? 1 : 2)
}

func percent(_ fraction: Double) -> String { fraction.isFinite ? "\(decimal(100 * fraction, digits: 0)) %" : "n/a" }

/// So many digits after the point. What is rounded to zero has no sign.
func decimal(_ value: Double, digits: Int) -> String {
  let text = String(format: "%.\(digits)f", value)
  return text.hasPrefix("-") && text.allSatisfy("-0.".contains) ? String(text.dropFirst()) : text
}

/// A whole number, without what follows its point.
func grouped(_ number: Double) -> String { abs(number) < 1e15 ? grouped(Int(number)) : "n/a" }

func duration(_ seconds: Double) -> String {
  // NaN, and what no training lasts.
  guard seconds < 1e12 else { return "n/a" }
  let whole = Int(max(seconds, 0).rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// Columns side by side; the first is left-aligned, the others right-aligned. No line ends with spaces, which would
/// wrap.
func table(_ rows: [[String]]) -> [String] {
  // First made printable, which makes it wider.
  let rows = rows.map { $0.map(\.printableText) }
  guard let columns = rows.first?.count else { return [] }
  let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, text in
      let padding = String(repeating: " ", count: widths[column] - text.count)
      return column == 0 ? text + padding : padding + text
    }.joined(separator: "  ").replacing(/[ ]+$/, with: "")
  }
}

/// A line for people, broken between words where a terminal would break it within them; a file gets it whole.
func wrapped(_ line: String, for file: Int32 = STDERR_FILENO) -> String {
  isatty(file) == 0 ? line : wrapped(line, to: terminalSize(file).columns).joined(separator: "\n")
}

/// Lines of at most `columns` characters, where words are no longer. What is broken at the beginning stays so.
func wrapped(_ text: String, to columns: Int) -> [String] {
  text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
    line.split(separator: " ", omittingEmptySubsequences: false).dropFirst().reduce(
      into: [line.prefix { $0 != " " }.description]
    ) { lines, word in
      let last = lines.count - 1
      if lines[last].count + 1 + word.count <= columns { lines[last] += " \(word)" } else { lines.append("\(word)") }
    }
  }
}

/// What the terminal shows at once; 80 by 24 where it doesn't say.
func terminalSize(_ file: Int32 = STDOUT_FILENO) -> (columns: Int, rows: Int) {
  var size = winsize()
  guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
  return (Int(size.ws_col), Int(size.ws_row))
}

/// Whether standard output is a terminal, where lines may be drawn over.
let isTerminal = isatty(STDOUT_FILENO) != 0
