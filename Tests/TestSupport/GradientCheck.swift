import CKernels
import Tensors

/// Largest relative error of a tape's gradient against central differences, over some elements of every parameter.
///
/// Float32 losses carry rounding of about 1e-7 of their size, so differences use a wide step and the error is taken
/// relative to the parameter's largest gradient.
public func gradientError(
  _ layout: ParameterLayout, seed: UInt64 = 3, step: Float = 5e-3, elementsPerParameter: Int = 6,
  _ loss: (Tape) -> Tensor
) -> Float {
  let (values, gradients) = (ParameterBuffer(layout), ParameterBuffer(layout))
  values.initialize(seed: seed)
  // Parameters that start at zero, such as biases and value heads, get values too.
  for (index, entry) in layout.entries.enumerated() {
    for (i, _) in values[entry.parameter].enumerated() where values[entry.parameter][i] == 0 {
      values.values[entry.parameter.offset + i] = 0.05 * Float((i * 7 + index * 3) % 11 - 5) / 5
    }
  }
  let tape = Tape()
  tape.begin(values: values, gradients: gradients)
  tape.backward(from: loss(tape))
  func evaluate() -> Double {
    tape.begin(values: values)
    return Double(loss(tape).values[0])
  }
  var worst: Float = 0
  for entry in layout.entries {
    let parameter = entry.parameter
    let scale = max(ck_max_abs(gradients.values + parameter.offset, parameter.shape.count), 1e-3)
    let stride = max(parameter.shape.count / elementsPerParameter, 1)
    for i in Swift.stride(from: 0, to: parameter.shape.count, by: stride) {
      let element = values.values + parameter.offset + i
      let before = element.pointee
      element.pointee = before + step
      let above = evaluate()
      element.pointee = before - step
      let below = evaluate()
      element.pointee = before
      let difference = Float((above - below) / (2 * Double(step)))
      let error = abs(difference - gradients.values[parameter.offset + i]) / scale
      worst = larger(worst, error)
    }
  }
  return worst
}

/// sum(weights * x) with as many of the weights as x has numbers: a loss in which no two of them weigh alike.
public func weightedSum(_ x: Tensor, _ weights: [Float]) -> Tensor {
  sum(x.tape.constant(Array(weights.prefix(x.count)), x.shape) * x)
}

/// Largest |a - b| relative to the largest |b|, at least `floor`; NaN where any number is.
public func relativeError(_ a: UnsafePointer<Float>, _ b: [Float], floor: Float = 1e-6) -> Float {
  var (worst, scale): (Float, Float) = (0, floor)
  for i in b.indices {
    let error = abs(a[i] - b[i])
    worst = larger(worst, error)
    scale = max(scale, abs(b[i]))
  }
  return worst / scale
}

/// The larger of two errors, or NaN once there was one.
private func larger(_ worst: Float, _ error: Float) -> Float { worst.isNaN || error <= worst ? worst : error }
