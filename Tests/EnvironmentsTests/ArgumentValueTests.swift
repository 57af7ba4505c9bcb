import Foundation
import Testing

@testable import Environments

@Suite("Arguments of environments")
struct ArgumentValueTests {
  @Test(
    "An argument's text is a flag, an integer of any size, a float or text",
    arguments: [
      ("true", "true"), ("False", "false"), ("TRUE", "\"TRUE\""), ("0", "0"), ("-12", "-12"), ("007", "\"007\""),
      ("100000000000000000000001", "100000000000000000000001"), ("1.0", "1.0"), ("-.5", "-0.5"), ("5.", "5.0"),
      ("1e6", "1000000.0"), ("2E-3", "0.002"), ("1e999", "\"1e999\""), ("01.5", "\"01.5\""), ("1.2.3", "\"1.2.3\""),
      ("+1", "\"+1\""), ("nan", "\"nan\""), ("inf", "\"inf\""), ("0x10", "\"0x10\""), ("1_000", "\"1_000\""),
      ("", "\"\""), (".", "\".\""), ("-", "\"-\""), ("None", "\"None\""), ("a\"\\\n", "\"a\\\"\\\\\\n\""),
      ("٣", "\"٣\""),
    ])
  func rule(text: String, json: String) { #expect(ArgumentValue(text).json == json) }

  private static let hasPython = (try? WorkerPython.locate()) != nil

  @Test("Python receives what the rule says", .enabled(if: hasPython))
  func received() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "polymath-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let module = """
      import gymnasium

      def make(**arguments):
          raise ValueError(repr(sorted(arguments.items())))

      gymnasium.register("Told-v0", entry_point=make)
      """
    try module.write(to: folder.appending(path: "told.py"), atomically: true, encoding: .utf8)
    var options = Gymnasium.Options()
    (options.modules, options.directory) = (["told"], folder.path)
    options.arguments = ["a": "1.0", "b": "18446744073709551617", "c": "007", "d": "True", "é \"": "x: [1], y"]
    let error = #expect(throws: (any Error).self) { try Gymnasium.task("Told-v0", options: options) }
    let words = "[('a', 1.0), ('b', 18446744073709551617), ('c', '007'), ('d', True), ('é \"', 'x: [1], y')]"
    #expect("\(try #require(error))".contains(words), "\(error!)")
  }
}
