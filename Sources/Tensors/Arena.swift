/// Memory of one step: handed out in order, taken back all at once.
///
/// It grows in chunks that never move. Once the largest step was seen, a step allocates nothing. Memory is dirty:
/// whoever asks for it writes it before reading.
final class Arena {
  private struct Chunk {
    let start: UnsafeMutableRawPointer
    let size: Int
  }

  private var chunks: [Chunk] = []
  private var current = 0
  private var used = 0
  private let smallestChunk: Int

  init(smallestChunk: Int = 1 << 20) { self.smallestChunk = smallestChunk }

  deinit {
    for chunk in chunks { chunk.start.deallocate() }
  }

  /// Bytes held from the system.
  var capacity: Int { chunks.reduce(0) { $0 + $1.size } }

  /// 64-byte aligned memory, valid until `reset`.
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let size = (max(byteCount, 1) + 63) & ~63
    while current < chunks.count {
      if used + size <= chunks[current].size {
        defer { used += size }
        return chunks[current].start + used
      }
      current += 1
      used = 0
    }
    // Each chunk is at least as large as all before it together, so their number stays small.
    let chunk = max(size, smallestChunk, capacity)
    chunks.append(Chunk(start: .allocate(byteCount: chunk, alignment: 64), size: chunk))
    used = size
    return chunks[current].start
  }

  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    allocate(byteCount: count * 4).bindMemory(to: Float.self, capacity: count)
  }

  func reset() {
    (current, used) = (0, 0)
  }
}
