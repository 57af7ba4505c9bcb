import Returns
import Tensors

/// Speed of V-trace apart from everything else.
public enum VTraceBenchmark {
  /// Seconds of each of `count` V-trace scans over `[T, B]`.
  public static func seconds(_ count: Int, unroll: Int, batch: Int) -> [Double] {
    let random = RandomStream(seed: 1, name: "vtrace", purpose: .environment)
    let tape = Tape()
    func array<Element>(_ step: UInt64, _ value: (Float) -> Element) -> TimeMajor<Element> {
      var numbers = [Float](repeating: 0, count: unroll * batch)
      random.uniform(step: step, into: &numbers, count: numbers.count)
      let array = TimeMajor(tape.memory(numbers.count, of: Element.self), steps: unroll, columns: batch)
      for (i, number) in numbers.enumerated() { array.start[i] = value(number) }
      return array
    }
    let (logRho, reward) = (array(0) { 0.6 * $0 - 0.3 }, array(1) { 2 * $0 - 1 })
    let (discount, continues) = (array(2) { $0 < 0.02 ? Float(0) : 0.99 }, array(2) { $0 < 0.02 ? UInt8(0) : 1 })
    let (value, nextValue, valid) = (array(3) { $0 }, array(4) { $0 }, array(5) { _ in UInt8(1) })
    let (vs, advantage) = (array(6) { $0 }, array(7) { $0 })
    return withExtendedLifetime(tape) {
      (0..<count).map { _ in
        let start = ContinuousClock.now
        VTrace()(
          vs: vs, advantage: advantage, logRho: logRho, reward: reward, discount: discount, continues: continues,
          value: value, nextValue: nextValue, valid: valid)
        return (ContinuousClock.now - start) / .seconds(1)
      }
    }
  }
}
