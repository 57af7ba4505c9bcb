import Algorithms
import Environments
import Foundation
import Testing

@testable import Runs

/// The folder of a run that has nothing but these settings.
private func directory(_ yaml: String) throws -> RunDirectory {
  let path = FileManager.default.temporaryDirectory.appending(path: "polymath-trust-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try yaml.write(toFile: path + "/run.yaml", atomically: true, encoding: .utf8)
  return RunDirectory(path: path)
}

private func signature() -> RunSignature {
  RunSignature(variables: [
    "XDG_STATE_HOME": FileManager.default.temporaryDirectory.appending(path: "polymath-state-\(UUID().uuidString)").path
  ])
}

@Suite("Which modules a run may import")
struct TrustTests {
  private let yaml = "suite: gymnasium:hers:X-v0,Y-v0?size=3\nenv-module: [mine]\n"

  @Test("The code is that of RFC 4231's second case")
  func knownCode() {
    #expect(
      RunSignature.code(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test("A run is its maker's until run.yaml changes, wherever the folder lies, and nobody else's")
  func signs() throws {
    let (run, own) = (try directory(yaml), signature())
    #expect(!own.isValid(in: run))
    try own.write(in: run)
    #expect(own.isValid(in: run) && !signature().isValid(in: run))
    let copy = run.path + "-copy"
    try FileManager.default.copyItem(atPath: run.path, toPath: copy)
    #expect(own.isValid(in: RunDirectory(path: copy)))
    try (yaml + "seed: 2\n").write(toFile: run.path + "/run.yaml", atomically: true, encoding: .utf8)
    #expect(!own.isValid(in: run))
    // A second run has the same key, which only the user can read.
    let other = try directory(yaml)
    try own.write(in: other)
    #expect(own.isValid(in: other) && own.isValid(in: RunDirectory(path: copy)))
    let mode = try FileManager.default.attributesOfItem(atPath: own.state + "/key")[.posixPermissions] as? Int
    #expect(mode == 0o600)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: own.state + "/key")
    #expect(!own.isValid(in: other))
  }

  @Test("Modules are imported when all are named, when the run is trusted, or when it is the user's own")
  func checks() throws {
    let (run, own) = (try directory(yaml), signature())
    let configuration = try RunConfiguration.resolve(file: (yaml, "run.yaml"), flags: [])
    func refused(_ trust: Trust) -> [String]? {
      do throws(RunError) { try trust.check(configuration, in: run, signature: own) } catch {
        guard case .untrustedModules(_, let modules, let isSigned) = error else { return ["\(error)"] }
        #expect(error.description.contains("--env-module \(modules.joined(separator: ",")), or say --trust-run"))
        #expect(!error.description.contains("\n"))
        #expect(error.description.contains("was edited since") == isSigned)
        #expect(isSigned == FileManager.default.fileExists(atPath: run.path + "/signature"))
        return modules
      }
      return nil
    }
    #expect(refused(Trust()) == ["hers", "mine"])
    #expect(refused(Trust(modules: ["mine"])) == ["hers"])
    #expect(refused(Trust(modules: ["mine", "hers"])) == nil)
    #expect(refused(Trust(everything: true)) == nil)
    #expect(
      refused(Trust(modules: Trust.modules(in: [("env-module", "mine"), ("suite", "gymnasium:hers:X-v0")]))) == nil)
    try own.write(in: run)
    #expect(refused(Trust()) == nil)
    try (yaml + "seed: 2\n").write(toFile: run.path + "/run.yaml", atomically: true, encoding: .utf8)
    #expect(refused(Trust()) == ["hers", "mine"])
    #expect(Trust(modules: ["mine", "hers"]).names(configuration))
    #expect(!Trust(modules: ["mine"], everything: true).names(configuration))
  }

  @Test(
    "A suite names the modules that its worker would import, however it is written",
    arguments: [
      ("gymnasium:CartPole-v1,Acrobot-v1", []), ("gymnasium:hers:X-v0, his:Y-v0?a=b:c", ["hers", "his"]),
      ("gymnasium:hers:", ["hers"]), ("gymnasium: hers::X", ["hers", ""]), ("gymnasium:a.b:n/X-v0", ["a.b"]),
      ("arcade", []),
    ])
  func suites(name: String, modules: [String]) {
    #expect(Gymnasium.modules(inSuite: name) == modules)
  }

  @Test("A run that names no modules needs nobody's trust")
  func nothingNamed() throws {
    let run = try directory("suite: gymnasium:CartPole-v1\n")
    let configuration = try Run.configuration(of: run.path)
    try Trust().check(configuration, in: run, signature: signature())
  }

  @Test("A run folder that names modules is refused before anything of it is imported")
  func refusesToLoad() throws {
    let run = try directory(yaml)
    try FileManager.default.createDirectory(atPath: run.checkpoint(steps: 400), withIntermediateDirectories: true)
    #expect(throws: RunError.untrustedModules(path: run.path, modules: ["hers", "mine"], isSigned: false)) {
      try Run.load(run.path)
    }
    #expect(throws: RunError.untrustedModules(path: run.path, modules: ["hers", "mine"], isSigned: false)) {
      try Run.resume(run.path, flags: [], cores: 1)
    }
  }
}
