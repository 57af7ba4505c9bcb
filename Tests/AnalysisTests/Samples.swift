import Analysis
import CKernels
import Foundation

/// Standard normal numbers, the same at every call.
func normals(_ count: Int, stream: UInt32) -> [Double] {
  var numbers = [Float](repeating: 0, count: count)
  ck_random_normal(&numbers, ck_address(seed: 1, step: 0, stream: stream, purpose: 0), count)
  return numbers.map(Double.init)
}

/// A random order of 0 ..< count, the same at every call.
func permutation(_ count: Int) -> [Int] {
  let keys = normals(count, stream: 99)
  return (0..<count).sorted { keys[$0] < keys[$1] }
}

/// `size` points around each of three corners, `apart` standard deviations from each other, in five dimensions.
func blobs(of size: Int, apart: Double) -> (points: Points, labels: [Int]) {
  let labels = (0..<3 * size).map { $0 % 3 }
  var values = normals(15 * size, stream: 5)
  for (point, label) in labels.enumerated() { values[5 * point + label] += apart / 2.0.squareRoot() }
  return (Points(values, dimensions: 5), labels)
}

/// Routing of `count` steps a task through `layers` matrices of `modules` x `modules`: softmax of logits with a part
/// that is the task's, of deviation `between`, and a part that is the step's, of deviation `within`. Each step is an
/// episode of its own.
func routing(
  tasks: [String], count: Int, layers: Int = 2, modules: Int = 3, between: Double, within: Double, head: Bool = false
) -> RoutingTable {
  let rows = layers * modules + (head ? 1 : 0)
  let samples = (0..<tasks.count * count).map { k in
    let (task, step) = (k / count, k % count)
    let own = normals(rows * modules, stream: UInt32(100 + task))
    let noise = normals(rows * modules, stream: UInt32(10_000 + k))
    var weights: [Float] = []
    for row in 0..<rows {
      let powers = (row * modules..<(row + 1) * modules).map { exp(between * own[$0] + within * noise[$0]) }
      let sum = powers.reduce(0, +)
      weights += powers.map { Float($0 / sum) }
    }
    return RoutingSample(
      task: task, episode: step, step: 0, weights: Array(weights[..<(layers * modules * modules)]),
      headWeights: Array(weights[(layers * modules * modules)...]))
  }
  return RoutingTable(tasks: tasks, layers: layers, modules: modules, samples: samples)
}
