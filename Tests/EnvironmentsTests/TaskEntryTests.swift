import Foundation
import Testing

@testable import Environments

@Suite("Tasks listed by name")
struct TaskEntryTests {
  @Test(
    "An entry is a name and arguments, each after a question mark; both make the id",
    arguments: [
      ("CartPole-v1", "CartPole-v1", [:], "cartpole_v1"),
      ("Line-v0?length=5", "Line-v0", ["length": "5"], "line_v0_length_5"),
      (" Line-v0 ?length=5 ", "Line-v0", ["length": "5"], "line_v0_length_5"),
      ("a/Line-v0?wind=-0.5?length=5", "a/Line-v0", ["length": "5", "wind": "-0.5"], "a_line_v0_length_5_wind__0_5"),
      ("Line-v0?goal=a=b", "Line-v0", ["goal": "a=b"], "line_v0_goal_a_b"),
      ("Line-v0?length = 5 ?goal= x y", "Line-v0", ["length": "5", "goal": "x y"], "line_v0_goal_x_y_length_5"),
      ("Line-v0?goal=", "Line-v0", ["goal": ""], "line_v0_goal_"),
    ] as [(String, String, [String: String], String)])
  func entries(text: String, name: String, arguments: [String: String], id: String) throws {
    let entry = try TaskEntry(text)
    #expect(entry.name == name && entry.arguments == arguments && entry.id == id)
  }

  @Test("A list keeps its order, and spaces after commas are forgiven")
  func list() throws {
    #expect(try TaskEntry.list("B-v0, A-v0?x=1,").map(\.id) == ["b_v0", "a_v0_x_1"])
    #expect(try TaskEntry.list("").isEmpty)
  }

  @Test(
    "What is no argument is quoted, with how to write one",
    arguments: [
      ("Line-v0?length", "\"?length\" is no argument"), ("Line-v0?", "\"?\" is no argument"),
      ("Line-v0?=5", "\"?=5\" is no argument"), ("Line-v0?a=1?a=2", "the argument a is there twice"),
      ("?length=5", "must stand before its arguments"),
    ])
  func refused(text: String, reason: String) {
    let error = #expect(throws: EnvironmentError.self) { try TaskEntry.list("Good-v0,\(text)") }
    #expect(error?.description.hasPrefix("\(text): ") == true && error?.description.contains(reason) == true)
  }

  @Test("Meta-World's tasks have arguments of their own, too")
  func metaWorld() throws {
    let set = try Suites.make("metaworld-mt1:push?reward_version=v1,push,reach?horizon=100")
    #expect(set.ids == ["push_reward_version_v1", "push", "reach_horizon_100"])
    #expect(set.tasks.map { $0.parameters["reward_version"] } == ["v1", "v2", "v2"])
    #expect(set.tasks.map { $0.parameters["horizon"] } == ["500", "500", "100"])
  }
}

@Suite("Packages of Python")
struct PythonPackagesTests {
  @Test(
    "A missing package is told with all that its suite needs, before a worker starts",
    arguments: [
      (Atari.packages, ["ale-py", "gymnasium"]), (MetaWorld.packages, ["gymnasium", "metaworld"]),
      (MinAtar.packages, ["MinAtar", "gymnasium"]), (PythonPackages.gymnasium, ["gymnasium"]),
    ])
  func missing(packages: PythonPackages, needed: [String]) throws {
    // Asked for what it has, it answers nothing.
    let error = #expect(throws: EnvironmentError.self) { try packages.check(in: "/bin/true", for: "a_task") }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("a_task: the Python package ") && text.hasSuffix("and it is not installed"))
    guard case .packageMissing("a_task", _, needed, "/bin/true") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(throws: EnvironmentError.self) { try packages.check(in: "/bin/false", for: "a_task") }
    #expect(throws: EnvironmentError.self) { try packages.check(in: "/nowhere/python", for: "a_task") }
  }

  @Test("Another version than the task's is told with both")
  func version() throws {
    let packages = PythonPackages(["a": "1.0", "b": nil])
    #expect(
      throws: EnvironmentError.packageMissing(
        task: "t", reason: "the Python package a 1.0 is needed, and version 1.1 is installed", packages: ["a", "b"],
        python: "p")
    ) { try packages.check(installed: ["a": "1.1", "b": "7"], in: "p", for: "t") }
    try packages.check(installed: ["a": "1.0", "b": "7"], in: "p", for: "t")
  }
}
