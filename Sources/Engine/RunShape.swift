/// How a run is cut up. These numbers are properties of the run and decide its bits; the number of threads does not.
public struct RunShape: Hashable, Sendable {
  /// T: steps of an unroll.
  public let unroll: Int
  /// Task index of each column, task-major; a slot keeps its task for the whole run. B = its count.
  public let columnTasks: [Int]
  /// Parts of the columns that are unrolled together: one batched inference a step.
  public let groups: Int
  /// Parts of the columns that are differentiated together.
  public let shards: Int
  /// Rounds between the parameters that act and those that learn.
  public let lag: Int

  /// - Parameter firstTask: Index of the first of `tasks` tasks.
  /// - Throws: `EngineError` where the numbers don't fit each other.
  public init(
    firstTask: Int = 0, tasks: Int, environmentsPerTask: Int, unroll: Int, groups: Int, shards: Int, lag: Int
  ) throws(EngineError) {
    for (name, value, least) in [
      ("unroll", unroll, 1), ("environments per task", environmentsPerTask, 1), ("groups", groups, 1),
      ("shards", shards, 1), ("lag", lag, 0),
    ] where value < least {
      throw .outOfRange(name: name, value: value, least: least)
    }
    let columns = tasks * environmentsPerTask
    if !columns.isMultiple(of: shards) { throw .notDivisible(what: "slots", value: columns, by: "shards", shards) }
    if !groups.isMultiple(of: shards) { throw .notDivisible(what: "groups", value: groups, by: "shards", shards) }
    if !columns.isMultiple(of: groups) { throw .notDivisible(what: "slots", value: columns, by: "groups", groups) }
    (self.unroll, self.groups, self.shards, self.lag) = (unroll, groups, shards, lag)
    columnTasks = (0..<columns).map { firstTask + $0 / environmentsPerTask }
  }

  /// B: all slots.
  public var columns: Int { columnTasks.count }
  public var columnsPerShard: Int { columns / shards }
  public var columnsPerGroup: Int { columns / groups }
  public var groupsPerShard: Int { groups / shards }
  /// Agent steps of one round.
  public var stepsPerRound: Int { unroll * columns }

  public func columns(ofShard shard: Int) -> Range<Int> {
    shard * columnsPerShard..<(shard + 1) * columnsPerShard
  }
  public func columns(ofGroup group: Int) -> Range<Int> {
    group * columnsPerGroup..<(group + 1) * columnsPerGroup
  }
}
