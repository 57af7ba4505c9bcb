import TestSupport
import Testing

@testable import Environments

/// Images of bytes from 1 to 255 that follow from seed, replica and step; an episode ends every seventh step, replicas apart. A
/// reward says which actions were seen: 1 for the first number of a box, 2 for the second, and so on.
private final class Noise: Environment {
  let (slots, bytes, dimension): (Int, Int, Int)
  private let (first, seed): (Int, UInt64)
  private var count = 0

  init(shape: [Int], dimension: Int, replicas: Range<Int>, seed: UInt64) {
    (slots, bytes, self.dimension) = (replicas.count, shape.reduce(1, *), dimension)
    (first, self.seed) = (replicas.lowerBound, seed)
  }

  private func write(_ rows: ObservationRows, _ slot: Int, _ kind: Int) {
    var numbers = SplitMix64(seed &+ UInt64(1_000_000 * (first + slot) + 2 * count + kind))
    let row = rows.leaves[0].assumingMemoryBound(to: UInt8.self) + slot * bytes
    for index in 0..<bytes { row[index] = UInt8(numbers.next() % 255) + 1 }
  }

  func reset(into observation: ObservationRows) -> StepProgress {
    count = 0
    for slot in 0..<slots { write(observation, slot, 0) }
    return .done
  }

  func step(_ action: ActionRows, into rows: StepRows) -> StepProgress {
    count += 1
    for slot in 0..<slots {
      let ends = (count + first + slot) % 7 == 0
      write(rows.observation, slot, 0)
      if ends { write(rows.finalObservation, slot, 1) }
      rows.reward[slot] = (0..<dimension).reduce(0) { $0 + Float($1 + 1) * action.box![slot * dimension + $1] }
      (rows.terminated[slot], rows.truncated[slot]) = ends ? (UInt8(count & 1), UInt8(count & 1 ^ 1)) : (0, 0)
      (rows.valid[slot], rows.success[slot], rows.lives[slot]) = (1, 0, 0)
    }
    return .done
  }

  func saveState() -> [UInt8]? { (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
  func restoreState(_ state: [UInt8]) { count = state.reversed().reduce(0) { $0 << 8 | Int($1) } }
}

private func task(_ id: String, _ shape: [Int], dimension: Int, palette: [UInt32] = [], scale: Float = 1) -> Task {
  Task(
    id: id,
    observation: ObservationSpace([ObservationLeaf(name: "image", element: .uint8, shape: shape, scale: scale)]),
    action: .box(dimension), actionMask: Array(repeating: true, count: dimension), scores: nil, parameters: [:],
    palette: palette
  ) { replicas, seed, _ in Noise(shape: shape, dimension: dimension, replicas: replicas, seed: seed) }
}

@Suite("Images of different sizes")
struct ImagePaddingTests {
  private let own = [
    task("wide", [3, 5, 2], dimension: 1, palette: [1, 2]), task("deep", [4, 2, 3], dimension: 3, palette: [3]),
  ]

  @Test("The common space is as large as the largest along each axis")
  func space() throws {
    let set = try TaskSet(name: "s", tasks: own)
    #expect(set.lockfile.hasPrefix("suite: s\nobservation: image uint8 [4, 5, 3] x 1.0\naction: box(3)\n"))
    #expect(set.tasks.map(\.actionMask) == [[true, false, false], [true, true, true]])
    // An added plane has a colour, too: the last colours are the last planes'.
    #expect(set.tasks.map(\.palette) == [[1, 2, 0], [3]])
    for task in set.tasks { #expect(try EnvironmentCheck.failures(of: task, steps: 300) == []) }
  }

  @Test("An image lies at the beginning of each axis and zeros after it; actions that a task lacks don't reach it")
  func padding() throws {
    let set = try TaskSet(name: "s", tasks: own)
    for (task, own) in zip(set.tasks, own) {
      let (padded, plain) = (try Play(task, replicas: 0..<2, seed: 3), try Play(own, replicas: 0..<2, seed: 3))
      let (shape, dimension) = (own.observation.leaves[0].shape, own.action.dimension)
      func expected(_ images: [UInt8]) -> [UInt8] {
        var larger = [UInt8](repeating: 0, count: 2 * 4 * 5 * 3)
        var next = images.startIndex
        for slot in 0..<2 {
          for y in 0..<shape[0] {
            for x in 0..<shape[1] {
              for plane in 0..<shape[2] {
                larger[((slot * 4 + y) * 5 + x) * 3 + plane] = images[next]
                next += 1
              }
            }
          }
        }
        return larger
      }
      var numbers = SplitMix64(3)
      var ends = 0
      #expect(padded.observation == expected(plain.observation))
      for _ in 0..<200 {
        let action = (0..<6).map { _ in Float.random(in: -1...1, using: &numbers) }
        try padded.step(box: action)
        try plain.step(box: Array(action[..<dimension] + action[3..<3 + dimension]))
        #expect(padded.reward == plain.reward)
        #expect(padded.terminated == plain.terminated && padded.truncated == plain.truncated)
        #expect(padded.observation == expected(plain.observation))
        // Rows of slots whose episode goes on keep what they had.
        #expect(padded.finalObservation == expected(plain.finalObservation))
        ends += (0..<2).count { padded.ended($0) }
      }
      #expect(ends >= 50)
    }
  }

  @Test("Images of another scale, and vectors, can't be in one set with images")
  func refuses() throws {
    let scaled = #expect(throws: EnvironmentError.self) {
      try TaskSet(name: "s", tasks: [own[0], task("camera", [3, 5, 2], dimension: 1, scale: 0.5)])
    }
    #expect(scaled?.description.hasSuffix("are image uint8 [3, 5, 2] x 1.0 and image uint8 [3, 5, 2] x 0.5") == true)
    let vector = #expect(throws: EnvironmentError.self) {
      try TaskSet(name: "s", tasks: [own[0], Control.continuousTasks()[0]])
    }
    #expect(
      vector?.description
        == "tasks wide and pendulum can't be in one set: observations are image uint8 [3, 5, 2] x 1.0 "
        + "and state float32 [3] x 1.0")
  }
}
