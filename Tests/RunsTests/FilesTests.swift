import Algorithms
import Engine
import Environments
import Foundation
import TestSupport
import Testing

@testable import Runs

@Suite("Files of a run")
struct FilesTests {
  private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "polymath-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test("SHA-256 of the published vectors")
  func sha256() {
    #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hex("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      SHA256.hex(repeatElement(UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  private func sample() -> TensorFile {
    var archive = StateArchive()
    archive.add("weight", .float32, shape: [2, 3], [Float(1), -2, 3.5, 0, 7, 8].withUnsafeBytes { SharedBytes($0) })
    archive.add("mu", [1.25])
    archive.add("state", [UInt8]([1, 2, 3]))
    return TensorFile(archive, metadata: ["lockfile": "abc"])
  }

  private var encoded: [UInt8] {
    var bytes: [UInt8] = []
    sample().forEachPart { bytes += $0 }
    return bytes
  }

  @Test("A tensor file comes back as it was, and equal contents give equal bytes")
  func tensors() throws {
    let bytes = encoded
    #expect(bytes == encoded)
    let file = try TensorFile(SharedBytes(bytes), path: "x")
    #expect(file.metadata == ["lockfile": "abc"])
    for tensor in sample().archive.entries {
      let read = try #require(file.archive.entry(tensor.name))
      #expect(read.shape == tensor.shape && read.element == tensor.element && read.bytes.elementsEqual(tensor.bytes))
    }
  }

  @Test("A truncated, foreign or damaged tensor file is refused, never a crash")
  func damage() {
    let bytes = encoded
    for count in 0..<bytes.count {
      #expect(throws: RunError.self) { try TensorFile(SharedBytes(Array(bytes[..<count])), path: "x") }
    }
    var random: UInt64 = 1
    for _ in 0..<3000 {
      var damaged = bytes
      random = random &* 6_364_136_223_846_793_005 &+ 1
      damaged[Int(random >> 33) % damaged.count] ^= UInt8(1 << (random & 7))
      _ = try? TensorFile(SharedBytes(damaged), path: "x")
    }
    #expect(throws: RunError.self) { try TensorFile(SharedBytes(Array("{\"not\": \"tensors\"}   ".utf8)), path: "x") }
  }

  @Test(
    "A tensor file whose data overlap, leave a hole or are left over is refused in one line",
    arguments: [
      (
        ##"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"##,
        6
      ),
      (
        ##"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}}"##,
        9
      ),
      (##"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"##, 6),
      (##"{"a\nb":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"##, 4),
      (##"{"a":{"dtype":"U8","shape":[9223372036854775807,4],"data_offsets":[0,4]}}"##, 4),
    ])
  func layout(header: String, dataBytes: Int) {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let bytes = length + Array(header.utf8) + [UInt8](repeating: 0, count: dataBytes)
    do {
      _ = try TensorFile(SharedBytes(bytes), path: "x")
      Issue.record("it was taken")
    } catch { #expect(!"\(error)".contains("\n")) }
  }

  @Test("A log of steps goes on after its checkpoint: later lines are dropped, and those that are torn or repeated")
  func logs() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = "\(path)/m.jsonl"
    do {
      let log = try StepLog(path: file, keepingThrough: nil)
      for steps in [10, 20, 30] { try log.append(steps: steps, [("a/return", Double(steps)), ("b", .nan)]) }
    }
    let torn = try String(contentsOfFile: file, encoding: .utf8) + "{\"steps\":20,\"b\":1}\n{\"steps\":21,\"a/re"
    try Data(torn.utf8).write(to: URL(fileURLWithPath: file))
    let log = try StepLog(path: file, keepingThrough: 22)
    #expect(log.last?.steps == 20)
    try log.append(steps: 25, [("a/return", 1)])
    #expect(
      try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") == [
        "{\"steps\":10,\"a/return\":10.0,\"b\":null}", "{\"steps\":20,\"a/return\":20.0,\"b\":null}",
        "{\"steps\":25,\"a/return\":1.0}",
      ])
  }

  @Test("A line of a log that is far longer than ours is none")
  func longLine() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = "\(path)/m.jsonl"
    let long = "{\"steps\":2,\"" + String(repeating: "x", count: 5 << 20) + "\":1}"
    try Data("{\"steps\":1,\"a\":1}\n\(long)\n{\"steps\":3,\"a\":1}\n".utf8).write(to: URL(fileURLWithPath: file))
    #expect(try StepLog.records(file).map(\.steps) == [1, 3])
  }
}

@Suite("Estimates")
struct EstimateTests {
  @Test(
    "Mean and interquartile mean, which drops floor(n / 4) at each end, equal scipy's",
    arguments: Golden("statistics").cases)
  func means(golden: Golden) {
    let scores = golden.doubles("scores")
    #expect(abs(Estimate.interquartileMean(scores) - golden.double("interquartile_mean")) <= 1e-12)
    #expect(abs(Estimate.mean(scores) - golden.double("mean")) <= 1e-12)
  }

  @Test("Bootstrap intervals have the width that theory gives, and are the same each time")
  func bootstrap() {
    // 400 values of deviation 1: standard error 0.05.
    let values = (0..<400).map { $0.isMultiple(of: 2) ? 1.0 : -1.0 }
    let interval = Estimate.mean(ofEpisodes: values)
    #expect(interval == Estimate.mean(ofEpisodes: values))
    #expect(abs(interval.low + 0.098) <= 0.01 && abs(interval.high - 0.098) <= 0.01)
    let (good, bad) = ([[0.9, 1.0], [0.8, 1.1], [1.0, 0.9]], [[0.1, 0.0], [0.2, 0.1], [0.0, 0.2]])
    let difference = Estimate.difference(good, bad, resamples: 2000)
    #expect(difference.low > 0.5 && difference.estimate > 0.7)
  }

  /// Scores of five runs on three tasks, and of four; expected numbers by numpy and scipy.
  private static let a: [[Double]] = [
    [0.62, 1.10, 0.33], [0.71, 0.95, 0.20], [0.55, 1.30, 0.41], [0.80, 1.02, 0.28], [0.66, 0.88, 0.35],
  ]
  private static let b: [[Double]] = [
    [0.60, 0.90, 0.30], [0.52, 0.97, 0.28], [0.71, 0.80, 0.22], [0.49, 1.05, 0.31],
  ]

  @Test("Aggregates, differences and probabilities of improvement agree with an independent bootstrap")
  func comparison() {
    let whole = Estimate.aggregate(scores: Self.a, resamples: 20_000)
    let mean = Estimate.aggregate(scores: Self.a, resamples: 20_000) { Estimate.mean($0) }
    let difference = Estimate.difference(Self.a, Self.b, resamples: 20_000)
    let means = Estimate.difference(Self.a, Self.b, resamples: 20_000) { Estimate.mean($0) }
    let improvement = Estimate.probabilityOfImprovement(of: Self.a, over: Self.b, resamples: 20_000)
    let expected = [
      [0.658888888888889, 0.6144, 0.7122], [0.6773333333333333, 0.6267, 0.732], [0.08722222222222231, 0.0067, 0.1594],
      [0.0815, 0.0158, 0.1487], [0.7166666666666668, 0.5, 0.9],
    ]
    for (interval, expected) in zip([whole, mean, difference, means, improvement], expected) {
      #expect(abs(interval.estimate - expected[0]) <= 1e-12)
      // Two bootstraps of 20,000 differ by chance.
      #expect(abs(interval.low - expected[1]) <= 0.01 && abs(interval.high - expected[2]) <= 0.01)
    }
  }

  @Test("Equal arms improve with probability one half")
  func equalArms() {
    #expect(Estimate.probabilityOfImprovement(of: Self.a, over: Self.a).estimate == 0.5)
  }
}

@Suite("Configuration")
struct ConfigurationTests {
  @Test("Flags win over the file, the file over the preset; the text comes back as it was")
  func resolve() throws {
    let file = (
      text: "suite: goals\nunroll: 7\nlag: 0\ntasks: [a, b]\nwrap: [frame-stack:2,reward-clip:-1:1]\n", path: "x.yaml"
    )
    let resolved = try RunConfiguration.resolve(
      file: file, flags: [("unroll", "9"), ("algorithm", "impala")], cores: 3)
    #expect(resolved.suite == "goals" && resolved.unroll == 9 && resolved.lag == 0 && resolved.tasks == ["a", "b"])
    #expect(resolved[IMPALA.self].values == .shared && resolved.threads == 3)
    #expect(resolved.wrappers == [.frameStack(2), .rewardClip(low: -1, high: 1)])
    #expect(try RunConfiguration.resolve(file: (resolved.yaml, "y"), flags: []).yaml == resolved.yaml)
  }

  @Test(
    "Wrong settings are refused with the value and the limit",
    arguments: [
      (["unrol", "3"], "did you mean unroll?"), (["unroll", "0"], "unroll is 0"),
      (["steps", "many"], "a whole number"),
      (["discount", "1"], "in [0, 1)"), (["discount", "nan"], "number"),
      (["algorithm", "impalla"], "did you mean impala"),
      (["network", "huge"], "deep"), (["c-bar", "2"], "at most rho-bar"), (["lag", "-1"], "lag is -1"),
      (["seed", "-1"], "from 0 to 2^64 - 1"), (["wrap", "frame-stak:4"], "did you mean frame-stack?"),
      (["learning-rate", "inf"], "finite"), (["popart-upper-bound", "0"], "in [1e-100, 1e+100]"),
    ])
  func refused(flag: [String], words: String) {
    do {
      _ = try RunConfiguration.resolve(flags: [(flag[0], flag[1])])
      Issue.record("\(flag) was taken")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test(
    "What is not read at the value of another setting is refused, and not written",
    arguments: [
      ("soft-modularization", "layers", "4", "one of mlp, multi-head, separate, mixture-of-experts"),
      ("mt-sac", "routing", "paper", "where network is mlp, which reads layers: leave it out, or set network to soft"),
      ("hard-routing", "routing-by-state", "false", "soft-modularization"),
      ("mlp-matched", "modules", "3", "multi-head"),
      ("impala", "popart-beta", "0.1", "where values is shared: leave it out, or set values to popArt"),
      ("impala-multihead", "statistics-first", "true", "where values is perTask"),
    ])
  func unread(algorithm: String, name: String, value: String, words: String) throws {
    let flags = [("suite", "planar10"), ("algorithm", algorithm)]
    #expect(try !RunConfiguration.resolve(flags: flags).yaml.contains("\n\(name): "))
    do {
      _ = try RunConfiguration.resolve(flags: flags + [(name, value)])
      Issue.record("\(name) was taken")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test("A file may have settings that are not read, as older versions wrote them, if they are at their defaults")
  func unreadInFiles() throws {
    let popArt = try RunConfiguration.resolve(flags: [("suite", "goals")]).yaml
    let flags = [("values", "shared")]
    #expect(popArt.contains("popart-beta: 0.0003\n"))
    let read = try RunConfiguration.resolve(file: (popArt, "x"), flags: flags)
    #expect(read.yaml == (try RunConfiguration.resolve(flags: [("suite", "goals")] + flags).yaml))
    #expect(throws: ConfigurationError.self) {
      try RunConfiguration.resolve(file: (popArt.replacing("beta: 0.0003", with: "beta: 0.2"), "x"), flags: flags)
    }
  }

  @Test(
    "A protocol is as long as its tasks are many",
    arguments: [
      ("planar10", nil, nil, 1_200_000), ("planar10", "reach,push", nil, 240_000),
      ("control-continuous", nil, nil, 480_000),
      ("metaworld-mt10", nil, nil, 20_000_000), ("metaworld-mt10", "reach-v3", nil, 2_000_000),
      ("metaworld-mt1:reach,push", nil, nil, 4_000_000), ("metaworld-mt10", nil, "small", 1_200_000),
      ("metaworld-mt50", nil, "released", 50_000_000), ("gymnasium:Pendulum-v1", nil, nil, 120_000),
    ] as [(String, String?, String?, Int)])
  func length(suite: String, tasks: String?, chosen: String?, steps: Int) throws {
    let optional = [("tasks", tasks), ("protocol", chosen)].compactMap { name, value in value.map { (name, $0) } }
    let resolved = try RunConfiguration.resolve(flags: [("algorithm", "mt-sac"), ("suite", suite)] + optional)
    #expect(resolved.steps == steps)
    #expect(resolved.arm == "mt-sac" + (chosen.map { " protocol=\($0)" } ?? ""))
    #expect(try RunConfiguration.resolve(file: (resolved.yaml, "y"), flags: []).yaml == resolved.yaml)
  }

  @Test("A file that is not a mapping of settings is refused")
  func badFiles() {
    for text in ["- a\n- b\n", "unroll: [1, 2]\n", "a: b: c\n", "unknown: 3\n"] {
      #expect(throws: ConfigurationError.self) { try RunConfiguration.resolve(file: (text, "x.yaml"), flags: []) }
    }
  }
}
