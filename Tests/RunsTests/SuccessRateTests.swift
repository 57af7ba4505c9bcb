import Foundation
import Testing

@testable import Runs

@Suite("Success rates")
struct SuccessRateTests {
  @Test(
    "Episodes that say nothing count as not solved as soon as another says something, and else leave the rate unknown",
    arguments: [
      ([], nil), ([nil, nil], nil), ([true], 1), ([nil, true, nil, nil], 0.25), ([false, nil], 0),
      ([true, false], 0.5),
    ] as [([Bool?], Double?)])
  func rate(episodes: [Bool?], rate: Double?) {
    #expect(Estimate.successRate(episodes) == rate)
  }

  @Test("What recent episodes said survives a checkpoint")
  func recent() throws {
    let text = #"{"count":3,"scores":[1,2,3],"successes":[true,null,false]}"#
    let recent = try JSONDecoder().decode(Run.RecentEpisodes.self, from: Data(text.utf8))
    #expect(recent.successes == [true, nil, false] && recent.success == 1.0 / 3)
    #expect(try JSONDecoder().decode(Run.RecentEpisodes.self, from: JSONEncoder().encode(recent)) == recent)
  }
}
