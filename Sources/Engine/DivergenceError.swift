/// A quantity of learning stopped being a finite number.
public struct DivergenceError: Error, CustomStringConvertible {
  public let task, quantity: String
  public let value: Double

  public init(task: String, quantity: String, value: Double) {
    (self.task, self.quantity, self.value) = (task, quantity, value)
  }

  public var description: String {
    "\(quantity) of task \(task) is \(value): training stopped, and the last checkpoint is as it was; "
      + "begin a new run with smaller steps, such as a lower learning-rate"
  }
}
