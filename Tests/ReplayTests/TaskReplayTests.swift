import Replay
import Testing

@Suite("TaskReplay")
struct TaskReplayTests {
  /// Adds transition number `number` of `task`, whose every part can be told from it.
  private func add(_ number: Int, to replay: TaskReplay, task: Int) {
    let base = Float(1000 * task + 10 * number)
    replay.append(
      task: task, observation: [base, base + 1, base + 2], action: [base + 3, base + 4], reward: base + 5,
      next: [base + 6, base + 7, base + 8], terminated: number % 3 == 0)
  }

  private struct Rows {
    var observation = [Float](repeating: -1, count: 30), next = [Float](repeating: -1, count: 30)
    var action = [Float](repeating: -1, count: 20)
    var reward = [Float](repeating: -1, count: 10), terminated = [Float](repeating: -1, count: 10)

    mutating func gather(_ replay: TaskReplay, task: Int, _ indices: [UInt32], row: Int) {
      observation.withUnsafeMutableBufferPointer { observation in
        next.withUnsafeMutableBufferPointer { next in
          action.withUnsafeMutableBufferPointer { action in
            reward.withUnsafeMutableBufferPointer { reward in
              terminated.withUnsafeMutableBufferPointer { terminated in
                indices.withUnsafeBufferPointer {
                  replay.gather(
                    task: task, indices: $0,
                    into: TaskReplay.Batch(
                      observation: observation.baseAddress!, action: action.baseAddress!, reward: reward.baseAddress!,
                      next: next.baseAddress!, terminated: terminated.baseAddress!), row: row)
                }
              }
            }
          }
        }
      }
    }
  }

  @Test("Each task keeps its newest transitions, whole")
  func ring() {
    let replay = TaskReplay(tasks: 2, capacity: 4, observation: 3, action: 2)
    for number in 0..<6 { add(number, to: replay, task: 0) }
    add(7, to: replay, task: 1)
    #expect(replay.count(0) == 4 && replay.count(1) == 1 && replay.added[0] == 6)
    var rows = Rows()
    // Numbers 4 and 5 lie where 0 and 1 were.
    rows.gather(replay, task: 0, [0, 1, 2, 3], row: 2)
    rows.gather(replay, task: 1, [0], row: 0)
    #expect(Array(rows.reward[..<6]) == [1075, -1, 45, 55, 25, 35])
    #expect(Array(rows.observation[6..<12]) == [40, 41, 42, 50, 51, 52])
    #expect(Array(rows.next[6..<9]) == [46, 47, 48])
    #expect(Array(rows.action[4..<8]) == [43, 44, 53, 54])
    #expect(Array(rows.terminated[2..<6]) == [0, 0, 0, 1] && rows.terminated[0] == 0)
    #expect(rows.observation[3] == -1 && rows.observation[18] == -1, "other rows are left alone")
  }

  @Test("The filled part is saved and restored as it lies")
  func state() {
    let (one, two) = (
      TaskReplay(tasks: 1, capacity: 8, observation: 3, action: 2),
      TaskReplay(tasks: 1, capacity: 8, observation: 3, action: 2)
    )
    for number in 0..<5 { add(number, to: one, task: 0) }
    #expect(one.records(0).count == 5 * 40)
    two.added[0] = one.added[0]
    two.records(0).copyMemory(from: UnsafeRawBufferPointer(one.records(0)))
    add(9, to: one, task: 0)
    add(9, to: two, task: 0)
    #expect(one.records(0).elementsEqual(two.records(0)))
  }

  @Test("A transition of Meta-World takes 336 bytes: ten million take 3.4 GB")
  func size() {
    let replay = TaskReplay(tasks: 1, capacity: 2, observation: 39, action: 4)
    let (state, action) = ([Float](repeating: 0, count: 39), [Float](repeating: 0, count: 4))
    replay.append(task: 0, observation: state, action: action, reward: 0, next: state, terminated: false)
    #expect(replay.records(0).count == 336)
  }
}
