import Engine
import Foundation
import TestSupport

@testable import Runs

/// Changes to a checkpoint's files after which all hashes fit again: what an attacker writes, or a version with a fault.
struct StateMutation {
  var numbers: SplitMix64

  /// Numbers at the borders of what is possible, as bytes.
  private static let extremes: [[UInt8]] = {
    func bytes<Number: BitwiseCopyable>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number, Array.init) }
    let wide = [0, 1, -1, Int.max, .min, 1 << 31, 1 << 32, 1 << 53, 1 << 53 + 1, 1 << 62].map(bytes)
    let narrow = [Int32.max, .min, -1, 0, 1, 6, 1 << 16].map(bytes)
    let short = [Int16.max, .min, -1, 7].map(bytes) + [UInt8(2), 127, 128, 255].map { [$0] }
    let doubles = [Double.nan, .infinity, -.infinity, 1e300, -1e300, Double.leastNonzeroMagnitude, -0.0, 0.5, 1e9].map(
      bytes)
    let floats = [Float.nan, .infinity, -.infinity, 3e38, -3e38, Float.leastNonzeroMagnitude, -1, 2, 0.5].map(bytes)
    return wide + narrow + short + doubles + floats
  }()

  /// Changes one to three arrays of an archive; the others are not copied.
  mutating func change(_ archive: StateArchive) -> StateArchive {
    var entries = archive.entries.map { (name: $0.name, element: $0.element, shape: $0.shape, bytes: $0.bytes) }
    for _ in 0..<Int.random(in: 1...3, using: &numbers) where !entries.isEmpty {
      let index = Int.random(in: 0..<entries.count, using: &numbers)
      let count = entries[index].bytes.count
      if Int.random(in: 0..<10, using: &numbers) == 0 {
        entries.remove(at: index)
        continue
      }
      if Int.random(in: 0..<10, using: &numbers) == 0 {
        // Two of one size change places.
        let other = entries.indices.filter { entries[$0].bytes.count == count }.randomElement(using: &numbers)!
        (entries[index].bytes, entries[other].bytes) = (entries[other].bytes, entries[index].bytes)
        continue
      }
      var bytes = entries[index].bytes.withUnsafeBytes { [UInt8]($0) }
      change(&bytes)
      if bytes.count != count { (entries[index].element, entries[index].shape) = (.bytes, [bytes.count]) }
      entries[index].bytes = SharedBytes(bytes)
    }
    var changed = StateArchive()
    for entry in entries { changed.add(entry.name, entry.element, shape: entry.shape, entry.bytes) }
    return changed
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    switch Int.random(in: 0..<8, using: &numbers) {
    case 0..<4: write(Self.extremes.randomElement(using: &numbers)!, into: &bytes)
    case 4, 5:
      for _ in 0..<Int.random(in: 1...8, using: &numbers) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &numbers)] ^= UInt8(1 << Int.random(in: 0..<8, using: &numbers))
      }
    case 6:
      // Noise, in some part.
      let start = Int.random(in: 0...bytes.count, using: &numbers)
      for index in start..<min(start + 4096, bytes.count) { bytes[index] = UInt8.random(in: 0...255, using: &numbers) }
    default: bytes = Array((bytes + bytes).prefix(Int.random(in: 0...2 * bytes.count, using: &numbers)))
    }
  }

  /// Puts a number where one of its size may stand.
  private mutating func write(_ number: [UInt8], into bytes: inout [UInt8]) {
    guard bytes.count >= number.count else { return }
    let place = Int.random(in: 0...bytes.count / number.count - 1, using: &numbers) * number.count
    bytes.replaceSubrange(place..<place + number.count, with: number)
  }

  /// Changes some bytes of a file as it lies on the disk.
  mutating func change(file: [UInt8]) -> [UInt8] {
    var file = file
    // Headers decide how the rest is read.
    let reach = Bool.random(using: &numbers) ? min(file.count, 600) : file.count
    for _ in 0..<Int.random(in: 1...4, using: &numbers) where reach > 0 {
      file[Int.random(in: 0..<reach, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
    }
    return Bool.random(using: &numbers) ? file : Array(file.prefix(Int.random(in: 0...file.count, using: &numbers)))
  }

  /// Changes one value of a JSON object, at any depth.
  mutating func change(json: [UInt8]) throws -> [UInt8] {
    let object = try JSONSerialization.jsonObject(with: Data(json))
    return Array(try JSONSerialization.data(withJSONObject: change(object), options: .fragmentsAllowed))
  }

  private mutating func change(_ value: Any) -> Any {
    if var object = value as? [String: Any], let key = object.keys.sorted().randomElement(using: &numbers) {
      object[key] = Int.random(in: 0..<10, using: &numbers) == 0 ? nil : change(object[key]!)
      return object
    }
    if var array = value as? [Any], let index = array.indices.randomElement(using: &numbers) {
      if Bool.random(using: &numbers) { array[index] = change(array[index]) } else { array.remove(at: index) }
      return array
    }
    let values: [Any] = [
      -1, 0, 1, 2, 1000, Int.max, Int.min, 0.5, 1e300, -1e300, "", "x\u{1b}[2J", true, false, NSNull(), [Int](),
      [String: Int](),
    ]
    return values.randomElement(using: &numbers)!
  }
}
