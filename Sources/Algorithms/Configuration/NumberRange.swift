/// The numbers that a setting or an option takes: how it says them, and how it reads them. NaN is in no range.
public struct NumberRange<Number: Comparable & Sendable>: Sendable {
  /// What text is taken: "a whole number from 1 to 10,000", "a number in [0, 1)".
  public let kind: String
  private let parse: @Sendable (String) -> Number?
  private let contains: @Sendable (Number) -> Bool

  /// The number that a text says; nil where it says none, or one outside of the range.
  public func read(_ text: String) -> Number? { parse(text).flatMap { contains($0) ? $0 : nil } }
}

extension NumberRange where Number: FixedWidthInteger {
  /// Whole numbers. Text may have underscores and an exponent: 5_000_000, 5e6.
  public static func whole(_ range: ClosedRange<Number>) -> NumberRange {
    NumberRange(kind: "a whole number from \(legible(range.lowerBound)) to \(legible(range.upperBound))") { text in
      wholeDigits(text).flatMap { Number($0) }
    } contains: {
      range.contains($0)
    }
  }

  /// 10000 as 10,000, and large powers of two as such.
  private static func legible(_ number: Number) -> String {
    let (size, next) = (number.magnitude, number.magnitude &+ 1)
    if number >= 1 << 20 && size & (size - 1) == 0 { return "2^\(size.trailingZeroBitCount)" }
    if number >= 1 << 20 && size & next == 0 { return "2^\(Number.Magnitude.bitWidth - size.leadingZeroBitCount) - 1" }
    return grouped(number)
  }

  /// Sign and digits of a whole number without its exponent: -2.50e3 is -2500. nil where a text says none, or one that
  /// fits no type.
  private static func wholeDigits(_ text: String) -> String? {
    let form = /([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,3}))?/
    guard let (_, sign, whole, fraction, exponent) = text.replacing("_", with: "").wholeMatch(of: form)?.output,
      !whole.isEmpty || !fraction.isEmpty
    else { return nil }
    let (digits, shift) = (whole + fraction, (exponent.flatMap { Int($0) } ?? 0) - fraction.count)
    guard digits.suffix(max(-shift, 0)).allSatisfy({ $0 == "0" }) else { return nil }
    return sign + "0" + digits.dropLast(max(-shift, 0)) + String(repeating: "0", count: max(shift, 0))
  }
}

extension NumberRange where Number: BinaryFloatingPoint & LosslessStringConvertible {
  public static func from(_ low: Number, below high: Number) -> NumberRange {
    real("a number in [\(short(low)), \(short(high)))") { low <= $0 && $0 < high }
  }

  public static func from(_ low: Number, to high: Number) -> NumberRange {
    real("a number in [\(short(low)), \(short(high))]") { low <= $0 && $0 <= high }
  }

  public static func above(_ low: Number, to high: Number) -> NumberRange {
    real("a number in (\(short(low)), \(short(high))]") { low < $0 && $0 <= high }
  }

  public static func finite(from low: Number) -> NumberRange {
    real("a finite number of at least \(short(low))") { low <= $0 && $0.isFinite }
  }

  public static func finite(above low: Number) -> NumberRange {
    real("a finite number above \(short(low))") { low < $0 && $0.isFinite }
  }

  public static func above(_ low: Number) -> NumberRange {
    real("a number above \(short(low)), or inf") { low < $0 }
  }

  private static func real(_ kind: String, _ contains: @escaping @Sendable (Number) -> Bool) -> NumberRange {
    NumberRange(kind: kind, parse: { Number($0.replacing("_", with: "")) }, contains: contains)
  }

  /// 1.0 as 1.
  private static func short(_ number: Number) -> String {
    let text = number.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// 4000000 as 4,000,000.
public func grouped(_ number: some FixedWidthInteger) -> String {
  let digits = Array(String(number.magnitude))
  return digits.indices.reduce(number < 0 ? "-" : "") { text, place in
    text + (place > 0 && (digits.count - place).isMultiple(of: 3) ? "," : "") + String(digits[place])
  }
}
