/// Exact values of rooms, by dynamic programming over every state that play can reach.
///
/// It asks `RoomsRules`, which the environment plays too, what follows a move. There are at most 2^things x cells x phases
/// states: six items in four rooms make 6,464. Arrays of values hold one number a state, in the order of `states`.
/// - Source: Bellman 1957; Puterman 1994, sections 4.5 and 6.3.
public struct RoomsOracle: Sendable {
  /// Who plays: one who knows the rules, or one who takes all of the task's actions equally often.
  public enum Player: Sendable { case best, random }

  public let rules: RoomsRules
  /// Those that can be reached from a start, starts first.
  public let states: [RoomsState]
  private let index: [RoomsState: Int]
  /// What follows move m in state s, at actions x s + m: the state's index, -1 where the episode ends, and the reward.
  private let next: [Int]
  private let reward: [Double]
  private let actions: Int

  public init(_ rules: RoomsRules) {
    (self.rules, actions) = (rules, rules.actionCount)
    var states = rules.starts
    var index = Dictionary(uniqueKeysWithValues: states.enumerated().map { ($1, $0) })
    var (next, reward): ([Int], [Double]) = ([], [])
    var reached = 0
    while reached < states.count {
      for move in 0..<actions {
        let outcome = rules.outcome(of: move, in: states[reached])
        reward.append(outcome.reward)
        if outcome.terminated {
          next.append(-1)
        } else if let known = index[outcome.state] {
          next.append(known)
        } else {
          next.append(states.count)
          index[outcome.state] = states.count
          states.append(outcome.state)
        }
      }
      reached += 1
    }
    (self.states, self.index, self.next, self.reward) = (states, index, next, reward)
  }

  public func index(of state: RoomsState) -> Int? { index[state] }

  /// Expected reward of an action, and `discount` times the value of where it leads.
  public func value(of action: Int, in state: Int, _ values: [Double], discount: Double) -> Double {
    (0..<actions).reduce(0) { sum, move in
      let row = actions * state + move
      let following = next[row] < 0 ? 0 : values[next[row]]
      return sum + rules.probability(of: move, after: action) * (reward[row] + discount * following)
    }
  }

  /// The best action, the first of equals.
  public func action(in state: Int, _ values: [Double], discount: Double) -> Int {
    let all = (0..<actions).map { value(of: $0, in: state, values, discount: discount) }
    return all.firstIndex(of: all.max()!)!
  }

  /// Values with one more step to go than `values` has: the Bellman operator.
  public func backup(_ values: [Double], of player: Player = .best, discount: Double) -> [Double] {
    var following = values
    values.withUnsafeBufferPointer { values in
      following.withUnsafeMutableBufferPointer {
        _ = sweep(values.baseAddress!, into: $0.baseAddress!, of: player, discount)
      }
    }
    return following
  }

  /// Values with `steps` steps to go.
  public func values(steps: Int, of player: Player = .best, discount: Double = 1) -> [Double] {
    (0..<steps).reduce(Array(repeating: 0, count: states.count)) { values, _ in
      backup(values, of: player, discount: discount)
    }
  }

  /// Values without a horizon, off by `tolerance` / (1 - discount) at most: sweeps in place, to and fro, until none changes a
  /// value by more than `tolerance`.
  ///
  /// - Precondition: `discount` is in 0..<1.
  public func values(of player: Player = .best, discount: Double, tolerance: Double = 1e-12) -> [Double] {
    precondition(0..<1 ~= discount, "the discount is \(discount), not in 0..<1")
    var values = [Double](repeating: 0, count: states.count)
    values.withUnsafeMutableBufferPointer {
      let values = $0.baseAddress!
      var backwards = true
      while sweep(values, into: values, of: player, discount, backwards: backwards) > tolerance { backwards.toggle() }
    }
    return values
  }

  /// One backup of every state, and the largest change that it made to what was there.
  private func sweep(
    _ values: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>, of player: Player, _ discount: Double,
    backwards: Bool = false
  ) -> Double {
    let chances = mixtures(of: player)
    var largest = 0.0
    // Plain loops over pointers: they are nearly all the work, and debug builds run them too.
    next.withUnsafeBufferPointer { next in
      reward.withUnsafeBufferPointer { reward in
        chances.withUnsafeBufferPointer { chances in
          let (next, reward, chance) = (next.baseAddress!, reward.baseAddress!, chances.baseAddress!)
          var step = 0
          while step < states.count {
            let state = backwards ? states.count - 1 - step : step
            let row = actions * state
            var (best, entry) = (-Double.infinity, 0)
            while entry < chances.count {
              var (value, move) = (0.0, 0)
              while move < actions {
                let following = next[row + move]
                let ahead = following < 0 ? 0 : values[following]
                value += chance[entry] * (reward[row + move] + discount * ahead)
                (move, entry) = (move + 1, entry + 1)
              }
              if value > best { best = value }
            }
            let change = abs(best - values[state])
            if change > largest { largest = change }
            result[state] = best
            step += 1
          }
        }
      }
    }
    return largest
  }

  /// Probabilities of moves, a row for each choice that the player has: the random one has none.
  private func mixtures(of player: Player) -> [Double] {
    let rows = (0..<actions).map { action in (0..<actions).map { rules.probability(of: $0, after: action) } }
    switch player {
    case .best: return rows.flatMap(\.self)
    case .random: return (0..<actions).map { move in rows.reduce(0) { $0 + $1[move] } / Double(actions) }
    }
  }

  /// Mean value of the states that an episode begins in.
  public func startValue(_ values: [Double]) -> Double {
    values[..<rules.starts.count].reduce(0, +) / Double(rules.starts.count)
  }

  /// Mean returns of random and best play over the horizon.
  public func scores() -> Task.ReferenceScores {
    Task.ReferenceScores(
      random: startValue(values(steps: rules.horizon, of: .random)),
      reference: startValue(values(steps: rules.horizon, of: .best)), label: "best play")
  }
}
