/// One named part of an observation: an image, a vector, a set of planes.
public struct ObservationLeaf: Hashable, Sendable {
  /// How one element lies in memory.
  public enum Element: String, Sendable {
    case uint8, float32
    public var byteCount: Int { self == .uint8 ? 1 : 4 }
  }

  public let name: String
  public let element: Element
  /// Shape of one slot's leaf, row-major; images are `[height, width, channels]`.
  public let shape: [Int]
  /// What the network multiplies an element by: 1/255 for camera images, 1 for boards.
  public let scale: Float

  public init(name: String, element: Element, shape: [Int], scale: Float = 1) {
    precondition(!shape.isEmpty && shape.allSatisfy { $0 > 0 }, "an observation leaf has at least one element")
    (self.name, self.element, self.shape, self.scale) = (name, element, shape, scale)
  }

  /// `[height, width, channels]` bytes.
  public var isImage: Bool { element == .uint8 && shape.count == 3 }
  /// `[size]` floats.
  public var isVector: Bool { element == .float32 && shape.count == 1 }

  public var elementCount: Int { shape.reduce(1, *) }
  /// Bytes of one slot's leaf.
  public var byteCount: Int { elementCount * element.byteCount }
}

/// What an agent sees at each step: an ordered list of leaves.
public struct ObservationSpace: Hashable, Sendable {
  public let leaves: [ObservationLeaf]
  public init(_ leaves: [ObservationLeaf]) { self.leaves = leaves }
}

/// What an agent does at each step.
public enum ActionSpace: Hashable, Sendable {
  /// One of `n` actions; a slot's action is one `Int32`.
  case discrete(Int)
  /// A vector in [-1, 1]^dimension; a slot's action is `dimension` `Float`s.
  case box(Int)

  /// Number of actions, or of dimensions.
  public var count: Int {
    switch self {
    case .discrete(let n), .box(let n): n
    }
  }

  /// Floats of a slot's action: 0 for a discrete space.
  public var dimension: Int {
    if case .box(let dimension) = self { dimension } else { 0 }
  }
}
