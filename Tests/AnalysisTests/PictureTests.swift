import Analysis
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Pictures")
struct PictureTests {
  private let tasks = ["reach & push", "a < b", "\"quoted\""] + (3..<30).map { "task-\($0)" }

  @Test("A scatter picture is well formed, has a mark a point and a legend, and stays in its frame")
  func scatter() {
    let points = Points(normals(180, stream: 4).map { 1e3 * $0 }, dimensions: 2)
    let picture = ScatterPicture(title: "t-SNE", points: points, labels: (0..<90).map { $0 % 30 }, tasks: tasks)
    let elements = Elements(picture.svg)
    #expect(elements.count("circle") + elements.count("polygon") == 90 + 30)
    #expect(elements.texts == ["t-SNE"] + tasks)
    #expect(elements.centres.allSatisfy { (20...900).contains($0.x) && (52...652).contains($0.y) })
  }

  @Test("Equal points are drawn in the middle")
  func equal() {
    let picture = ScatterPicture(
      title: "", points: Points([7, 7, 7, 7], dimensions: 2), labels: [0, 0], tasks: ["a"])
    #expect(Elements(picture.svg).centres.filter { $0 == (320, 352) }.count == 2)
  }

  @Test("A routing picture has all modules and links of all tasks", arguments: [false, true])
  func routingPicture(head: Bool) {
    let table = routing(tasks: tasks, count: 2, between: 1, within: 1, head: head)
    let elements = Elements(RoutingPicture(title: "Routing", table: table).svg)
    // A panel: three layers of three modules, 18 links, and with a head one circle and three links more. The scale:
    // four lines, a circle for modules and one for the head.
    #expect(elements.count("circle") == 30 * (9 + (head ? 1 : 0)) + 1 + (head ? 1 : 0))
    #expect(elements.count("line") == 30 * (18 + (head ? 3 : 0)) + 4)
    #expect(elements.texts.suffix(30) == tasks[...])
  }

  @Test("A picture of curves has a line an arm and panel, and a band where there is an interval")
  func curves() {
    func curve(_ scale: Double, spread: Double) -> [CurvePicture.Point] {
      (1...5).map { step in
        let value = scale * Double(step)
        return .init(steps: 1000 * step, estimate: value, low: value - spread, high: value + spread)
      }
    }
    let panels = tasks.map {
      CurvePicture.Panel(title: $0, curves: [curve(0.1, spread: 0), curve(0.5, spread: 0.3), []])
    }
    let picture = CurvePicture(
      title: "Success", arms: ["balance=off & <", "c", "unknown"], panels: panels, range: 0...1)
    let elements = Elements(picture.svg)
    #expect(elements.count("polyline") == 2 * tasks.count)
    #expect(elements.count("polygon") == tasks.count)
    #expect(elements.texts.filter(tasks.contains) == tasks)
    #expect(elements.texts.count { $0 == "5 k steps" } == tasks.count)
    #expect(!picture.svg.contains("nan"))
  }

  @Test("What a viewer would obey is shown as an escape, and the picture stays well formed")
  func foreign() {
    let panel = CurvePicture.Panel(title: "\u{1b}[2Jx", curves: [[]])
    let picture = CurvePicture(title: "", arms: ["\u{202e}\u{0}a"], panels: [panel], range: 0...1)
    let texts = Elements(picture.svg).texts
    #expect(texts.contains("\\u{1b}[2Jx") && texts.contains("\\u{202e}\\u{0}a"))
  }

  @Test("A line is as wide as the mean weight says")
  func widths() {
    let weights: [[Float]] = [[1, 0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]
    let samples = weights.map { RoutingSample(task: 0, episode: 0, step: 0, weights: $0) }
    let table = RoutingTable(tasks: ["a"], layers: 1, modules: 2, samples: samples)
    let elements = Elements(RoutingPicture(title: "", table: table).svg)
    let expected = [5.55, 2.05, 3.8, 3.8]  // 0.3 + 7 P of means 0.75, 0.25, 0.5 and 0.5
    #expect(elements.widths.suffix(4) == expected[...])
  }
}

/// What an XML reader finds in a picture.
private final class Elements: NSObject, XMLParserDelegate {
  private var names: [String] = []
  private(set) var texts: [String] = []
  private(set) var centres: [(x: Double, y: Double)] = []
  private(set) var widths: [Double] = []

  init(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    #expect(parser.parse(), "the picture is not well formed")
  }

  func count(_ name: String) -> Int { names.count { $0 == name } }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    names.append(name)
    if name == "text" { texts.append("") }
    if name == "circle", let x = attributes["cx"].flatMap(Double.init), let y = attributes["cy"].flatMap(Double.init) {
      centres.append((x, y))
    }
    if name == "line", let width = attributes["stroke-width"].flatMap(Double.init) { widths.append(width) }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if names.last == "text" && !string.allSatisfy(\.isWhitespace) { texts[texts.count - 1] += string }
  }
}
