import ArgumentParser
import Foundation
import Polymath

struct Play: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a trained agent, or random play, in the terminal.",
    usage: """
      polymath play RUN [--task NAME] [OPTIONS]
      polymath play --random --suite NAME [--task NAME] [OPTIONS]
      """)

  private enum Numbers {
    static let steps = NumberOption<Int>("Steps to show", .whole(1...1_000_000_000), default: 300)
    static let speed = NumberOption<Double>("Pictures per second", .from(0.01, to: 1000), default: 15)
    static let seed = NumberOption.seed(2001)
  }

  @OptionGroup var actor: ActorOptions
  @Option(help: "Task to play; the first one by default.")
  var task: String?
  @Option(help: Numbers.steps.help, transform: Numbers.steps.read)
  var steps = Numbers.steps.value
  @Option(help: Numbers.speed.help, transform: Numbers.speed.read)
  var speed = Numbers.speed.value
  @Option(help: Numbers.seed.help, transform: Numbers.seed.read)
  var seed = Numbers.seed.value

  func run() throws {
    Command.prepare()
    let (taskSet, policy) = try actor.load()
    note(taskSet)
    let chosen = try taskSet.subset([task ?? taskSet.ids[0]]).tasks[0]
    let index = taskSet.ids.firstIndex(of: chosen.id)!
    let player = try Player(
      taskSet.tasks, played: index..<index + 1, policy: policy, slots: 1, unroll: 1, seed: seed, greedy: actor.greedy)
    let (block, leaf) = (player.block, taskSet.observation.leaves[0])
    var (score, drawn) = (0.0, 0)
    for step in 0..<steps {
      let ended = try !player.unroll().isEmpty
      let picture = Picture(
        observation: UnsafeRawBufferPointer(
          start: block.observation(leaf: 0, step: 1, column: 0), count: leaf.byteCount),
        leaf: leaf, palette: chosen.palette, columns: isTerminal ? terminalSize().columns : .max)
      score += Double(block.reward[1])
      let status = "\(chosen.id)  step \(step + 1)  score \(short(score))"
      let lines = picture.lines + [status.printableText]
      Swift.print(
        (isTerminal && drawn > 0 ? "\u{1b}[\(drawn)A" : "")
          + lines.map { (isTerminal ? "\u{1b}[2K" : "") + $0 + "\n" }.joined(), terminator: "")
      fflush(nil)
      drawn = lines.count
      if ended { score = 0 }
      if isTerminal { Thread.sleep(forTimeInterval: 1 / speed) }
    }
  }
}

/// An observation as coloured text: two pixels a character, one above the other.
struct Picture {
  let lines: [String]

  /// Planes are drawn in their palette's colours, the first plane on top, of stacked boards the newest; an image of
  /// three channels in its own colours; stacked frames in grey, the newest; every second or third pixel where the
  /// terminal is too narrow for all; a vector as numbers.
  init(observation: UnsafeRawBufferPointer, leaf: ObservationLeaf, palette: [UInt32], columns: Int) {
    if leaf.isVector {
      lines = [observation.bindMemory(to: Float.self).map { String(format: "%8.3f", $0) }.joined()]
      return
    }
    let (height, width, channels) = (leaf.shape[0], leaf.shape[1], leaf.shape[2])
    func color(_ y: Int, _ x: Int) -> UInt32 {
      let pixel = (y * width + x) * channels
      if palette.isEmpty, channels == 3 { return (0..<3).reduce(0) { $0 << 8 | UInt32(observation[pixel + $1]) } }
      if palette.isEmpty { return UInt32(observation[pixel + channels - 1]) &* 0x010101 }
      let newest = pixel + max(channels - palette.count, 0)
      for plane in 0..<min(channels, palette.count) where observation[newest + plane] != 0 { return palette[plane] }
      return 0x101018
    }
    // Boards are small: two characters a cell make them square and legible.
    let (repeats, rows) = palette.isEmpty && height > 32 ? (1, 2) : (2, 1)
    let step = (width * repeats - 1) / columns + 1
    func code(_ rgb: UInt32) -> String { "\(rgb >> 16 & 255);\(rgb >> 8 & 255);\(rgb & 255)m" }
    lines = stride(from: 0, to: height, by: rows * step).map { y in
      stride(from: 0, to: width, by: step).map { x in
        let top = color(y, x)
        let bottom = rows == 2 && y + step < height ? color(y + step, x) : top
        let cell = "\u{1b}[38;2;\(code(top))\u{1b}[48;2;\(code(bottom))"
        return cell + String(repeating: "\u{2580}", count: repeats)
      }.joined() + "\u{1b}[0m"
    }
  }
}
