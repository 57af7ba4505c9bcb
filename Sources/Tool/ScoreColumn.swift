import ArgumentParser
import Polymath

/// A column of a table of scores.
struct ScoreColumn<Row> {
  let title: String
  /// nil where the row has none.
  let text: (Row) -> String?
  /// Where a table is too wide, the column of the highest goes first, and one of 0 never.
  let expendable: Int

  init(_ title: String, expendable: Int = 0, _ text: @escaping (Row) -> String?) {
    (self.title, self.text, self.expendable) = (title, text, expendable)
  }
}

/// A line per row under one of titles, without the columns of which no row has anything, and without the most
/// expendable ones until lines have at most `width` characters.
func table<Row>(of rows: [Row], _ columns: [ScoreColumn<Row>], width: Int = .max) -> [String] {
  var shown = columns.filter { column in rows.contains { column.text($0) != nil } }
  while true {
    let lines = table([shown.map(\.title)] + rows.map { row in shown.map { $0.text(row) ?? "n/a" } })
    let most = shown.map(\.expendable).max() ?? 0
    if most == 0 || lines.allSatisfy({ $0.count <= width }) { return lines }
    shown.removeAll { $0.expendable == most }
  }
}

/// `1.2 to 3.4`; nil where there is no interval.
func interval(_ low: Double?, _ high: Double?, _ format: (Double) -> String) -> String? {
  low.flatMap { low in high.map { "\(format(low)) to \(format($0))" } }
}

/// Returns that tasks are measured against, beside those of a run or a suite.
struct ReferenceOption: ParsableArguments {
  @Option(
    help: "Returns that count as 100 %: task=return,... or a YAML file of task: return.", transform: Words.init)
  var reference: [Words] = []

  /// - Throws: `ConfigurationError` for what is no reference.
  var values: [String: Double] {
    get throws {
      try RunConfiguration.resolve(flags: reference.isEmpty ? [] : [("reference", reference.text)]).references
    }
  }
}
