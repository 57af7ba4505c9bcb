/// Whether points tell their label by where they lie: k nearest neighbours, each point asked about without itself.
///
/// A high accuracy says that labels differ, not that they differ much: a routing network tells all tasks apart before
/// it has learned.
public enum NearestNeighbours {
  /// The share of points whose label is the most frequent among the `k` nearest others (Euclidean). Among points
  /// equally far that of the lower index is nearer; among labels equally frequent that of the nearest point counts.
  ///
  /// Preconditions: one label a point, and more than `k` points.
  public static func accuracy(_ points: Points, labels: [Int], k: Int = 5) -> Double {
    precondition(labels.count == points.count, "\(labels.count) labels for \(points.count) points")
    precondition(k > 0 && k < points.count, "\(k) neighbours among \(points.count) points")
    let right = labels.indices.count { vote(neighbours(of: $0, among: points, k), labels) == labels[$0] }
    return Double(right) / Double(points.count)
  }

  /// The `k` points nearest to `point`, nearest first.
  private static func neighbours(of point: Int, among points: Points, _ k: Int) -> [Int] {
    var nearest: [(distance: Double, index: Int)] = []
    for other in 0..<points.count where other != point {
      let distance = points.squaredDistance(point, other)
      if nearest.count == k {
        if distance >= nearest[k - 1].distance { continue }
        nearest.removeLast()
      }
      let place = nearest.firstIndex { distance < $0.distance } ?? nearest.count
      nearest.insert((distance, other), at: place)
    }
    return nearest.map(\.index)
  }

  private static func vote(_ neighbours: [Int], _ labels: [Int]) -> Int {
    var (winner, most) = (labels[neighbours[0]], 0)
    for neighbour in neighbours {
      let votes = neighbours.count { labels[$0] == labels[neighbour] }
      if votes > most { (winner, most) = (labels[neighbour], votes) }
    }
    return winner
  }
}
