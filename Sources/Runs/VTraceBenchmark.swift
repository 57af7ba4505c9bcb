import Returns
import Tensors

/// Speed of V-trace apart from everything else.
public enum VTraceBenchmark {
  /// Seconds of each of `count` V-trace scans over `[T, B]`.
  public static func seconds(_ count: Int, unroll: Int, batch: Int) -> [Double] {
    let random = RandomStream(seed: 1, name: "vtrace", purpose: .environment)
    func numbers(_ step: UInt64, _ value: (Float) -> Float) -> [Float] {
      var numbers = [Float](repeating: 0, count: unroll * batch)
      random.uniform(step: step, into: &numbers, count: numbers.count)
      return numbers.map(value)
    }
    let (logRho, reward) = (numbers(0) { 0.6 * $0 - 0.3 }, numbers(1) { 2 * $0 - 1 })
    let ends = numbers(2) { $0 }
    let discount = ends.map { $0 < 0.02 ? Float(0) : 0.99 }
    let continues = ends.map { $0 < 0.02 ? UInt8(0) : 1 }
    let (value, nextValue) = (numbers(3) { $0 }, numbers(4) { $0 })
    let valid = [UInt8](repeating: 1, count: unroll * batch)
    var (vs, advantage) = (reward, reward)
    return (0..<count).map { _ in
      let start = ContinuousClock.now
      VTrace()(
        vs: &vs, advantage: &advantage, logRho: logRho, reward: reward, discount: discount, continues: continues,
        value: value, nextValue: nextValue, valid: valid, steps: unroll, batch: batch)
      return (ContinuousClock.now - start) / .seconds(1)
    }
  }
}
