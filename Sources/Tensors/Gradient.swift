/// The gradient of a tensor, or of a part of one.
struct Gradient: BitwiseCopyable {
  /// The gradient of a whole tensor, which has memory only while backward passes need it.
  fileprivate struct Whole {
    let count: Int
    var memory: UnsafeMutablePointer<Float>?
    var isOver = false
    /// The tape's, which outlives what was recorded on it.
    let lender: Unmanaged<GradientMemory>
  }

  fileprivate let whole: UnsafeMutablePointer<Whole>
  private let start: Int

  /// A gradient that has no memory yet, or that of a parameter.
  init(count: Int, _ lender: GradientMemory, at memory: UnsafeMutablePointer<Float>? = nil) {
    whole = lender.arena.allocate(byteCount: MemoryLayout<Whole>.size).bindMemory(to: Whole.self, capacity: 1)
    whole.initialize(to: Whole(count: count, memory: memory, lender: .passUnretained(lender)))
    start = 0
  }

  private init(_ whole: UnsafeMutablePointer<Whole>, start: Int) { (self.whole, self.start) = (whole, start) }

  /// What begins `count` numbers later.
  func from(_ count: Int) -> Gradient { Gradient(whole, start: start + count) }

  /// Whether anybody has asked for its memory.
  var isLent: Bool { whole.pointee.memory != nil }

  /// Its memory: the first time zeros, lent until the whole gradient is taken back.
  func lent() -> UnsafeMutablePointer<Float> {
    if whole.pointee.memory == nil {
      precondition(!whole.pointee.isOver, "the gradient of a result is gone once its operation's backward pass has run")
      whole.pointee.memory = whole.pointee.lender.takeUnretainedValue().lend(whole.pointee.count)
    }
    return whole.pointee.memory! + start
  }
}

/// Lends a tape's memory to gradients: first what came back last from one of the same size, as it may still be in the cache.
final class GradientMemory {
  fileprivate let arena: Arena
  private var free: [(count: Int, memory: [UnsafeMutablePointer<Float>])] = []

  init(_ arena: Arena) { self.arena = arena }

  /// Forgets all memory, which the arena takes back.
  func reset() {
    for size in free.indices { free[size].memory.removeAll(keepingCapacity: true) }
  }

  /// Takes back what was lent to a gradient that nothing needs any more.
  func takeBack(_ gradient: Gradient) {
    gradient.whole.pointee.isOver = true
    guard let memory = gradient.whole.pointee.memory else { return }
    gradient.whole.pointee.memory = nil
    let count = gradient.whole.pointee.count
    if let size = free.firstIndex(where: { $0.count == count }) {
      free[size].memory.append(memory)
    } else {
      free.append((count, [memory]))
    }
  }

  /// `count` zeros.
  fileprivate func lend(_ count: Int) -> UnsafeMutablePointer<Float> {
    let memory = free.firstIndex { $0.count == count }.flatMap { free[$0].memory.popLast() } ?? arena.floats(count)
    memory.update(repeating: 0, count: count)
    return memory
  }
}
