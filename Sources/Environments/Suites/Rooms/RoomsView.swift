import Tensors

/// How rooms look.
public enum RoomsLook: Hashable, Sendable {
  /// uint8 `[13, 13, 13]`, row, column, plane, cells 0 or 1: `RoomsKind`s without the floor, then items that pay and items that
  /// cost, where the rules show them.
  case planes
  /// uint8 `[13, 13, 3]`, row, column, red-green-blue: a pixel a cell.
  ///
  /// - Parameters:
  ///   - palette: 0..<10. No colour is in two palettes, so each is the same world to eyes that have not seen it.
  ///   - shift: 0..<12. Each kind has the colour of the `shift`th after it in `RoomsKind`: known colours, other meanings.
  case pixels(palette: Int, shift: Int = 0)

  static let planeCount = RoomsKind.floor.rawValue + 2

  public var observation: ObservationSpace {
    let side = RoomsRules.side
    switch self {
    case .planes:
      return ObservationSpace([ObservationLeaf(name: "planes", element: .uint8, shape: [side, side, Self.planeCount])])
    case .pixels:
      return ObservationSpace([
        ObservationLeaf(name: "pixels", element: .uint8, shape: [side, side, 3], scale: 1 / 255)
      ])
    }
  }

  /// Colours of kinds in palette 0, `0xRRGGBB`.
  private static let colors: [UInt32] = [
    0x4fc3f7, 0xef5350, 0x6d2c2c, 0x81c784, 0xffd54f, 0x8d6e63, 0xff8a65, 0xba68c8, 0xf06292, 0xa1887f, 0x616161,
    0x101018,
  ]

  /// Colours of planes. Marks of items lie under the items, and are never drawn.
  static let planeColors = Array(colors.dropLast()) + [0, 0]

  /// Colours of kinds, `0xRRGGBB`. Those of palettes above 0 are dealt from 125, five levels of each of red, green and blue.
  static func colors(palette: Int, shift: Int) -> [UInt32] {
    let kinds = RoomsKind.allCases.count
    precondition(0..<10 ~= palette && 0..<kinds ~= shift, "rooms have palettes 0..<10 and shifts 0..<\(kinds)")
    let dealt = palette == 0 ? colors[..<kinds] : deck[(palette - 1) * kinds..<palette * kinds]
    return Array(dealt[(dealt.startIndex + shift)...] + dealt.prefix(shift))
  }

  private static let deck: [UInt32] = {
    let levels: [UInt32] = [0x00, 0x40, 0x80, 0xbf, 0xff]
    let all = levels.flatMap { red in levels.flatMap { green in levels.map { red << 16 | green << 8 | $0 } } }
    var order = [Float](repeating: 0, count: all.count)
    RandomStream(seed: 0, name: "rooms palettes", purpose: .initialization)
      .uniform(step: 0, into: &order, count: all.count)
    return all.indices.sorted { order[$0] < order[$1] }.map { all[$0] }
  }()
}

/// Draws states of one map in one look.
struct RoomsView {
  private let things: [RoomsRules.Thing]
  private let patrol: [UInt8]
  private let showsWeights: Bool
  private let channels: Int
  /// Colours of kinds; empty where planes are drawn.
  private let colors: [UInt32]
  /// What stays: floor, walls, ladders, goals.
  private var background: [UInt8]

  /// Bytes of one observation.
  var size: Int { background.count }

  init(_ rules: RoomsRules, _ look: RoomsLook) {
    (things, patrol, showsWeights) = (rules.things, rules.patrol, rules.showsWeights)
    switch look {
    case .planes: (channels, colors) = (RoomsLook.planeCount, [])
    case .pixels(let palette, let shift): (channels, colors) = (3, RoomsLook.colors(palette: palette, shift: shift))
    }
    background = Array(repeating: 0, count: rules.places.count * channels)
    var bytes = background
    for (cell, place) in rules.places.enumerated() { paint(place.kind, cell, &bytes) }
    background = bytes
  }

  func draw(_ state: RoomsState, into bytes: UnsafeMutablePointer<UInt8>) {
    background.withUnsafeBufferPointer { bytes.update(from: $0.baseAddress!, count: $0.count) }
    var index = 0
    while index < things.count {
      if state.left >> index & 1 == 1 { paint(things[index], bytes) }
      index += 1
    }
    if !patrol.isEmpty {
      let phase = Int(state.phase)
      paint(.nextSkull, Int(patrol[phase + 1 < patrol.count ? phase + 1 : 0]), bytes)
      paint(.skull, Int(patrol[phase]), bytes)
    }
    paint(.player, Int(state.cell), bytes)
  }

  private func paint(_ thing: RoomsRules.Thing, _ bytes: UnsafeMutablePointer<UInt8>) {
    paint(thing.kind, thing.cell, bytes)
    if showsWeights, colors.isEmpty, thing.reward != 0 {
      bytes[thing.cell * channels + RoomsKind.floor.rawValue + (thing.reward > 0 ? 0 : 1)] = 1
    }
  }

  @inline(__always)
  private func paint(_ kind: RoomsKind, _ cell: Int, _ bytes: UnsafeMutablePointer<UInt8>) {
    if colors.isEmpty {
      if kind != .floor { bytes[cell * channels + kind.rawValue] = 1 }
    } else {
      let color = colors[kind.rawValue]
      bytes[cell * 3] = UInt8(truncatingIfNeeded: color >> 16)
      bytes[cell * 3 + 1] = UInt8(truncatingIfNeeded: color >> 8)
      bytes[cell * 3 + 2] = UInt8(truncatingIfNeeded: color)
    }
  }
}
