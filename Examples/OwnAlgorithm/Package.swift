// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "OwnAlgorithm",
  dependencies: [.package(name: "polymath-rl", path: "../..")],
  targets: [
    .executableTarget(
      name: "OwnAlgorithm",
      dependencies: [
        .product(name: "Polymath", package: "polymath-rl"), .product(name: "PolymathTool", package: "polymath-rl"),
      ])
  ])
