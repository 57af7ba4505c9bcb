import CKernels
import Foundation
import Testing

/// How near each hot kernel comes to what the core can do: `make bench`. Times are printed, never asserted.
@Suite("KernelBenchmarks", .enabled(if: ProcessInfo.processInfo.environment["RL_BENCH"] != nil), .serialized)
struct KernelBenchmarks {
  /// Floats between -1/2 and 1/2, at an address of their own.
  private final class Floats {
    let start: UnsafeMutablePointer<Float>
    init(_ count: Int) {
      start = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
        .bindMemory(to: Float.self, capacity: count)
      for i in 0..<count { start[i] = Float((i &* 7919) % 1009) / 1009 - 0.5 }
    }
    deinit { start.deallocate() }
  }

  /// Seconds of one call: the best of many, as others can only make it slower.
  private func best(_ body: () -> Void) -> Double {
    var (best, total) = (Double.infinity, 0.0)
    while total < 0.2 {
      let start = ContinuousClock.now
      body()
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      (best, total) = (min(best, seconds), total + seconds)
    }
    return best
  }

  private func line(_ name: String, _ seconds: Double, gigaflop: Double, limit: Double) {
    let rate = gigaflop / seconds
    print(
      String(
        format: "%-42@ %9.1f us  %7.1f GFLOP/s %4.0f %% of sgemm", name as NSString, 1e6 * seconds, rate,
        100 * rate / limit))
  }

  /// SAC's widest layer, both passes, with one network for all tasks and with a network for each of ten.
  private func denseRelu(limit: Double) {
    let (rows, width, tasks) = (640, 400, 10)
    let (x, y, dy, dx) = (Floats(rows * width), Floats(rows * width), Floats(rows * width), Floats(rows * width))
    let (w, dw) = (Floats(tasks * width * width), Floats(tasks * width * width))
    let (b, db) = (Floats(tasks * width), Floats(tasks * width))
    let task = (0..<rows).map { Int32($0 * tasks / rows) }
    let work = 6e-9 * Double(rows * width * width)
    line(
      "relu layer 640 x 400 x 400, both passes",
      best {
        ck_dense_relu_forward(y.start, x.start, w.start, b.start, rows, width, width)
        ck_dense_relu_backward(
          dx.start, dw.start, db.start, dy.start, y.start, x.start, w.start, rows, width, width)
      }, gigaflop: work, limit: limit)
    line(
      "the same, of 10 tasks' own weights",
      best {
        ck_task_linear_forward(y.start, x.start, w.start, b.start, task, 1, rows, width, width)
        ck_task_linear_backward(
          dx.start, dw.start, db.start, dy.start, y.start, x.start, w.start, task, 1, rows, width, width)
      }, gigaflop: work, limit: limit)
  }

  @Test("Products and convolutions against sgemm")
  func arithmetic() {
    print("kernels \(String(cString: ck_kernel_level_name())), OpenBLAS core \(String(cString: ck_blas_core_name()))")
    let side = 768
    let (a, b, c) = (Floats(side * side), Floats(side * side), Floats(side * side))
    let product = best { ck_linear_forward(c.start, a.start, b.start, nil, side, side, side) }
    let limit = 2e-9 * Double(side * side * side) / product
    line("sgemm 768 x 768 x 768: the limit", product, gigaflop: 2e-9 * Double(side * side * side), limit: limit)

    for (rows, inputs, outputs) in [
      (84, 3872, 256), (1, 3872, 256), (672, 2592, 256), (672, 3136, 512), (64, 1024, 128),
    ] {
      let (x, y) = (Floats(rows * inputs), Floats(rows * outputs))
      let (w, dw) = (Floats(inputs * outputs), Floats(inputs * outputs))
      let (dx, db) = (Floats(rows * inputs), Floats(outputs))
      let work = 2e-9 * Double(rows * inputs * outputs)
      line(
        "linear \(rows) x \(inputs) x \(outputs), forward",
        best { ck_linear_forward(y.start, x.start, w.start, db.start, rows, inputs, outputs) }, gigaflop: work,
        limit: limit)
      line(
        "linear \(rows) x \(inputs) x \(outputs), backward",
        best {
          ck_linear_backward(dx.start, dw.start, db.start, y.start, x.start, w.start, rows, inputs, outputs)
        }, gigaflop: 2 * work, limit: limit)
    }
    denseRelu(limit: limit)
    for (side, inputs, kernel, outputs, stride, padding, isFirst) in [
      (84, 4, 3, 16, 1, 1, true), (42, 16, 3, 16, 1, 1, false), (42, 16, 3, 32, 1, 1, false),
      (21, 32, 3, 32, 1, 1, false), (11, 32, 3, 32, 1, 1, false), (84, 4, 8, 16, 4, 0, true),
      (20, 16, 4, 32, 2, 0, false), (84, 4, 8, 32, 4, 0, true), (20, 32, 4, 64, 2, 0, false),
      (9, 64, 3, 64, 1, 0, false), (10, 10, 3, 16, 1, 0, true),
    ] {
      var geometry = ck_convolution_make(
        side, side, inputs, kernel, kernel, outputs, stride, padding, padding, padding, padding)
      (geometry.relu_input, geometry.relu_output) = (isFirst ? 0 : 1, 1)
      let images = side == 10 ? 64 : 4
      let (inputCount, outputCount) = (
        images * side * side * inputs, images * geometry.output_height * geometry.output_width * outputs
      )
      let (x, y, dy, dx) = (Floats(inputCount), Floats(outputCount), Floats(outputCount), Floats(inputCount))
      let bytes = [UInt8](repeating: 77, count: inputCount)
      let weightCount = kernel * kernel * inputs * outputs
      let (w, dw, b, db) = (Floats(weightCount), Floats(weightCount), Floats(outputs), Floats(outputs))
      let workspace = Floats(ck_convolution_workspace(&geometry))
      let work = 2e-9 * Double(outputCount * kernel * kernel * inputs)
      let name = "conv \(side)x\(side) \(inputs)->\(outputs) \(kernel)x\(kernel)/\(stride)"
      bytes.withUnsafeBufferPointer { bytes in
        let input = ck_images(
          floats: isFirst ? nil : UnsafePointer(x.start), bytes: isFirst ? bytes.baseAddress : nil, scale: 1 / 255)
        let forward = best {
          ck_convolution_forward(y.start, input, w.start, b.start, nil, workspace.start, &geometry, images)
        }
        line(name + ", forward", forward, gigaflop: work, limit: limit)
        let backward = best {
          ck_convolution_backward(
            isFirst ? nil : dx.start, dw.start, db.start, dy.start, input, y.start, w.start, workspace.start, &geometry,
            images)
        }
        line(name + ", backward", backward, gigaflop: (isFirst ? 1 : 2) * work, limit: limit)
      }
    }
  }

  @Test("Kernels that move memory against copying as many bytes")
  func memory() {
    func compare(_ name: String, bytes: Int, _ body: () -> Void) {
      let (from, to) = (Floats(bytes / 8), Floats(bytes / 8))
      let copy = best { memcpy(to.start, from.start, bytes / 2) }
      let seconds = best(body)
      print(
        String(
          format: "%-42@ %9.1f us  %7.1f GB/s    %4.1f times the time of copying", name as NSString, 1e6 * seconds,
          1e-9 * Double(bytes) / seconds, seconds / copy))
    }
    let n = 1_100_000
    let (p, m, v, g) = (Floats(n), Floats(n), Floats(n), Floats(n))
    ck_scale(v.start, 0, v.start, n)
    compare("RMSProp, 1.1 M parameters", bytes: 5 * 4 * n) {
      ck_rmsprop_step(p.start, v.start, nil, g.start, n, 1, 1e-4, 0.99, 0, 0.01, 1)
    }
    compare("Adam, 1.1 M parameters", bytes: 7 * 4 * n) {
      ck_adam_step(p.start, m.start, v.start, g.start, n, 1, 1e-4, 0.9, 0.999, 1e-8, 10)
    }
    compare("Polyak averaging, 1.1 M parameters", bytes: 3 * 4 * n) { ck_polyak(p.start, g.start, 0.005, n) }
    compare("sum of squares, 1.1 M", bytes: 4 * n) { _ = ck_sum_squares(g.start, n) }
    for (steps, batch) in [(20, 32), (100, 1024)] {
      let count = steps * batch
      let (vs, advantage, logRho) = (Floats(count), Floats(count), Floats(count))
      let (reward, discount, value, next) = (Floats(count), Floats(count), Floats(count), Floats(count))
      let (continues, valid) = ([UInt8](repeating: 1, count: count), [UInt8](repeating: 1, count: count))
      let options = ck_vtrace_options(rho_bar: 1, c_bar: 1, pg_rho_bar: 1, lambda: 1, lambda_in_advantage: 0)
      compare("V-trace \(steps) x \(batch)", bytes: 30 * count) {
        ck_vtrace(
          vs.start, advantage.start, logRho.start, reward.start, discount.start, continues, value.start, next.start,
          valid, steps, batch, options)
      }
    }
    let (rows, actions) = (640, 18)
    let (logits, logP, entropy) = (Floats(rows * actions), Floats(rows * actions), Floats(rows))
    compare("log-softmax, 640 x 18", bytes: 8 * rows * actions) {
      ck_log_softmax_forward(logP.start, logits.start, nil, rows, actions)
    }
    compare("entropy, 640 x 18", bytes: 4 * rows * actions) {
      ck_entropy_forward(entropy.start, logP.start, rows, actions)
    }
    let pictures = [UInt8](repeating: 77, count: n)
    compare("bytes to floats, 1.1 M", bytes: 5 * n) { ck_scale_u8(p.start, pictures, 1 / 255, n) }
    var winners = [UInt8](repeating: 0, count: 42 * 42 * 16)
    let (convolved, pooled) = (Floats(84 * 84 * 16), Floats(42 * 42 * 16))
    compare("max-pooling 84x84x16, forward", bytes: 4 * (84 * 84 + 42 * 42) * 16) {
      ck_max_pool_forward(pooled.start, &winners, convolved.start, 1, 84, 84, 16, 3, 2)
    }
    compare("max-pooling 84x84x16, backward", bytes: 4 * (84 * 84 + 42 * 42) * 16) {
      ck_max_pool_backward(convolved.start, pooled.start, winners, 1, 84, 84, 16, 3, 2)
    }
  }
}
