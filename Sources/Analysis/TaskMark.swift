/// How a picture shows a task: twelve colours in five shapes tell sixty tasks apart, the first twelve by colour alone.
struct TaskMark {
  enum Shape: Int, CaseIterable {
    case circle, square, triangle, diamond, inverted

    /// Corners around the centre, of about a unit circle's area; none for the circle itself.
    var corners: [(x: Double, y: Double)] {
      switch self {
      case .circle: []
      case .square: [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
      case .triangle: [(0, -1.45), (1.3, 0.85), (-1.3, 0.85)]
      case .diamond: [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
      case .inverted: [(0, 1.45), (-1.3, -0.85), (1.3, -0.85)]
      }
    }
  }

  /// Mostly from Paul Tol's qualitative schemes (technical note SRON/EPS/TN/09-002).
  private static let colours = [
    "#4477AA", "#EE6677", "#228833", "#EE7733", "#AA3377", "#66CCEE", "#CCBB44", "#332288", "#8C5A2B", "#44AA99",
    "#F2A3C7", "#7F7F7F",
  ]

  let colour: String
  let shape: Shape

  init(task: Int) {
    colour = Self.colours[task % Self.colours.count]
    shape = Shape(rawValue: task / Self.colours.count % Shape.allCases.count)!
  }
}
