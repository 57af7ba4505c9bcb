// swift-tools-version: 6.2
import Foundation
import PackageDescription

let environment = ProcessInfo.processInfo.environment

let swiftSettings: [SwiftSetting] =
  [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]
  + (environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])
  // Release builds that run tests: the benchmarks (`make bench`).
  + (environment["RL_BENCH"] == nil ? [] : [.unsafeFlags(["-enable-testing"])])

/// C is optimised in debug builds too: unoptimised kernels are 10 to 75 times slower.
let cSettings: [CSetting] = [
  .unsafeFlags(["-fno-math-errno", "-Wall", "-Wextra"]), .unsafeFlags(["-O2"], .when(configuration: .debug)),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: swiftSettings)
}

let package = Package(
  name: "polymath-rl",
  products: [
    .library(name: "Polymath", targets: ["Polymath"]),
    .library(name: "CKernels", targets: ["CKernels"]),
    .library(name: "PolymathTool", targets: ["PolymathTool"]),
    .executable(name: "polymath", targets: ["PolymathMain"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", path: "CKernels/system/openblas", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .target(
      name: "CKernels", dependencies: ["COpenBLAS"], path: "CKernels",
      exclude: ["system", "tests", "examples", "Makefile"],
      sources: ["src"], publicHeadersPath: "include", cSettings: cSettings,
      linkerSettings: [.linkedLibrary("lapacke"), .linkedLibrary("m")]),
    .target(name: "CArcade", dependencies: ["CKernels"], cSettings: cSettings),
    .target(name: "CWorkers", cSettings: cSettings),

    module("Tensors", ["CKernels"]),
    module("Layers", ["Tensors", "CKernels"]),
    module("Returns", ["CKernels"]),
    module("Replay"),
    module(
      "Environments", ["Tensors", "CArcade", "CWorkers", "CKernels"],
      resources: [.copy("Worker/Python"), .copy("Suites/Arcade/references.json")]),
    module("Analysis", ["Environments", "CKernels"]),
    module("Engine", ["Environments", "Tensors", "CKernels"]),
    module("Algorithms", ["Engine", "Replay", "Layers", "Returns", "Environments", "Tensors", "CKernels"]),
    module(
      "Runs",
      [
        "Algorithms", "Analysis", "Engine", "Environments", "Layers", "Returns", "Tensors", "CKernels",
        .product(name: "Yams", package: "Yams"),
      ]),
    module(
      "Polymath",
      ["Tensors", "Layers", "Returns", "Replay", "Analysis", "Environments", "Engine", "Algorithms", "Runs"]),
    .target(
      name: "PolymathTool",
      dependencies: ["Polymath", "CKernels", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Sources/Tool", swiftSettings: swiftSettings),
    // Examples/ has packages of their own, as a user would write them; here they are built and run by the tests.
    .executableTarget(
      name: "Quickstart", dependencies: ["Polymath"], path: "Examples/Quickstart/Sources/Quickstart"),
    .executableTarget(
      name: "OwnAlgorithm", dependencies: ["Polymath", "PolymathTool"],
      path: "Examples/OwnAlgorithm/Sources/OwnAlgorithm"),
    .executableTarget(name: "PolymathMain", dependencies: ["PolymathTool"], swiftSettings: swiftSettings),

    .target(
      name: "TestSupport", dependencies: ["Tensors", "Environments", "Engine", "CKernels"], path: "Tests/TestSupport",
      swiftSettings: swiftSettings),
    tests("TensorsTests", ["Tensors", "CKernels"]),
    tests("LayersTests", ["Layers", "Tensors", "CKernels"]),
    tests("ReturnsTests", ["Returns"]),
    tests("ReplayTests", ["Replay"]),
    tests("AnalysisTests", ["Analysis", "CKernels"]),
    tests("EnvironmentsTests", ["Environments", "CWorkers"]),
    tests("EngineTests", ["Engine", "Environments", "Tensors"]),
    .target(name: "CAllocations", path: "Tests/CAllocations", cSettings: cSettings),
    tests(
      "AlgorithmsTests",
      [
        "Algorithms", "Engine", "Replay", "Layers", "Returns", "Environments", "Tensors", "CKernels", "CAllocations",
      ]),
    tests(
      "ToolTests", ["PolymathTool", "PolymathMain", "Quickstart", "OwnAlgorithm", "Runs", "Environments", "Algorithms"]),
    tests("RunsTests", ["Runs", "Algorithms", "Analysis", "Engine", "Environments", "Layers", "Tensors"]),
  ])
