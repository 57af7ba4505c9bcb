/// Points of a plane, coloured by task, with a legend. Axes have one scale and no numbers: an embedding has no units.
public struct ScatterPicture: Sendable {
  public let title: String
  /// `[N, 2]`.
  public let points: Points
  /// The task of each point.
  public let labels: [Int]
  /// Names of the tasks.
  public let tasks: [String]

  /// Precondition: points of two dimensions, one label each.
  public init(title: String, points: Points, labels: [Int], tasks: [String]) {
    precondition(points.dimensions == 2, "a picture shows two dimensions, not \(points.dimensions)")
    precondition(labels.count == points.count, "\(labels.count) labels for \(points.count) points")
    precondition(labels.allSatisfy(tasks.indices.contains), "a label is none of the \(tasks.count) tasks")
    (self.title, self.points, self.labels, self.tasks) = (title, points, labels, tasks)
  }

  /// The picture as the text of an SVG file.
  public var svg: String {
    let (side, margin, top, rowHeight, rows) = (600.0, 20.0, 52.0, 22.0, 25)
    let longest = Double(tasks.map(\.count).max() ?? 0)
    let columnWidth = 34 + 7.2 * longest
    let columns = (tasks.count + rows - 1) / rows
    var picture = SVG(
      width: side + 3 * margin + Double(columns) * columnWidth, height: top + side + margin)
    picture.text(title, margin, 33, size: 18, bold: true)
    picture.frame(margin, top, width: side, height: side)

    let (x, y) = (
      Extent(of: (0..<points.count).map { points[$0, 0] }), Extent(of: (0..<points.count).map { points[$0, 1] })
    )
    let scale = (side - 2 * margin) / max(x.length, y.length)
    let radius = points.count > 1500 ? 2.5 : 3.5
    // Tasks take turns, so that none covers the others because its name comes last.
    for point in turns {
      picture.mark(
        TaskMark(task: labels[point]), margin + side / 2 + scale * (points[point, 0] - x.middle),
        top + side / 2 - scale * (points[point, 1] - y.middle), radius: radius, opacity: 0.75)
    }
    for (task, name) in tasks.enumerated() {
      let left = side + 2.5 * margin + Double(task / rows) * columnWidth
      let middle = top + 14 + Double(task % rows) * rowHeight
      picture.mark(TaskMark(task: task), left, middle, radius: 5)
      picture.text(name, left + 14, middle + 4.5, size: 13)
    }
    return picture.file
  }

  /// All points, the first of each task before the second of any.
  private var turns: [Int] {
    var seen = Array(repeating: 0, count: tasks.count)
    let places = labels.map { label in
      seen[label] += 1
      return seen[label]
    }
    return labels.indices.sorted { (places[$0], labels[$0]) < (places[$1], labels[$1]) }
  }

  /// What one axis spans; never nothing, so that equal points come to lie in the middle.
  private struct Extent {
    let middle, length: Double

    init(of values: [Double]) {
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      middle = (low + high) / 2
      length = high > low ? high - low : 1
    }
  }
}
