/// A change to what a task shows, pays or does, composed with others in order: the first is nearest to the environment.
public enum Wrapper: Hashable, Sendable, CustomStringConvertible {
  /// The action is held for so many steps, or until the episode ends; rewards are summed.
  case actionRepeat(Int)
  /// The same, and an image is the elementwise maximum of the last two (Mnih et al. 2015, Methods).
  case frameSkip(Int)
  /// So many last observations side by side along the last axis, newest last; at an episode's start all are its first.
  case frameStack(Int)
  /// An episode is truncated after so many steps.
  case timeLimit(Int)
  /// Rewards, and with them scores, are multiplied.
  case rewardScale(Float)
  /// Rewards, and with them scores, are limited.
  case rewardClip(low: Float, high: Float)
  /// Each number of a vector is centred and scaled by its running mean and variance, and limited to [-10, 10].
  case normalizeObservation

  /// What one wrapper's text looks like.
  private struct Form: Sendable {
    let name: String
    var arguments: [String] = []
    /// What the arguments must be.
    var limit = ""
    let example: String
    let make: @Sendable ([Substring]) -> Wrapper?

    var text: String { ([name] + arguments).joined(separator: ":") }
  }

  private static let forms = [
    count("action-repeat", "k", most: 1_000, "action-repeat:4") { .actionRepeat($0) },
    count("frame-skip", "k", most: 1_000, "frame-skip:4") { .frameSkip($0) },
    count("frame-stack", "k", most: 100, "frame-stack:4") { .frameStack($0) },
    count("time-limit", "n", most: 1_000_000_000, "time-limit:1000") { .timeLimit($0) },
    Form(
      name: "reward-scale", arguments: ["x"], limit: "x a finite number above 0", example: "reward-scale:0.1"
    ) { number($0[0]).flatMap { $0 > 0 ? .rewardScale($0) : nil } },
    Form(
      name: "reward-clip", arguments: ["low", "high"], limit: "low and high finite numbers, low below high",
      example: "reward-clip:-1:1"
    ) { words in
      guard let low = number(words[0]), let high = number(words[1]), low < high else { return nil }
      return .rewardClip(low: low, high: high)
    },
    Form(name: "normalize-observation", example: "normalize-observation") { _ in .normalizeObservation },
  ]

  private static func count(
    _ name: String, _ argument: String, most: Int, _ example: String, _ make: @escaping @Sendable (Int) -> Wrapper
  ) -> Form {
    Form(
      name: name, arguments: [argument], limit: "\(argument) a whole number from 1 to \(most)", example: example
    ) { words in Int(words[0]).flatMap { 1...most ~= $0 ? make($0) : nil } }
  }

  private static func number(_ word: Substring) -> Float? { Float(word).flatMap { $0.isFinite ? $0 : nil } }

  /// What the text of each wrapper looks like, such as `frame-stack:k`.
  public static let texts = forms.map(\.text)

  /// Reads `name:argument...`, as `description` writes it.
  public init(_ text: String) throws(WrapperError) {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    let name = String(words[0])
    guard let form = Self.forms.first(where: { $0.name == name }) else {
      throw .unknown(name: name, nearest: nearest(to: name, among: Self.forms.map(\.name)))
    }
    guard words.count == 1 + form.arguments.count else {
      throw .wrongForm(text: text, form: form.text, example: form.example)
    }
    guard let wrapper = form.make(Array(words.dropFirst())) else {
      throw .outOfRange(text: text, limit: form.limit, example: form.example)
    }
    self = wrapper
  }

  public var description: String {
    switch self {
    case .actionRepeat(let k): "action-repeat:\(k)"
    case .frameSkip(let k): "frame-skip:\(k)"
    case .frameStack(let k): "frame-stack:\(k)"
    case .timeLimit(let n): "time-limit:\(n)"
    case .rewardScale(let x): "reward-scale:\(x)"
    case .rewardClip(let low, let high): "reward-clip:\(low):\(high)"
    case .normalizeObservation: "normalize-observation"
    }
  }
}

/// Text that names no wrapper.
public enum WrapperError: Error, Equatable, CustomStringConvertible {
  /// `nearest` is the name that was probably meant.
  case unknown(name: String, nearest: String?)
  /// Too few or too many arguments.
  case wrongForm(text: String, form: String, example: String)
  case outOfRange(text: String, limit: String, example: String)

  public var description: String {
    switch self {
    case .unknown(let name, let nearest):
      "there is no wrapper \(name)" + (nearest.map { ": did you mean \($0)?" } ?? "")
        + " (there are \(Wrapper.texts.joined(separator: ", ")))"
    case .wrongForm(let text, let form, let example):
      "wrapper \(text) must be of the form \(form): write \(example), say"
    case .outOfRange(let text, let limit, let example): "wrapper \(text) must have \(limit): write \(example), say"
    }
  }
}
