/// Whether points tell their label by where they lie: k nearest neighbours, each point asked about without its own group.
///
/// A high accuracy says that labels differ, not that they differ much: a routing network tells all tasks apart before
/// it has learned.
public enum NearestNeighbours {
  /// The share of points whose label is the most frequent among the `k` nearest others (Euclidean). Among points
  /// equally far that of the lower index is nearer; among labels equally frequent that of the nearest point counts.
  ///
  /// - Parameter groups: The group of each point; points of one group are no neighbours of each other, as steps of one
  ///   episode are no evidence for each other. nil for each point by itself.
  /// - Precondition: one label and one group a point, and at least `k` points outside of each group.
  public static func accuracy(_ points: Points, labels: [Int], groups: [Int]? = nil, k: Int = 5) -> Double {
    let groups = groups ?? Array(labels.indices)
    precondition(labels.count == points.count, "\(labels.count) labels for \(points.count) points")
    precondition(groups.count == points.count, "\(groups.count) groups for \(points.count) points")
    let largest = Dictionary(grouping: groups) { $0 }.values.map(\.count).max() ?? 0
    precondition(
      k > 0 && k <= points.count - largest, "\(k) neighbours among \(points.count) points without \(largest)")
    let right = labels.indices.count { vote(neighbours(of: $0, among: points, groups, k), labels) == labels[$0] }
    return Double(right) / Double(points.count)
  }

  /// The `k` points of other groups nearest to `point`, nearest first.
  private static func neighbours(of point: Int, among points: Points, _ groups: [Int], _ k: Int) -> [Int] {
    var nearest: [(distance: Double, index: Int)] = []
    for other in 0..<points.count where groups[other] != groups[point] {
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
