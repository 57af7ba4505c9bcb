import Foundation
import Testing

/// The programs of `Examples/`, as their packages build them.
@Suite("Examples")
struct ExampleTests {
  private func run(_ name: String, _ arguments: [String] = [], in folder: URL) throws -> (status: Int32, output: String)
  {
    let file = folder.appending(path: "output")
    try Data().write(to: file)
    let program = try Program(arguments, of: name, in: folder, output: FileHandle(forWritingTo: file))
    let status = program.end()
    return (status, try String(contentsOf: file, encoding: .utf8) + program.message)
  }

  @Test("Fifteen lines train an agent and evaluate it")
  func quickstart() throws {
    try inFolder { folder in
      let (status, output) = try run("Quickstart", in: folder)
      #expect(status == 0, "\(output)")
      let returns = output.matches(of: /goal_[a-z]+: mean return ([0-9.]+)/).compactMap { Double($0.1) }
      // Random play reaches the goal worth 100 in a tenth of its episodes.
      #expect(returns.count == 4 && returns[3] >= 50, "\(output)")
    }
  }

  @Test("An algorithm and a suite of a package's own have the tool's commands, resume among them")
  func ownAlgorithm() throws {
    try inFolder { folder in
      func tool(_ arguments: String...) throws -> String {
        let (status, output) = try run("OwnAlgorithm", arguments, in: folder)
        #expect(status == 0, "\(arguments) \(output)")
        return output
      }
      let train = ["train", "--algorithm", "reinforce", "--threads", "2", "--quiet"]
      for rest in [
        ["--steps", "40000", "--out", "whole"], ["--steps", "20000", "--out", "half"],
        ["--steps", "4000", "--learning-rate", "1e-5", "--out", "slow"],
      ] {
        let (status, output) = try run("OwnAlgorithm", train + rest, in: folder)
        #expect(status == 0, "\(output)")
      }
      _ = try tool("train", "--resume", "--steps", "40000", "--out", "half", "--quiet")
      let model = { (out: String) in try Data(contentsOf: newest("model.safetensors", in: folder.appending(path: out)))
      }
      #expect(try model("whole") == model("half"))
      let scores = try tool("evaluate", "whole", "--episodes", "50", "--greedy", "--json")
      #expect(scores.contains("\"prize_left\"") && scores.matches(of: /"success" ?: ?1\b/).count == 2, "\(scores)")
      let reference = ["--training", "--reference", "prize_left=1,prize_right=1"]
      let (status, comparison) = try run("OwnAlgorithm", ["compare", "whole", "slow"] + reference, in: folder)
      #expect(status == 0 && comparison.contains("learning-rate=1e-05"), "\(comparison)")
      for (words, message) in [
        (["--resume", "--out", "whole", "--learning-rate", "0.1"], "was begun with learning-rate 0.003"),
        (["--resume", "--out", "whole", "--algorithm", "impala"], "was begun with algorithm reinforce"),
        (["--algorithm", "reinforce", "--suite", "arcade"], "reinforce reads one vector of floats"),
      ] {
        let (status, output) = try run("OwnAlgorithm", ["train"] + words, in: folder)
        #expect(status == 1 && output.contains(message), "\(output)")
      }
      #expect(try tool("list", "algorithms").contains("reinforce "))
      #expect(try tool("list", "suites").contains("corridor (2 tasks): prize_left, prize_right"))
      #expect(try tool("check", "corridor", "--steps", "1000").contains("prize_left"))
      #expect(try tool("train", "--help").contains("SETTINGS OF REINFORCE'S ALGORITHMS"))
    }
  }

  private func newest(_ name: String, in run: URL) throws -> URL {
    let checkpoints = run.appending(path: "checkpoints")
    let newest = try #require(
      try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).max {
        $0.count == $1.count ? $0 < $1 : $0.count < $1.count
      })
    return checkpoints.appending(path: newest).appending(path: name)
  }
}
