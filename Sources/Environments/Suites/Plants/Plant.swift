/// A system to be acted on: dynamics in double precision, what of them is seen, and what is paid.
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

  /// An episode's first state, from eight numbers in [0, 1).
  func initial(_ uniform: SIMD8<Double>) -> State
  /// Acts once. A discrete action comes as its number, a box's as up to four numbers in [-1, 1].
  func step(_ state: inout State, _ action: SIMD4<Double>) -> StepOutcome
  /// Whether an episode that goes on can be in this state. What is not finite is in none.
  func allows(_ state: State) -> Bool
  /// Writes as many numbers as `observed` names.
  func observe(_ state: State, into numbers: UnsafeMutablePointer<Float>)
}

extension Plant {
  static var hasSuccessRule: Bool { false }
}

extension Task {
  /// The task of acting on a plant; its parameters are the plant's stored properties.
  init<P: Plant>(_ id: String, _ plant: P, scores: ReferenceScores? = nil) {
    let physics = Mirror(reflecting: plant).children.map { ($0.label!, "\($0.value)") }
    self.init(
      id: id,
      observation: ObservationSpace([ObservationLeaf(name: "state", element: .float32, shape: [P.observed.count])]),
      action: P.action, actionMask: Array(repeating: true, count: P.action.count), scores: scores,
      parameters: Dictionary(uniqueKeysWithValues: physics + [("observed", P.observed.joined(separator: " "))]),
      hasSuccessRule: P.hasSuccessRule
    ) { replicas, seed, _ in SlotBatch(task: id, PlantDynamics(plant: plant), replicas: replicas, seed: seed) }
  }
}

/// Between `low` and `high`, evenly.
func spread(_ uniform: Double, _ low: Double, _ high: Double) -> Double { low + (high - low) * uniform }

extension Double {
  func clamped(_ low: Double, _ high: Double) -> Double { min(max(self, low), high) }
}
