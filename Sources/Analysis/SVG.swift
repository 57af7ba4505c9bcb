import Environments

/// A picture as text (Scalable Vector Graphics 1.1), white behind it. Lengths are pixels.
struct SVG {
  enum Anchor: String { case start, middle, end }

  static let ink = "#333333"
  private let width, height: Double
  private var elements: [String] = []

  init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

  mutating func circle(_ x: Double, _ y: Double, radius: Double, fill: String, stroke: String = "none") {
    elements.append(
      "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" fill=\"\(fill)\" stroke=\"\(stroke)\""
        + " stroke-width=\"1.5\"/>")
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, width: Double, colour: String, opacity: Double
  ) {
    elements.append(
      "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" stroke=\"\(colour)\""
        + " stroke-width=\"\(n(width))\" stroke-opacity=\"\(n(opacity))\"/>")
  }

  /// A line through points; nothing where there are fewer than two.
  mutating func curve(_ points: [(x: Double, y: Double)], width: Double, colour: String) {
    guard points.count > 1 else { return }
    elements.append(
      "<polyline points=\"\(coordinates(points))\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(n(width))\""
        + " stroke-linejoin=\"round\"/>")
  }

  /// What a closed line through points encloses.
  mutating func area(_ points: [(x: Double, y: Double)], colour: String, opacity: Double) {
    elements.append("<polygon points=\"\(coordinates(points))\" fill=\"\(colour)\" fill-opacity=\"\(n(opacity))\"/>")
  }

  mutating func frame(_ x: Double, _ y: Double, width: Double, height: Double) {
    elements.append(
      "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" rx=\"6\" fill=\"none\""
        + " stroke=\"#D5D5D5\"/>")
  }

  mutating func mark(_ mark: TaskMark, _ x: Double, _ y: Double, radius: Double, opacity: Double = 1) {
    let corners = mark.shape.corners
    let path =
      corners.isEmpty
      ? "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\""
      : "<polygon points=\""
        + coordinates(corners.map { (x + radius * $0.x, y + radius * $0.y) }) + "\""
    elements.append(path + " fill=\"\(mark.colour)\" fill-opacity=\"\(n(opacity))\"/>")
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double, anchor: Anchor = .start, bold: Bool = false
  ) {
    elements.append(
      "<text x=\"\(n(x))\" y=\"\(n(y))\" font-size=\"\(n(size))\" text-anchor=\"\(anchor.rawValue)\""
        + (bold ? " font-weight=\"bold\"" : "") + ">\(escaped(text))</text>")
  }

  /// The whole file.
  var file: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(n(width))" height="\(n(height))" \
    viewBox="0 0 \(n(width)) \(n(height))" font-family="Helvetica, Arial, sans-serif" fill="\(Self.ink)">
    <rect width="100%" height="100%" fill="#FFFFFF"/>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  private func coordinates(_ points: [(x: Double, y: Double)]) -> String {
    points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
  }

  /// Two decimals: enough for a screen, and a file of thousands of points stays small.
  private func n(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// A text of whatever origin: neither XML's marks nor what a viewer obeys (`printable`).
  private func escaped(_ text: String) -> String {
    text.printable().map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      default: String(character)
      }
    }.joined()
  }
}
