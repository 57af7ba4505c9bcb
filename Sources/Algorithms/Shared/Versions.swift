/// The versions 0, 1, 2, ... of something that acts, parameters above all, of which the last `lag + 1` are in use:
/// acting may lag behind learning by `lag` rounds.
///
/// Version v lies in place v mod (lag + 1). The serial step that makes a version writes it, and afterwards threads only
/// read it, hence `@unchecked Sendable`.
public final class Versions<Element>: @unchecked Sendable {
  /// The elements in the order of their places, as checkpoints hold them.
  public let places: UnsafeMutableBufferPointer<Element>

  /// Fills every place with what `make` returns.
  public init(lag: Int, _ make: () -> Element) {
    places = .allocate(capacity: lag + 1)
    for place in places.indices { (places.baseAddress! + place).initialize(to: make()) }
  }

  deinit {
    places.deinitialize()
    places.deallocate()
  }

  /// - Precondition: `version` is one of the last `lag + 1`, or the one that is made in place of the oldest.
  public subscript(version: Int) -> Element {
    get { places[version % places.count] }
    set { places[version % places.count] = newValue }
  }
}
