import Foundation
import Testing

/// Pages that quote programs.
@Suite("Documentation")
struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test("What the guides quote is in the example", arguments: ["adding-an-algorithm", "adding-an-environment"])
  func quotes(page: String) throws {
    let sources = Self.root.appending(path: "Examples/OwnAlgorithm/Sources/OwnAlgorithm")
    let example = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
      .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
    let text = try String(contentsOf: Self.root.appending(path: "docs/\(page).md"), encoding: .utf8)
    // A user's manifest has an address where the example has a path.
    let blocks = text.matches(of: /```swift\n(.*?)\n```/.dotMatchesNewlines()).map { String($0.1) }
      .filter { !$0.hasPrefix("dependencies:") }
    #expect(blocks.count >= 6)
    for block in blocks { #expect(example.contains(block), "\(block)") }
  }
}
