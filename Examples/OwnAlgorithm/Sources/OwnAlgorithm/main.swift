import Polymath
import PolymathTool

// The whole tool, with an algorithm and a suite more:
//
//     swift run -c release OwnAlgorithm train --algorithm reinforce --out runs/mine
//     swift run -c release OwnAlgorithm evaluate runs/mine
PolymathCommand.main(algorithms: .all + [Reinforce.self], suites: .all + [Corridor.suite])
