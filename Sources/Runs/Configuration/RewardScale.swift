import Algorithms
import Foundation

extension RunConfiguration {
  /// What a user should know before training: tasks whose returns are far from 1, where nothing normalises them. One
  /// sentence each.
  func remarks(on baselines: [RandomBaseline]) -> [String] {
    if type.isScaleFree(self) { return [] }
    let other = catalogue.scaleFreePreset.map { ", or train with \($0)" } ?? ""
    return baselines.compactMap { baseline in
      let size = max(abs(baseline.return), abs(baseline.low ?? 0), abs(baseline.high ?? 0))
      guard size > 0, !(1e-2...1e4).contains(size) else { return nil }
      let scale = pow(10, -log10(size).rounded())
      return
        "\(baseline.task): random play returns about \(String(format: "%.1g", baseline.return)), and \(algorithm) learns best from "
        + "returns between 0.01 and 10,000: scale rewards (--wrap reward-scale:\(String(format: "%.0e", scale)))\(other)"
    }
  }
}

extension Algorithm {
  fileprivate static func isScaleFree(_ run: RunConfiguration) -> Bool { isScaleFree(run[Self.self]) }
}
