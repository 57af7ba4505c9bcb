/// The mean routing of each task, one panel a task: a column of circles a layer of modules, and a line from source
/// module j to target module i as wide and as dark as P[i, j] (after Yang et al. 2020, figure 5). Where a network has
/// head weights q, they lead to one more circle.
///
/// Widths are absolute, so that uniform routing looks uniform and small differences look small.
public struct RoutingPicture: Sendable {
  public let title: String
  public let table: RoutingTable

  /// Precondition: every task of the table has a sample.
  public init(title: String, table: RoutingTable) { (self.title, self.table) = (title, table) }

  private static let (layerGap, moduleGap, radius) = (60.0, 36.0, 8.0)
  private static let (margin, heading, top) = (20.0, 34.0, 84.0)

  /// The picture as the text of an SVG file.
  public var svg: String {
    let (weights, headWeights) = (table.meanWeights, table.meanHeadWeights)
    let hasHead = !headWeights[0].isEmpty
    let steps = Double(table.layers + (hasHead ? 1 : 0))
    let longest = Double(table.tasks.map(\.count).max()!)
    let width = max(steps * Self.layerGap + 44, 7.6 * longest + 30)
    let height = Self.heading + Double(table.modules) * Self.moduleGap + 8
    let most = max(1, Int(1540 / (width + Self.margin)))
    let rows = (table.tasks.count + most - 1) / most
    let columns = (table.tasks.count + rows - 1) / rows
    var picture = SVG(
      width: max(Double(columns) * (width + Self.margin) + Self.margin, 560),
      height: Self.top + Double(rows) * (height + Self.margin))
    picture.text(title, Self.margin, 33, size: 18, bold: true)
    drawScale(withHead: hasHead, into: &picture)
    for (task, name) in table.tasks.enumerated() {
      let left = Self.margin + Double(task % columns) * (width + Self.margin)
      let top = Self.top + Double(task / columns) * (height + Self.margin)
      picture.frame(left, top, width: width, height: height)
      picture.text(name, left + width / 2, top + 22, size: 14, anchor: .middle, bold: true)
      draw(
        weights[task], headWeights[task], colour: TaskMark(task: task).colour,
        x: left + (width - steps * Self.layerGap) / 2, y: top + Self.heading, into: &picture)
    }
    return picture.file
  }

  private func draw(
    _ weights: [Double], _ headWeights: [Double], colour: String, x: Double, y: Double, into picture: inout SVG
  ) {
    let (layers, n) = (table.layers, table.modules)
    func column(_ layer: Int) -> Double { x + Double(layer) * Self.layerGap }
    func row(_ module: Int) -> Double { y + (Double(module) + 0.5) * Self.moduleGap }
    let middle = y + Double(n) * Self.moduleGap / 2
    for layer in 0..<layers {
      for i in 0..<n {
        for j in 0..<n {
          let weight = weights[(layer * n + i) * n + j]
          link(weight, column(layer), row(j), column(layer + 1), row(i), colour, into: &picture)
        }
      }
    }
    for (j, weight) in headWeights.enumerated() {
      link(weight, column(layers), row(j), column(layers + 1), middle, colour, into: &picture)
    }
    for layer in 0...layers {
      for module in 0..<n {
        picture.circle(column(layer), row(module), radius: Self.radius, fill: "#FFFFFF", stroke: SVG.ink)
      }
    }
    if !headWeights.isEmpty {
      picture.circle(column(layers + 1), middle, radius: Self.radius, fill: SVG.ink)
    }
  }

  private func link(
    _ weight: Double, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String, into picture: inout SVG
  ) {
    picture.line(x1, y1, x2, y2, width: 0.3 + 7 * weight, colour: colour, opacity: 0.05 + 0.95 * weight)
  }

  /// Lines of known weight, the uniform one among them, and what the circles are.
  private func drawScale(withHead hasHead: Bool, into picture: inout SVG) {
    let uniform = 1 / Double(table.modules)
    let scale = [(0.05, "0.05"), (uniform, "1/\(table.modules) (uniform)"), (0.75, "0.75"), (1, "1")]
    var x = Self.margin
    for (weight, label) in scale {
      link(weight, x, 60, x + 40, 60, SVG.ink, into: &picture)
      picture.text(label, x + 48, 64.5, size: 13)
      x += 66 + 7 * Double(label.count)
    }
    let marks = [("module", "#FFFFFF")] + (hasHead ? [("head", SVG.ink)] : [])
    for (label, fill) in marks {
      picture.circle(x + Self.radius, 60, radius: Self.radius, fill: fill, stroke: SVG.ink)
      picture.text(label, x + 24, 64.5, size: 13)
      x += 44 + 7 * Double(label.count)
    }
  }
}
