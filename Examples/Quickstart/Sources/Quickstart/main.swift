import Polymath

// Four grids that differ in their goals, and in what reaching them is worth: one policy for all.
var configuration = try RunConfiguration("popart-impala", suite: "goals")
configuration.steps = 300_000

let agent = try Agent(configuration)
let training = try Training(agent)
try training.engine.run(until: agent.rounds)

let scores = try Evaluation.play(
  agent.taskSet, policy: agent.learner, version: agent.rounds, episodes: 100, seed: 1)
for score in scores { print("\(score.id): mean return \(score.return)") }
