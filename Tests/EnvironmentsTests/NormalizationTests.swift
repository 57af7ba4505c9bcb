import TestSupport
import Testing

@testable import Environments

extension Play {
  fileprivate func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
  fileprivate var vectors: [Float] { floats(observation) }
  fileprivate var finalVectors: [Float] { floats(finalObservation) }
}

@Suite("Normalized observations")
struct NormalizationTests {
  private let task = Control.discreteTasks()[0]

  @Test("are centred and scaled by all that the slot has seen, an episode's last one too")
  func running() throws {
    let plain = try Play(task, replicas: 0..<2)
    let play = try Play(task.wrapped(by: .normalizeObservation), replicas: 0..<2)
    var seen: [[Double]] = Array(repeating: [], count: 8)
    /// Adds `value` to a column and normalizes it by a mean and a variance of two passes.
    func expected(_ value: Float, _ column: Int) -> Double {
      seen[column].append(Double(value))
      let mean = seen[column].reduce(0, +) / Double(seen[column].count)
      let variance = seen[column].map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(seen[column].count)
      return min(max((Double(value) - mean) / (variance + 1e-8).squareRoot(), -10), 10)
    }
    var (numbers, ends) = (SplitMix64(2), 0)
    for step in 0...150 {
      if step > 0 {
        let actions = (0..<2).map { _ in Int32.random(in: 0..<2, using: &numbers) }
        try plain.step(actions)
        try play.step(actions)
        #expect(play.reward == plain.reward && play.terminated == plain.terminated)
      }
      for column in 0..<8 {
        if step > 0, plain.ended(column / 4) {
          ends += 1
          let value = expected(plain.finalVectors[column], column)
          #expect(abs(Double(play.finalVectors[column]) - value) <= 1e-6 * (1 + abs(value)))
        }
        let value = expected(plain.vectors[column], column)
        #expect(abs(Double(play.vectors[column]) - value) <= 1e-6 * (1 + abs(value)))
      }
    }
    #expect(ends >= 8)

    let all = try #require(play.environment.statistics)
    for number in 0..<4 {
      let values = seen[number] + seen[number + 4]
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      #expect(all.count == Double(values.count))
      #expect(abs(all.mean[number] - mean) <= 1e-12)
      #expect(abs(all.squares[number] - squares) <= 1e-9 * squares)
    }
  }

  @Test("are limited to ten deviations, and 0 at first")
  func limits() {
    var statistics = ObservationStatistics(numbers: 1)
    for _ in 0..<1_000 {
      statistics.countOne()
      statistics.add(1, at: 0)
    }
    #expect(statistics.normalized(1, at: 0) == 0)
    #expect(statistics.normalized(2, at: 0) == 10 && statistics.normalized(-5, at: 0) == -10)
    #expect(ObservationStatistics(numbers: 1).normalized(0, at: 0) == 0)
  }

  @Test("Shares of statistics add up to them")
  func shares() {
    let all = ObservationStatistics(count: 12, mean: [1, -2], squares: [6, 24])
    let sum = (0..<4).map { _ in all.divided(by: 4) }.reduce(ObservationStatistics(numbers: 2), +)
    #expect(sum == all)
    let none = ObservationStatistics(numbers: 2)
    #expect(none + none == none)
  }

  @Test("Frozen, they use given statistics and learn nothing, whatever is around them")
  func frozen() throws {
    let statistics = ObservationStatistics(count: 4, mean: [1, 2, 3, 4], squares: [16, 16, 16, 4])
    let frozen = try task.wrapped(by: [.normalizeObservation, .actionRepeat(1), .frameStack(1), .timeLimit(9)])
      .frozen(statistics)
    let (plain, play) = (try Play(task.wrapped(by: .timeLimit(9))), try Play(frozen))
    for step in 0..<50 {
      for (column, deviation) in [2.0, 2, 2, 1].enumerated() {
        let value = (Double(plain.vectors[column]) - Double(column + 1)) / deviation
        #expect(abs(Double(play.vectors[column]) - value) <= 1e-6)
      }
      try plain.step([Int32(step % 2)])
      try play.step([Int32(step % 2)])
      #expect(play.environment.statistics == statistics)
    }
  }
}
