import Analysis
import Foundation
import Testing

@Suite("Routing table")
struct RoutingTableTests {
  @Test("The text has one line a sample, and numbers that read back to the bit")
  func csv() {
    let samples = [
      RoutingSample(task: 1, episode: 3, step: 7, weights: [0.25, 0.75, 1, 0], headWeights: [0.1, 0.9]),
      RoutingSample(task: 0, episode: 0, step: 0, weights: [0.5, 0.5, 1e-7, 1], headWeights: [1, 0]),
    ]
    let table = RoutingTable(tasks: ["say \"open\", then push", "reach"], layers: 1, modules: 2, samples: samples)
    #expect(
      table.csv == """
        task,episode,step,layer0_0_0,layer0_0_1,layer0_1_0,layer0_1_1,head_0,head_1
        reach,3,7,0.25,0.75,1.0,0.0,0.1,0.9
        "say ""open"", then push",0,0,0.5,0.5,1e-07,1.0,1.0,0.0

        """)
    #expect(table.codes == Points([0.25, 0.75, 1, 0, 0.5, 0.5, Double(Float(1e-7)), 1], dimensions: 4))
  }

  @Test("Shuffling moves tasks and nothing else")
  func shuffled() {
    let table = routing(tasks: ["a", "b", "c"], count: 4, between: 1, within: 1, head: true)
    let order = permutation(12)
    let shuffled = table.withTasks(permutedBy: order)
    #expect(shuffled.codes == table.codes)
    #expect(shuffled.labels == order.map { table.labels[$0] } && shuffled.labels != table.labels)
    #expect(shuffled.samples.map(\.headWeights) == table.samples.map(\.headWeights))
  }

  @Test("Steps of an episode stay together when tasks are shuffled")
  func episodes() {
    let places = [(1, 0), (1, 0), (0, 0), (0, 1), (0, 1), (0, 0)]
    let table = RoutingTable(
      tasks: ["a", "b"], layers: 1, modules: 2,
      samples: places.enumerated().map {
        RoutingSample(task: $1.0, episode: $1.1, step: $0, weights: [1, 0, 0, 1])
      })
    #expect(table.episodes == [0, 0, 1, 2, 2, 1])
    #expect(table.withTasks(permutedBy: [2, 0, 1]).labels == [0, 0, 1, 0, 0, 1])
  }
}

@Suite("Routing measures")
struct RoutingMeasuresTests {
  @Test("Two tasks worked by hand")
  func worked() {
    // One layer of 2 x 2. Task 0: rows (1, 0), (0.5, 0.5) and (0.5, 0.5), (0.5, 0.5); its mean (0.75, 0.25),
    // (0.5, 0.5). Task 1: one sample (0, 1), (0.25, 0.75), its own mean.
    let table = RoutingTable(
      tasks: ["a", "b"], layers: 1, modules: 2,
      samples: [
        RoutingSample(task: 0, episode: 0, step: 0, weights: [1, 0, 0.5, 0.5]),
        RoutingSample(task: 0, episode: 0, step: 1, weights: [0.5, 0.5, 0.5, 0.5]),
        RoutingSample(task: 1, episode: 0, step: 0, weights: [0, 1, 0.25, 0.75]),
      ])
    let statistics = RoutingMeasures(table)
    // Rows differ by 0.75 and 0.25 between tasks; within task 0 by 0.25 and 0, twice.
    #expect(abs(statistics.betweenTasks - 0.5) <= 1e-12)
    #expect(abs(statistics.withinTasks - (0.125 + 0.125 + 0) / 3) <= 1e-12)
    #expect(abs(statistics.ratio - 6) <= 1e-12)
    // Of six rows three are uniform, two are certain and one is (1/4, 3/4).
    let quarter = 2 * log(2) - 0.75 * log(3)
    #expect(abs(statistics.entropy[0] - (3 * log(2) + quarter) / 6) <= 1e-12)
    #expect(abs(statistics.entropyFraction[0] - (3 + quarter / log(2)) / 6) <= 1e-12)
  }

  @Test("Layers are kept apart in entropy and averaged in distance")
  func layers() {
    let (certain, uniform): ([Float], [Float]) = ([1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5])
    let table = RoutingTable(
      tasks: ["a", "b", "c"], layers: 2, modules: 2,
      samples: [[1, 0, 1, 0], [0, 1, 0, 1], certain].enumerated().map {
        RoutingSample(task: $0, episode: 0, step: 0, weights: $1 + uniform)
      })
    let statistics = RoutingMeasures(table)
    #expect(statistics.entropyFraction == [0, 1])
    // The first layer's pairs differ by 1, 1/2 and 1/2, the second's not at all.
    #expect(abs(statistics.betweenTasks - 1.0 / 3) <= 1e-12)
    #expect(statistics.withinTasks == 0 && statistics.ratio == .infinity)
  }

  @Test("The head's weights have an entropy of their own, and no part in distances")
  func head() {
    let table = RoutingTable(
      tasks: ["a", "b"], layers: 1, modules: 2,
      samples: [[1, 0], [0.5, 0.5]].enumerated().map {
        RoutingSample(task: $0, episode: 0, step: 0, weights: [0.5, 0.5, 0.5, 0.5], headWeights: $1)
      })
    let statistics = RoutingMeasures(table)
    #expect(abs((statistics.headEntropyFraction ?? .nan) - 0.5) <= 1e-12 && statistics.betweenTasks == 0)
  }

  @Test("Uniform routing has no distances and all the entropy")
  func uniform() {
    let statistics = RoutingMeasures(
      routing(tasks: ["a", "b"], count: 3, layers: 3, modules: 4, between: 0, within: 0))
    #expect(statistics.betweenTasks == 0 && statistics.withinTasks == 0 && statistics.ratio.isNaN)
    #expect(statistics.headEntropyFraction == nil)
    #expect(statistics.entropy.count == 3)
    #expect(statistics.entropy.allSatisfy { abs($0 - log(4)) <= 1e-12 })
    #expect(statistics.entropyFraction.allSatisfy { abs($0 - 1) <= 1e-12 })
  }

  @Test("Tasks that route differently stand out, and shuffled ones don't")
  func shuffled() {
    let table = routing(tasks: ["a", "b", "c", "d"], count: 50, between: 1, within: 0.3)
    let control = RoutingMeasures(table.withTasks(permutedBy: permutation(200)))
    #expect(RoutingMeasures(table).ratio >= 2)
    let chance = (2.0 / 49).squareRoot()
    #expect(control.ratio >= 0.7 * chance && control.ratio <= 1.3 * chance)
    #expect(control.entropy == RoutingMeasures(table).entropy)
  }
}
