/// A system to be controlled: dynamics in double precision, what of them is seen, and what is paid.
///
/// Its stored properties are the physics, and stand in the task's lockfile.
protocol Plant: Sendable {
  associatedtype State: BitwiseCopyable
  static var action: ActionSpace { get }
  /// Names of the observation's numbers.
  static var observed: [String] { get }
  static var hasSuccessRule: Bool { get }
  /// Steps after which an episode is truncated.
  var horizon: Int { get }

  /// An episode's first state, from four numbers in [0, 1).
  func initial(_ uniform: SIMD4<Double>) -> State
  /// Acts once. A discrete action comes as its number, a box's as up to two numbers in [-1, 1].
  func step(_ state: inout State, _ action: SIMD2<Double>) -> PlantStep
  /// Writes as many numbers as `observed` names.
  func observe(_ state: State, into numbers: UnsafeMutablePointer<Float>)
}

/// What one step of a plant came to.
struct PlantStep {
  var reward: Double
  var terminated = false
  var success = false
}

extension Plant {
  static var hasSuccessRule: Bool { false }
}

/// Between `low` and `high`, evenly.
func spread(_ uniform: Double, _ low: Double, _ high: Double) -> Double { low + (high - low) * uniform }

extension Double {
  func clamped(_ low: Double, _ high: Double) -> Double { min(max(self, low), high) }
}
