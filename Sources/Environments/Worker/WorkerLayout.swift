/// One leaf of a worker's observations.
struct WorkerLeaf: Sendable {
  /// The leaf as the environment gives it on.
  let leaf: ObservationLeaf
  /// The worker writes `[channels, height, width]` where `leaf` is `[height, width, channels]`.
  let planesFirst: Bool

  var workerShape: [Int] { planesFirst ? [leaf.shape[2], leaf.shape[0], leaf.shape[1]] : leaf.shape }
}

/// Where each array of a batch lies in the memory that host and worker share. The worker is told in its first packet.
struct WorkerLayout: Encodable {
  struct Block: Encodable {
    let offset: Int
    let bytes: Int
    /// Element, in the letters of Python's struct module.
    let format: String
    let shape: [Int]
  }

  let action, reward, terminated, truncated, valid, success, lives: Block
  let observation, final: [Block]

  /// Offset behind the last of them.
  let end: Int

  /// - Parameter offset: Where the first one may begin.
  init(slots: Int, action: ActionSpace, leaves: [WorkerLeaf], at offset: Int) {
    var end = offset
    // Observations begin on a page and the rest on a cache line: no line then has two writers, and copies are aligned.
    func block(_ format: String, _ elementBytes: Int, _ shape: [Int], alignment: Int = 64) -> Block {
      let offset = (end + alignment - 1) / alignment * alignment
      let block = Block(offset: offset, bytes: shape.reduce(elementBytes, *), format: format, shape: shape)
      end = offset + block.bytes
      return block
    }
    func image(_ leaf: WorkerLeaf) -> Block {
      let element = leaf.leaf.element
      return block(
        element == .uint8 ? "B" : "f", element.byteCount, [slots] + leaf.workerShape, alignment: 4096)
    }
    switch action {
    case .discrete: self.action = block("i", 4, [slots])
    case .box(let dimension): self.action = block("f", 4, [slots, dimension])
    }
    reward = block("f", 4, [slots])
    terminated = block("B", 1, [slots])
    truncated = block("B", 1, [slots])
    valid = block("B", 1, [slots])
    success = block("B", 1, [slots])
    lives = block("h", 2, [slots])
    observation = leaves.map(image)
    final = leaves.map(image)
    self.end = end
  }

  private enum CodingKeys: CodingKey {
    case action, reward, terminated, truncated, valid, success, lives, observation, final
  }
}
