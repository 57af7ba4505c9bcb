import Foundation

/// Golden numbers: one object of `Tests/Golden/<name>.json`, which an independent program wrote (see the README there).
///
/// ```swift
/// for golden in Golden("vtrace").cases {
///   let vs = golden.floats("vs")        // flat, row-major
///   let steps = golden.int("steps")
/// }
/// ```
/// A missing file, a missing key or a value of another kind traps and says which: the test is wrong, not the library.
public struct Golden: Sendable, CustomStringConvertible {
  private let node: [String: Node]
  /// Where this object stands, for messages: "vtrace.json, cases[2]".
  private let place: String

  /// Reads `Tests/Golden/<name>.json` of this checkout.
  public init(_ name: String) {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/\(name).json")
    place = "\(name).json"
    do {
      guard case .object(let object) = try JSONDecoder().decode(Node.self, from: Data(contentsOf: file)) else {
        fatalError("\(name).json holds no object")
      }
      node = object
    } catch {
      fatalError("cannot read \(file.path): \(error). Tests/Golden/README.md says how it is made.")
    }
  }

  private init(node: [String: Node], place: String) {
    self.node = node
    self.place = place
  }

  /// What the object calls itself, so that a failing parameterised test names its case.
  public var description: String { has("name") ? string("name") : place }

  public var keys: [String] { node.keys.sorted() }
  public func has(_ key: String) -> Bool { node[key] != nil }

  /// The objects under "cases".
  public var cases: [Golden] { list("cases") }

  /// An array of objects.
  public func list(_ key: String) -> [Golden] {
    guard case .list(let items) = value(key) else { wrong(key, "a list") }
    return items.enumerated().map { index, item in
      guard case .object(let object) = item else { wrong("\(key)[\(index)]", "an object") }
      return Golden(node: object, place: "\(place), \(key)[\(index)]")
    }
  }

  /// An object within this one, such as "gradients" of network.json.
  public func object(_ key: String) -> Golden {
    guard case .object(let object) = value(key) else { wrong(key, "an object") }
    return Golden(node: object, place: "\(place), \(key)")
  }

  /// Elements of an array, row-major. Infinities are `"infinity"` and `"-infinity"` in the file.
  public func doubles(_ key: String) -> [Double] {
    guard case .object(let array) = value(key), case .numbers(let data) = array["data"] else { wrong(key, "an array") }
    let expected = shape(key).reduce(1, *)
    precondition(data.count == expected, "\(place): \(key) holds \(data.count) numbers, its shape says \(expected)")
    return data
  }
  public func floats(_ key: String) -> [Float] { doubles(key).map { Float($0) } }
  public func ints(_ key: String) -> [Int] { doubles(key).map { whole($0, key) } }
  public func int32s(_ key: String) -> [Int32] { doubles(key).map { Int32(whole($0, key)) } }
  public func bytes(_ key: String) -> [UInt8] { doubles(key).map { UInt8(whole($0, key)) } }

  public func shape(_ key: String) -> [Int] {
    guard case .object(let array) = value(key), case .numbers(let sizes) = array["shape"] else {
      wrong(key, "an array")
    }
    return sizes.map { whole($0, key) }
  }

  public func double(_ key: String) -> Double {
    guard case .number(let number) = value(key) else { wrong(key, "a number") }
    return number
  }
  public func float(_ key: String) -> Float { Float(double(key)) }
  public func int(_ key: String) -> Int { whole(double(key), key) }

  /// 0 or 1 in the file.
  public func flag(_ key: String) -> Bool { int(key) != 0 }

  public func string(_ key: String) -> String {
    guard case .text(let text) = value(key) else { wrong(key, "a string") }
    return text
  }

  /// How far `actual` is from the array under `key` (times `factor`): the largest difference over the largest magnitude
  /// expected (or over `smallestScale`, where the quantity has a natural scale that the expected numbers may all fall
  /// short of), or the largest difference where zeros are expected. NaN for any NaN, and infinite for another count, so
  /// that `#expect(error <= tolerance)` fails. Equal infinities count as equal.
  public func error<Number: BinaryFloatingPoint>(
    of actual: [Number], from key: String, times factor: Double = 1, smallestScale: Double = 0
  ) -> Double {
    let expected = doubles(key)
    guard actual.count == expected.count else { return .infinity }
    var largest = 0.0
    var scale = smallestScale
    for (actual, expected) in zip(actual.lazy.map { Double($0) }, expected.lazy.map { factor * $0 })
    where actual != expected || expected.isFinite {
      let difference = abs(actual - expected)
      if difference.isNaN { return .nan }
      largest = max(largest, difference)
      if expected.isFinite { scale = max(scale, abs(expected)) }
    }
    return scale > 0 ? largest / scale : largest
  }

  private func value(_ key: String) -> Node {
    guard let value = node[key] else {
      fatalError("\(place) has no key \"\(key)\"; it has \(keys.joined(separator: ", "))")
    }
    return value
  }

  private func whole(_ number: Double, _ key: String) -> Int {
    guard let whole = Int(exactly: number) else { wrong(key, "made of whole numbers") }
    return whole
  }

  private func wrong(_ key: String, _ kind: String) -> Never { fatalError("\(place): \(key) is not \(kind)") }
}

/// JSON as the golden files use it. Flat arrays of numbers, nearly all of the text, are decoded at once.
private indirect enum Node: Decodable, Sendable {
  case number(Double)
  case text(String)
  case numbers([Double])
  case list([Node])
  case object([String: Node])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let object = try? container.decode([String: Node].self) {
      self = .object(object)
    } else if let numbers = try? container.decode([Double].self) {
      self = .numbers(numbers)
    } else if let list = try? container.decode([Node].self) {
      // Numbers among which some are infinite, else objects.
      let numbers = list.compactMap(\.asNumber)
      self = !list.isEmpty && numbers.count == list.count ? .numbers(numbers) : .list(list)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      let text = try container.decode(String.self)
      self = Node.infinities[text].map { .number($0) } ?? .text(text)
    }
  }

  private var asNumber: Double? {
    if case .number(let number) = self { number } else { nil }
  }

  private static let infinities = ["infinity": Double.infinity, "-infinity": -Double.infinity]
}
