import Algorithms
import Environments

extension RunConfiguration {
  /// The settings of every run, whatever its algorithm. `algorithm` is one of `presets`.
  static func settings(presets: [String]) -> [Setting<RunConfiguration>] {
    [
      .init("suite", \.suite, .text, kind: "a name", "which environments (`polymath list suites`)") {
        $0
      } parse: {
        $0.isEmpty ? nil : $0
      },
      .list("tasks", \.tasks, kind: "a list of tasks", "those of the suite to train on; all where empty") {
        $0
      } parse: {
        $0
      },
      .list(
        "wrap", \.wrappers, kind: "a list of wrappers",
        "around each task, the innermost first: \(Wrapper.texts.joined(separator: ", "))"
      ) {
        $0.map(\.description)
      } parse: {
        try $0.map { try Wrapper($0) }
      },
      .choice("task-context", \.taskContext, "one-hot: vectors end with the task's number, one-hot"),
      .list(
        "env-arg", \.gymnasium.arguments, kind: "a list of name=value",
        "arguments of a Gymnasium environment, or of an Atari suite"
      ) {
        $0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      } parse: { words in
        let pairs = words.compactMap { word in
          word.firstMatch(of: #/[ ]*=[ ]*/#).map {
            (String(word[..<$0.range.lowerBound]), String(word[$0.range.upperBound...]))
          }
        }
        guard pairs.count == words.count, pairs.allSatisfy({ !$0.0.isEmpty }) else { return nil }
        return Dictionary(pairs) { $1 }
      },
      .list(
        "env-module", \.gymnasium.modules, kind: "a list of modules", "Python modules that register environments"
      ) {
        $0
      } parse: {
        $0
      },
      .flag(
        "exact", \.isExact, "Atari through the emulator's own interface, whose state can be saved; slower"),
      .list(
        "reference", \.references, kind: "a list of task=return, or a YAML file of task: return",
        "returns that count as 100 %, for normalised scores of tasks without"
      ) {
        $0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      } parse: {
        try References.parse($0)
      }.decidingNoBits(),
      .choice("algorithm", \.algorithm, among: presets, "preset: defaults of the settings below") {
        $0
      } parse: {
        presets.contains($0) ? $0 : nil
      },
      .integer("steps", \.steps, 1...1 << 53, "agent steps in all, over all tasks"),
      .integer("seed", \.seed, 0...UInt64.max, "seed of every random number"),
      .integer("threads", \.threads, 1...1024, "threads of the pool; results don't depend on it").decidingNoBits(),
      .integer("unroll", \.unroll, 1...10_000, "T, agent steps per unroll"),
      .integer("environments-per-task", \.environmentsPerTask, 1...4096, "environments of each task"),
      .integer("groups", \.groups, 0...4096, "acting batches, a multiple of the shards; 0 for one per shard"),
      .integer(
        "shards", \.shards, 0...4096,
        "learning batches; 0 for as many as suit the algorithm, which --print-config shows"),
      .integer("lag", \.lag, 0...64, "rounds between the parameters that act and those that learn"),
      .integer("checkpoint-every", \.checkpointEvery, 1...1 << 53, "agent steps between checkpoints").decidingNoBits(),
      .integer(
        "checkpoint-seconds", \.checkpointSeconds, 0...1 << 31,
        "seconds between checkpoints, more where they would cost over 2 % of the time; 0 for none by the clock"
      ).decidingNoBits(),
      .integer("metrics-every", \.metricsEvery, 1...1 << 53, "agent steps between lines of metrics.jsonl")
        .decidingNoBits(),
      .integer(
        "worker-restarts", \.recovery.most, 0...1_000_000,
        "failures per worker within ten minutes that are borne"
      ).decidingNoBits(),
      .real(
        "worker-timeout", \.gymnasium.timeout, .above(0, to: 86_400),
        "seconds that one Gymnasium environment may take to be made, reset or stepped"
      ).decidingNoBits(),
      .choice(
        "lost-task", \.recovery.afterwards, "after more failures: end the run, or quarantine the worker's environments"
      ).decidingNoBits(),
    ]
  }
}
