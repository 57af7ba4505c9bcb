import Dispatch
import Synchronization

extension RandomAccessCollection where Self: Sendable, Index == Int {
  /// The elements transformed side by side on all cores, in order.
  ///
  /// - Throws: what the first element that fails throws, once all have been tried.
  public func concurrentMap<Transformed: Sendable>(
    _ transform: @Sendable (Element) throws -> Transformed
  ) throws -> [Transformed] {
    let results = Mutex([Result<Transformed, any Error>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { place in
      let result = Result { try transform(self[startIndex + place]) }
      results.withLock { $0[place] = result }
    }
    return try results.withLock { try $0.map { try $0!.get() } }
  }
}
