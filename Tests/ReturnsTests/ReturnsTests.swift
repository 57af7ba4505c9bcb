import Returns
import TestSupport
import Testing

@Suite("V-trace")
struct VTraceTests {
  private struct Arrays {
    let logRho, reward, discount, value, nextValue: TimeMajor<Float>
    let continues, valid: TimeMajor<UInt8>

    init() {
      func numbers(_ count: Int, _ factor: Int) -> [Float] {
        (0..<count).map { Float(($0 * factor + 13) % 101) / 50 - 1 }
      }
      logRho = TimeMajor(copying: numbers(45, 37), columns: 5)
      reward = TimeMajor(copying: numbers(45, 53), columns: 5)
      discount = TimeMajor(copying: Array(repeating: 0.9, count: 45), columns: 5)
      let values = numbers(50, 71)
      value = TimeMajor(copying: Array(values[..<45]), columns: 5)
      nextValue = TimeMajor(copying: Array(values[5...]), columns: 5)
      continues = TimeMajor(copying: Array(repeating: 1, count: 45), columns: 5)
      valid = TimeMajor(copying: Array(repeating: 1, count: 45), columns: 5)
    }

    func vTrace(_ options: VTrace = VTrace()) -> (vs: [Float], advantage: [Float]) {
      let nothing = [Float](repeating: .nan, count: 45)
      let (vs, advantage) = (TimeMajor(copying: nothing, columns: 5), TimeMajor(copying: nothing, columns: 5))
      options(
        vs: vs, advantage: advantage, logRho: logRho, reward: reward, discount: discount, continues: continues,
        value: value, nextValue: nextValue, valid: valid)
      return (vs.array, advantage.array)
    }
  }

  @Test("On-policy targets are n-step returns, and advantages their excess over the value")
  func onPolicy() {
    let arrays = Arrays()
    arrays.logRho.start.update(repeating: 0, count: 45)
    arrays.continues[3, 2] = 0
    arrays.discount[3, 2] = 0
    arrays.continues[4, 3] = 0
    let returns = TimeMajor(copying: [Float](repeating: .nan, count: 45), columns: 5)
    OnPolicyReturns.nStep(
      into: returns, reward: arrays.reward, discount: arrays.discount, continues: arrays.continues,
      nextValue: arrays.nextValue)
    let (vs, advantage) = arrays.vTrace()
    #expect(relativeError(vs, returns.array) <= 1e-6)
    #expect(relativeError(advantage, zip(returns.array, arrays.value.array).map { $0 - $1 }) <= 2e-6)
  }

  @Test("Nothing crosses a cut trace")
  func cut() {
    let (one, two) = (Arrays(), Arrays())
    for column in 0..<5 {
      one.continues[4, column] = 0
      two.continues[4, column] = 0
      for step in 5..<9 {
        (two.reward[step, column], two.value[step, column], two.logRho[step, column]) = (100, -50, 3)
      }
    }
    let (a, b) = (one.vTrace(), two.vTrace())
    #expect(a.vs[..<25] == b.vs[..<25])
    #expect(a.advantage[..<25] == b.advantage[..<25])
    #expect(a.vs[25...] != b.vs[25...])
  }

  @Test("An invalid step has no error, and infinite limits are no limits")
  func edges() {
    let arrays = Arrays()
    arrays.valid[2, 2] = 0
    let (vs, advantage) = arrays.vTrace()
    #expect(vs[12] == arrays.value[2, 2] && advantage[12] == 0)
    var unlimited = VTrace()
    (unlimited.rhoBar, unlimited.cBar, unlimited.policyGradientRhoBar) = (.infinity, .infinity, .infinity)
    arrays.logRho[0, 0] = 1000
    #expect(arrays.vTrace(unlimited).vs.allSatisfy { $0.isFinite })
  }
}

extension TimeMajor {
  /// A copy that nobody frees: tests are short.
  fileprivate init(copying numbers: [Element], columns: Int) {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: numbers.count)
    memory.initialize(from: numbers, count: numbers.count)
    self.init(memory, steps: numbers.count / columns, columns: columns)
  }

  fileprivate var array: [Element] { Array(UnsafeBufferPointer(start: start, count: count)) }
}

extension ReturnMoments {
  /// The moments of one column.
  fileprivate init(task: Int, vs: [Float], valid: [UInt8]) {
    self.init(
      task: task, vs: TimeMajor(copying: vs, columns: 1), valid: TimeMajor(copying: valid, columns: 1), column: 0)
  }
}

@Suite("PopArt")
struct PopArtTests {
  @Test("Three updates equal the numbers worked by hand")
  func worked() {
    var configuration = PopArt.Configuration()
    (configuration.beta, configuration.secondMoment) = (0.1, .squareOfMean)
    var popArt = PopArt(tasks: 1, configuration)
    var (weight, bias): (Float, Float) = (2, 0.5)
    let expected: [(Double, Double, Double, Float, Float)] = [
      (1, 10.9, 3.1464265445, 0.6356417262, -0.1589104315), (1.9, 19.81, 4.0249223595, 0.4969039950, -0.3478327965),
      (1.31, 19.429, 4.2086696235, 0.4752095506, -0.1924598680),
    ]
    for (mean, numbers) in zip([10, 10, -4] as [Float], expected) {
      let before = popArt
      var column = [ReturnMoments(task: 0, vs: [mean, mean], valid: [1, 1])]
      column.withUnsafeMutableBufferPointer { popArt.update(UnsafeBufferPointer($0)) }
      popArt.preserveOutputs(of: 0, from: before, weight: &weight, bias: &bias, inputs: 1)
      #expect(abs(popArt.mu[0] - numbers.0) <= 1e-9)
      #expect(abs(popArt.nu[0] - numbers.1) <= 1e-9)
      #expect(abs(popArt.sigma(0) - numbers.2) <= 1e-9)
      #expect(abs(weight - numbers.3) <= 1e-6)
      #expect(abs(bias - numbers.4) <= 1e-6)
    }
  }

  /// The file's other cases follow rlax, which adds up a batch's contributions where the paper goes column by column.
  @Test(
    "Statistics and heads equal the paper's rule over several tasks",
    arguments: Golden("popart").cases.filter { $0.string("rule") == "sequential" })
  func golden(case golden: Golden) {
    let tasks = golden.int("tasks")
    var configuration = PopArt.Configuration()
    configuration.beta = golden.double("beta")
    configuration.secondMoment = golden.string("moment") == "squared_mean" ? .squareOfMean : .meanOfSquares
    configuration.lowerBound = golden.double("sigma_lower")
    configuration.upperBound = golden.double("sigma_upper")
    var popArt = PopArt(tasks: tasks, configuration)
    var (weight, bias) = (golden.floats("w"), golden.floats("b"))
    let inputs = golden.int("inputs")
    for update in golden.list("updates") {
      let task = update.ints("task")
      let vs = TimeMajor(copying: update.floats("vs"), columns: task.count)
      let valid = TimeMajor(copying: update.ints("valid").map { UInt8($0) }, columns: task.count)
      let columns = task.indices.map { ReturnMoments(task: task[$0], vs: vs, valid: valid, column: $0) }
      let before = popArt
      columns.withUnsafeBufferPointer { popArt.update($0) }
      for task in 0..<tasks {
        weight.withUnsafeMutableBufferPointer { weight in
          popArt.preserveOutputs(
            of: task, from: before, weight: weight.baseAddress! + task * inputs, bias: &bias[task], inputs: inputs)
        }
        let sigma = update.doubles("sigma")[task]
        #expect(abs(popArt.mu[task] - update.doubles("mu")[task]) <= 1e-7 * max(1, abs(popArt.mu[task])))
        #expect(abs(popArt.sigma(task) - sigma) <= 1e-6 * sigma)
      }
      #expect(relativeError(weight, update.floats("new_w")) <= 1e-5)
      #expect(relativeError(bias, update.floats("new_b")) <= 1e-5)
    }
  }

  @Test("Unnormalised outputs stay where they are, over many updates and scales")
  func preservation() {
    var configuration = PopArt.Configuration()
    configuration.beta = 0.01
    var popArt = PopArt(tasks: 1, configuration)
    var (weight, bias): ([Float], Float) = ([0.3, -0.7, 0.2], 0.1)
    let x: [Float] = [0.5, -1, 2]
    func output() -> Double {
      popArt.sigma(0) * (zip(weight, x).reduce(Double(bias)) { $0 + Double($1.0) * Double($1.1) }) + popArt.mu[0]
    }
    for update in 0..<3000 {
      let scale = Float([0.1, 10, 1000][update / 1000])
      let vs = (0..<4).map { scale * Float((update * 31 + $0 * 17) % 23 - 9) / 7 }
      let (before, old) = (popArt, output())
      let column = [ReturnMoments(task: 0, vs: vs, valid: [1, 1, 1, 1])]
      column.withUnsafeBufferPointer { popArt.update($0) }
      popArt.preserveOutputs(of: 0, from: before, weight: &weight, bias: &bias, inputs: 3)
      let size = max(abs(before.mu[0]), abs(popArt.mu[0]), before.sigma(0), popArt.sigma(0))
      #expect(abs(output() - old) <= 1e-6 * size)
    }
  }

  @Test("A corrected start begins with the first returns that are not zero, and weighs the first columns alike")
  func correctedStart() {
    var configuration = PopArt.Configuration()
    (configuration.correctsStart, configuration.beta) = (true, 1e-3)
    var popArt = PopArt(tasks: 1, configuration)
    func see(_ vs: [Float]) {
      let column = [ReturnMoments(task: 0, vs: vs, valid: vs.map { _ in 1 })]
      column.withUnsafeBufferPointer { popArt.update($0) }
    }
    see([0, 0])
    #expect(!popArt.knowsReturns(0) && popArt.mu[0] == 0 && popArt.sigma(0) == 1)
    see([1e-3, 3e-3])
    #expect(popArt.knowsReturns(0))
    #expect(abs(popArt.mu[0] - 2e-3) <= 1e-9 && abs(popArt.sigma(0) - 1e-3) <= 1e-9)
    for _ in 0..<9 { see([0, 0]) }
    // One column in ten.
    #expect(abs(popArt.mu[0] - 2e-4) <= 2e-6)
    for _ in 0..<20_000 { see([5, 7]) }
    #expect(abs(popArt.mu[0] - 6) <= 1e-6 && abs(popArt.sigma(0) - 1) <= 1e-6)
  }

  @Test(
    "Sigma says which bound it is at",
    arguments: [
      (0, 4, nil, 2), (0, 1e-10, .lower, 1e-4), (0, 1e14, .upper, 1e6), (1e4, 1e8, .resolution, 1e-2),
      (1e4, 1e8 + 4, nil, 2), (1e13, 1e26, .upper, 1e6),
    ] as [(Double, Double, PopArt.Bound?, Double)])
  func bounds(mu: Double, nu: Double, bound: PopArt.Bound?, sigma: Double) {
    let popArt = PopArt(mu: [mu], nu: [nu])
    #expect(popArt.bound(0) == bound && abs(popArt.sigma(0) - sigma) <= 1e-6 * sigma)
  }

  @Test("A column without a valid step moves nothing")
  func invalid() {
    var popArt = PopArt(tasks: 2)
    let columns = [ReturnMoments(task: 1, vs: [5, 6], valid: [0, 0])]
    columns.withUnsafeBufferPointer { popArt.update($0) }
    #expect(popArt == PopArt(tasks: 2))
  }
}
