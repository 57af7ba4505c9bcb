/// Changes rewards one by one.
final class RewardEnvironment: WrapperEnvironment {
  private let change: (Float) -> Float

  init(_ inner: any Environment, of task: Task, change: @escaping (Float) -> Float) {
    self.change = change
    super.init(inner, of: task)
  }

  override func stepped(_ slot: Int, into rows: StepRows) { rows.reward[slot] = change(rows.reward[slot]) }
}
