import Foundation
import Testing

@testable import Environments

/// What the package says of each game: its planes, and the actions it has a use for. nil where the package isn't there.
private let games: [String]? = {
  guard let python = try? WorkerPython.locate() else { return nil }
  let program = """
    import minatar
    for name in "asterix", "breakout", "freeway", "seaquest", "space_invaders":
        game = minatar.Environment(name)
        print(name, game.state_shape(), sorted(game.minimal_action_set()))
    """
  let (process, output) = (Process(), Pipe())
  process.executableURL = URL(filePath: python)
  process.arguments = ["-c", program]
  (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
  guard (try? process.run()) != nil, let text = try? output.fileHandleForReading.readToEnd() else { return nil }
  process.waitUntilExit()
  return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
}()

@Suite("MinAtar", .serialized)
struct MinAtarTests {
  @Test("Planes and masks are the package's", .enabled(if: games != nil))
  func spaces() {
    let found = MinAtar.tasks().map { task in
      "\(task.id) \(task.observation.leaves[0].shape) \(task.actionMask.indices.filter { task.actionMask[$0] })"
    }
    #expect(found == games)
  }

  @Test("One space and one colour a plane serve all games; versions and rules are in the lockfile")
  func set() throws {
    let set = try Suites.make("minatar")
    #expect(set.ids == ["asterix", "breakout", "freeway", "seaquest", "space_invaders"])
    #expect(set.observation == Arcade.observation && set.action == .discrete(6))
    #expect(set.tasks.map(\.palette.count) == [10, 10, 10, 10, 10])
    for line in ["version_MinAtar: 1.0.15", "version_gymnasium: 1.4.0", "sticky_actions: 0.1", "ramping: true"] {
      #expect(set.lockfile.contains("      \(line)\n"))
    }
  }

  @Test(
    "keeps the promises of environments, padded, with its state restored", .enabled(if: games != nil),
    arguments: MinAtar.tasks().map(\.id))
  func promises(id: String) throws {
    let task = try #require(try Suites.make("minatar").tasks.first { $0.id == id })
    #expect(try EnvironmentCheck.savesState(of: task))
    #expect(try EnvironmentCheck.failures(of: task, steps: 300, slots: 2) == [])
  }

  @Test("Going up in freeway crosses the road; its planes are 0 or 1, and added ones 0", .enabled(if: games != nil))
  func plays() throws {
    let play = try Play(try #require(try Suites.make("minatar").tasks.first { $0.id == "freeway" }), replicas: 0..<8)
    let (no, yes) = ([UInt8](repeating: 0, count: 8), [UInt8](repeating: 1, count: 8))
    var reward = [Float](repeating: 0, count: 8)
    for step in 1...2_501 {
      try play.step([2, 2, 2, 2, 0, 0, 0, 0])
      for slot in 0..<8 { reward[slot] += play.reward[slot] }
      #expect(play.terminated == (step < 2_501 ? no : yes) && play.truncated == no)
      guard step % 50 == 0 else { continue }
      let planes = play.observation
      #expect(planes.indices.allSatisfy { planes[$0] <= ($0 % 10 < 7 ? 1 : 0) })
      // One chicken a slot.
      #expect(stride(from: 0, to: planes.count, by: 10).count { planes[$0] == 1 } == 8)
    }
    // Cars that stand in the way of one who only goes up may do so for all of an episode.
    #expect(reward[..<4].contains { $0 > 0 } && reward[4...].allSatisfy { $0 == 0 })
  }
}
