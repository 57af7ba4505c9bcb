import CKernels
import TestSupport
import Testing

/// The C kernels against numbers of other programs (`Tests/Golden`).
///
/// Buffers that a kernel overwrites start as NaN, and so does scratch space: reading what was not written shows. Each
/// backward kernel runs twice into zeros and must give twice the gradient, because backward adds.
@Suite("Kernels agree with golden numbers")
struct KernelGoldenTests {
  /// Relative to the largest magnitude of the expected array: some tens of roundings in float32.
  let tolerance = 1e-5

  @Test("V-trace", arguments: Golden("vtrace").cases)
  func vtrace(_ golden: Golden) {
    let steps = golden.int("steps")
    let batch = golden.int("batch")
    let options = ck_vtrace_options(
      rho_bar: golden.float("rho_bar"), c_bar: golden.float("c_bar"), pg_rho_bar: golden.float("pg_rho_bar"),
      lambda: golden.float("lambda"), lambda_in_advantage: Int32(golden.int("lambda_in_advantage")))
    var vs = dirty(steps * batch)
    var advantage = dirty(steps * batch)
    ck_vtrace(
      &vs, &advantage, golden.floats("log_rho"), golden.floats("reward"), golden.floats("discount"),
      golden.bytes("continues"), golden.floats("value"), golden.floats("next_value"), golden.bytes("valid"), steps,
      batch,
      options)
    #expect(golden.error(of: vs, from: "vs") <= tolerance)
    #expect(golden.error(of: advantage, from: "advantage") <= tolerance)
  }

  @Test("Generalised advantages and n-step returns", arguments: Golden("returns").cases)
  func returns(_ golden: Golden) {
    let steps = golden.int("steps")
    let batch = golden.int("batch")
    var advantage = dirty(steps * batch)
    var g = dirty(steps * batch)
    ck_gae(
      &advantage, golden.floats("reward"), golden.floats("discount"), golden.bytes("continues"), golden.floats("value"),
      golden.floats("next_value"), steps, batch, golden.float("lambda"))
    ck_n_step_return(
      &g, golden.floats("reward"), golden.floats("discount"), golden.bytes("continues"), golden.floats("next_value"),
      steps, batch)
    #expect(golden.error(of: advantage, from: "gae") <= tolerance)
    #expect(golden.error(of: g, from: "n_step_return") <= tolerance)
  }

  @Test("Log-probabilities of squashed normal distributions", arguments: Golden("squashed_normal").cases)
  func squashedNormal(_ golden: Golden) {
    let (rows, dims) = (golden.int("rows"), golden.int("dims"))
    let bounds = ck_normal_bounds(low: golden.float("low"), high: golden.float("high"))
    let (x, u, mask) = (golden.floats("x"), golden.floats("u"), golden.bytes("mask"))
    var logP = dirty(rows)
    var dx = [Float](repeating: 0, count: 2 * rows * dims)
    ck_squashed_normal_log_p_forward(&logP, x, u, mask, rows, dims, bounds)
    #expect(golden.error(of: logP, from: "log_p") <= tolerance)
    for _ in 0..<2 {
      ck_squashed_normal_log_p_backward(&dx, golden.floats("d_log_p"), x, u, mask, rows, dims, bounds)
    }
    #expect(golden.error(of: dx.map { $0 / 2 }, from: "dx") <= tolerance)
  }

  @Test("LSTM unroll with resets", arguments: Golden("lstm").cases)
  func lstm(_ golden: Golden) {
    let (steps, batch) = (golden.int("steps"), golden.int("batch"))
    let (inputs, hidden) = (golden.int("inputs"), golden.int("hidden"))
    let state = batch * hidden
    let (x, reset) = (golden.floats("x"), golden.bytes("reset"))
    let (wx, wh, b) = (golden.floats("wx"), golden.floats("wh"), golden.floats("b"))

    var h = golden.floats("h0") + dirty(steps * state)
    var c = golden.floats("c0") + dirty(steps * state)
    var gates = dirty(4 * steps * state)
    var scratch = dirty(2 * state)
    ck_lstm_unroll_forward(&h, &c, &gates, x, reset, wx, wh, b, &scratch, steps, batch, inputs, hidden)
    #expect(golden.error(of: Array(h.dropFirst(state)), from: "h") <= tolerance)
    #expect(golden.error(of: Array(c.dropFirst(state)), from: "c") <= tolerance)
    #expect(golden.error(of: Array(h.prefix(state)), from: "h0") == 0)

    var dx = zeros(x.count)
    var (dwx, dwh, db) = (zeros(wx.count), zeros(wh.count), zeros(b.count))
    for _ in 0..<2 {
      var scratch = dirty(ck_lstm_workspace(steps, batch, hidden))
      ck_lstm_unroll_backward(
        &dx, &dwx, &dwh, &db, golden.floats("dh"), h, c, gates, x, reset, wx, wh, &scratch, steps, batch, inputs, hidden
      )
    }
    #expect(golden.error(of: dx, from: "dx", times: 2) <= tolerance)
    #expect(golden.error(of: dwx, from: "dwx", times: 2) <= tolerance)
    #expect(golden.error(of: dwh, from: "dwh", times: 2) <= tolerance)
    #expect(golden.error(of: db, from: "db", times: 2) <= tolerance)
  }

  @Test("Convolution", arguments: Golden("convolution").cases)
  func convolution(_ golden: Golden) {
    var c = ck_convolution_make(
      golden.int("height"), golden.int("width"), golden.int("inputs"), golden.int("kernel_height"),
      golden.int("kernel_width"), golden.int("outputs"), golden.int("stride"), golden.int("pad_top"),
      golden.int("pad_left"), golden.int("pad_bottom"), golden.int("pad_right"))
    #expect(c.output_height == golden.int("output_height"))
    #expect(c.output_width == golden.int("output_width"))
    let count = golden.int("images")
    let (w, dy) = (golden.floats("w"), golden.floats("dy"))
    let b = golden.flag("has_bias") ? golden.floats("b") : nil
    let scale = golden.float("scale")

    func check(_ images: ck_images, hasGradient: Bool) {
      var y = dirty(dy.count)
      var workspace = dirty(ck_convolution_workspace(&c))
      ck_convolution_forward(&y, images, w, b, nil, &workspace, &c, count)
      #expect(golden.error(of: y, from: "y") <= tolerance)

      var (dx, dw, db) = (zeros(golden.floats("x").count), zeros(w.count), zeros(c.outputs))
      for _ in 0..<2 {
        workspace = dirty(workspace.count)
        dx.withUnsafeMutableBufferPointer { dx in
          ck_convolution_backward(
            hasGradient ? dx.baseAddress : nil, &dw, &db, dy, images, y, w, &workspace, &c, count)
        }
      }
      if hasGradient { #expect(golden.error(of: dx, from: "dx", times: 2) <= tolerance) }
      #expect(golden.error(of: dw, from: "dw", times: 2) <= tolerance)
      #expect(golden.error(of: db, from: "db", times: 2) <= tolerance)
    }
    if golden.flag("bytes") {
      golden.bytes("x").withUnsafeBufferPointer {
        check(ck_images(floats: nil, bytes: $0.baseAddress, scale: scale), hasGradient: false)
      }
    }
    // Bytes are worth the same as floats that were scaled before.
    golden.floats("x").map { scale * $0 }.withUnsafeBufferPointer {
      check(ck_images(floats: $0.baseAddress, bytes: nil, scale: 1), hasGradient: golden.has("dx"))
    }
  }

  @Test("Max-pooling", arguments: Golden("pooling").cases)
  func pooling(_ golden: Golden) {
    let (images, channels) = (golden.int("images"), golden.int("channels"))
    let (height, width) = (golden.int("height"), golden.int("width"))
    let (window, stride) = (golden.int("window"), golden.int("stride"))
    #expect(ck_same_output(height, stride) == golden.int("output_height"))
    #expect(ck_same_output(width, stride) == golden.int("output_width"))
    #expect(ck_same_pad_before(height, window, stride) == golden.int("pad_top"))
    #expect(ck_same_pad_before(width, window, stride) == golden.int("pad_left"))

    let (x, dy) = (golden.floats("x"), golden.floats("dy"))
    var y = dirty(dy.count)
    var argmax = [UInt8](repeating: 255, count: dy.count)
    ck_max_pool_forward(&y, &argmax, x, images, height, width, channels, window, stride)
    // A maximum is one of its inputs: there is nothing to round.
    #expect(golden.error(of: y, from: "y") == 0)
    y = dirty(dy.count)
    ck_max_pool_forward(&y, nil, x, images, height, width, channels, window, stride)
    #expect(golden.error(of: y, from: "y") == 0)

    var dx = dirty(x.count)
    ck_max_pool_backward(&dx, dy, argmax, images, height, width, channels, window, stride)
    #expect(golden.error(of: dx, from: "dx") <= tolerance)
  }

  @Test("Softmax, log-softmax, entropy and selection", arguments: Golden("softmax").cases)
  func softmax(_ golden: Golden) {
    let (rows, actions) = (golden.int("rows"), golden.int("actions"))
    let logits = golden.floats("logits")
    let mask = golden.flag("masked") ? golden.bytes("mask") : nil
    let action = golden.int32s("action")
    let dRow = golden.floats("d_row")
    // Probabilities, nats and upstream gradients are of order one. A saturated row has an entropy of 1e-8 and
    // gradients of that size: log-probabilities in float32 can't resolve them, and needn't.
    func error(_ actual: [Float], _ key: String, times factor: Double = 1) -> Double {
      golden.error(of: actual, from: key, times: factor, smallestScale: 1)
    }

    var p = dirty(logits.count)
    ck_softmax_forward(&p, logits, mask, rows, actions)
    #expect(error(p, "p") <= tolerance)

    var logP = dirty(logits.count)
    ck_log_softmax_forward(&logP, logits, mask, rows, actions)
    #expect(error(logP, "log_p") <= tolerance)

    var entropy = dirty(rows)
    ck_entropy_forward(&entropy, logP, rows, actions)
    #expect(error(entropy, "entropy") <= tolerance)

    var selected = dirty(rows)
    ck_select_forward(&selected, logP, action, rows, actions)
    #expect(error(selected, "selected") <= tolerance)

    var dOfP = zeros(logits.count)
    var dOfLogP = zeros(logits.count)
    var dLogPOfEntropy = zeros(logits.count)
    var dLogPOfSelected = zeros(logits.count)
    for _ in 0..<2 {
      ck_softmax_backward(&dOfP, golden.floats("d_p"), p, rows, actions)
      // What stands upstream of a masked action must not matter: the file has numbers there.
      ck_log_softmax_backward(&dOfLogP, golden.floats("d_log_p"), logP, rows, actions)
      ck_entropy_backward(&dLogPOfEntropy, dRow, logP, rows, actions)
      ck_select_backward(&dLogPOfSelected, dRow, action, rows, actions)
    }
    #expect(error(dOfP, "d_logits_of_p", times: 2) <= tolerance)
    #expect(error(dOfLogP, "d_logits_of_log_p", times: 2) <= tolerance)
    #expect(error(dLogPOfEntropy, "d_log_p_of_entropy", times: 2) <= tolerance)

    // Through both kernels down to the logits.
    var dOfEntropy = zeros(logits.count)
    var dOfSelected = zeros(logits.count)
    ck_log_softmax_backward(&dOfEntropy, dLogPOfEntropy, logP, rows, actions)
    ck_log_softmax_backward(&dOfSelected, dLogPOfSelected, logP, rows, actions)
    #expect(error(dOfEntropy, "d_logits_of_entropy", times: 2) <= tolerance)
    #expect(error(dOfSelected, "d_logits_of_selected", times: 2) <= tolerance)
  }

  @Test("PopArt rescaling", arguments: Golden("popart").cases)
  func popArtRescaling(_ golden: Golden) {
    let (tasks, inputs) = (golden.int("tasks"), golden.int("inputs"))
    var (w, b) = (golden.floats("w"), golden.floats("b"))
    var mu = [Double](repeating: 0, count: tasks)
    var sigma = [Double](repeating: 1, count: tasks)
    for update in golden.list("updates") {
      let (newMu, newSigma) = (update.doubles("mu"), update.doubles("sigma"))
      for task in 0..<tasks {
        w.withUnsafeMutableBufferPointer { w in
          b.withUnsafeMutableBufferPointer { b in
            ck_popart_rescale(
              w.baseAddress! + task * inputs, b.baseAddress! + task, mu[task], sigma[task], newMu[task], newSigma[task],
              inputs)
          }
        }
      }
      (mu, sigma) = (newMu, newSigma)
      #expect(update.error(of: w, from: "new_w") <= tolerance)
      #expect(update.error(of: b, from: "new_b") <= tolerance)
    }
  }

  @Test("Optimisers", arguments: Golden("optimizers").cases)
  func optimizer(_ golden: Golden) {
    let shared = Golden("optimizers")
    let (count, steps) = (shared.int("count"), shared.int("steps"))
    let gradients = shared.floats("gradients")
    let rate = golden.floats("rate")
    let limit = golden.double("clip_norm")
    let isAdam = golden.string("rule") == "adam"

    var p = shared.floats("parameters")
    var first = zeros(count)
    var second = [Float](repeating: isAdam ? 0 : golden.float("initial_mean_square"), count: count)
    let momentum = isAdam ? 0 : golden.float("momentum")
    var after: [Float] = []
    for step in 0..<steps {
      let gradient = Array(gradients[step * count..<(step + 1) * count])
      let norm = ck_sum_squares(gradient, count).squareRoot()
      let clip = limit > 0 ? ck_clip_factor(norm, limit) : 1
      if isAdam {
        ck_adam_step(
          &p, &first, &second, gradient, count, clip, rate[step], golden.float("beta1"), golden.float("beta2"),
          golden.float("epsilon"), step + 1)
      } else if momentum > 0 {
        ck_rmsprop_step(
          &p, &second, &first, gradient, count, clip, rate[step], golden.float("decay"), momentum,
          golden.float("epsilon"), Int32(golden.int("epsilon_inside")))
      } else {
        ck_rmsprop_step(
          &p, &second, nil, gradient, count, clip, rate[step], golden.float("decay"), 0, golden.float("epsilon"),
          Int32(golden.int("epsilon_inside")))
      }
      after += p
    }
    #expect(golden.error(of: after, from: "parameters_after") <= 1e-6)
    #expect(golden.error(of: second, from: isAdam ? "second_moment" : "mean_square") <= tolerance)
    if isAdam {
      #expect(golden.error(of: first, from: "first_moment") <= tolerance)
    } else if momentum > 0 {
      #expect(golden.error(of: first, from: "momentum_buffer") <= tolerance)
    }
    // A step is much smaller than a parameter: what moved is compared too, on its own scale.
    let start = shared.doubles("parameters")
    let moved = zip(after.suffix(count), start).map { Double($0) - $1 }
    let expected = zip(golden.doubles("parameters_after").suffix(count), start).map { $0 - $1 }
    let largest = expected.map(abs).max() ?? 0
    // Rounding of the parameter itself, at most 2^-24 of 2 a step.
    let rounding = Double(steps) * 0x1p-23
    #expect(zip(moved, expected).allSatisfy { abs($0 - $1) <= tolerance * largest + rounding })
  }

  @Test("Clipping by global norm")
  func clipping() {
    let golden = Golden("optimizers")
    let limit = golden.double("clip_norm")
    let factors = golden.doubles("gradient_norms").map { ck_clip_factor($0, limit) }
    #expect(golden.error(of: factors, from: "clip_factors") <= 1e-6)
    #expect(ck_clip_factor(0, limit) == 1)
  }
}

private func zeros(_ count: Int) -> [Float] { Array(repeating: 0, count: count) }
private func dirty(_ count: Int) -> [Float] { Array(repeating: .nan, count: count) }
