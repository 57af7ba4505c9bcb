import Foundation

/// Learning curves, one panel a title: a line an arm, and its interval as a band behind it.
public struct CurvePicture: Sendable {
  /// A number with its interval; the estimate alone where there is none.
  public struct Point: Sendable, Equatable {
    public let steps: Int
    public let estimate, low, high: Double

    public init(steps: Int, estimate: Double, low: Double, high: Double) {
      (self.steps, self.estimate, self.low, self.high) = (steps, estimate, low, high)
    }
  }

  public struct Panel: Sendable {
    public let title: String
    /// A curve an arm; an arm of which nothing is known has no points.
    public let curves: [[Point]]

    public init(title: String, curves: [[Point]]) { (self.title, self.curves) = (title, curves) }
  }

  public let title: String
  public let arms: [String]
  public let panels: [Panel]
  /// What the axis of every panel spans; nil for what each panel's own points span.
  public let range: ClosedRange<Double>?

  /// - Precondition: a panel, and in each a curve an arm.
  public init(title: String, arms: [String], panels: [Panel], range: ClosedRange<Double>?) {
    precondition(!panels.isEmpty, "a picture of no panels")
    precondition(
      panels.allSatisfy { $0.curves.count == arms.count }, "a panel has a curve for each of \(arms.count) arms")
    (self.title, self.arms, self.panels, self.range) = (title, arms, panels, range)
  }

  private static let (width, height, margin, columns) = (230.0, 150.0, 20.0, 4)
  private static let (heading, foot, left, row) = (30.0, 22.0, 46.0, 20.0)

  /// The picture as the text of an SVG file.
  public var svg: String {
    let columns = min(Self.columns, panels.count)
    let panelWidth = Self.left + Self.width + Self.margin
    let panelHeight = Self.heading + Self.height + Self.foot
    let top = 52 + Double(arms.count) * Self.row
    var picture = SVG(
      width: max(Double(columns) * panelWidth + Self.margin, 560),
      height: top + Double((panels.count + columns - 1) / columns) * panelHeight + Self.margin)
    picture.text(title, Self.margin, 33, size: 18, bold: true)
    for (arm, name) in arms.enumerated() {
      let middle = 58 + Double(arm) * Self.row
      picture.line(
        Self.margin, middle, Self.margin + 26, middle, width: 2.5, colour: TaskMark(task: arm).colour, opacity: 1)
      picture.text(name, Self.margin + 36, middle + 4.5, size: 13)
    }
    let last = panels.flatMap(\.curves).joined().map(\.steps).max() ?? 1
    for (place, panel) in panels.enumerated() {
      draw(
        panel, last: last, x: Self.left + Double(place % columns) * panelWidth,
        y: top + Self.heading + Double(place / columns) * panelHeight, into: &picture)
    }
    return picture.file
  }

  private func draw(_ panel: Panel, last: Int, x: Double, y: Double, into picture: inout SVG) {
    let curves = panel.curves.map { $0.filter { ($0.low + $0.estimate + $0.high).isFinite } }
    let known = curves.joined()
    let (low, high) = (
      range?.lowerBound ?? known.map(\.low).min() ?? 0, range?.upperBound ?? known.map(\.high).max() ?? 1
    )
    // Halved: the difference of two numbers may be too large for one.
    let span = high > low ? high / 2 - low / 2 : 1
    func place(_ steps: Int, _ value: Double) -> (x: Double, y: Double) {
      let share = min(max((value / 2 - low / 2) / span, 0), 1)
      return (x + Self.width * Double(steps) / Double(max(last, 1)), y + Self.height * (1 - share))
    }
    picture.frame(x, y, width: Self.width, height: Self.height)
    picture.text(panel.title, x + Self.width / 2, y - 8, size: 14, anchor: .middle, bold: true)
    picture.text(Self.short(high), x - 6, y + 10, size: 11, anchor: .end)
    picture.text(Self.short(low), x - 6, y + Self.height, size: 11, anchor: .end)
    picture.text("\(Self.short(Double(last))) steps", x + Self.width, y + Self.height + 14, size: 11, anchor: .end)
    for (arm, curve) in curves.enumerated() {
      let colour = TaskMark(task: arm).colour
      if curve.contains(where: { $0.low < $0.high }) {
        picture.area(
          curve.map { place($0.steps, $0.high) } + curve.reversed().map { place($0.steps, $0.low) }, colour: colour,
          opacity: 0.15)
      }
      picture.curve(curve.map { place($0.steps, $0.estimate) }, width: 1.75, colour: colour)
    }
  }

  /// Three digits at most, thousands and millions by their letters.
  private static func short(_ value: Double) -> String {
    let (scaled, unit) =
      abs(value) >= 1e6 ? (value / 1e6, " M") : abs(value) >= 1e3 ? (value / 1e3, " k") : (value, "")
    return String(format: abs(scaled) >= 100 ? "%.0f" : "%.3g", scaled) + unit
  }
}
