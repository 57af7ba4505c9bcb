import Engine
import Environments
import Layers

extension SAC {
  public static let title = "SAC"
  public static let accepts = AcceptedSpaces([.vectors], [.box])
  public static let defaultSuite = "planar10"

  public static let presets = [
    Preset<Configuration>(
      "soft-modularization", "SAC with modules that are mixed anew for every state and task (Yang et al. 2020)"
    ) { ($0.network, $0.balance) = (.softModularization, .code) },
    Preset("sac", "SAC with one network per task (Haarnoja et al. 2018)") { $0.network = .separate },
    Preset("mt-sac", "SAC with one network that is told the task (Yu et al. 2019)") { $0.network = .mlp },
    Preset("mt-mh-sac", "SAC with one network and one head per task (Yu et al. 2019)") { $0.network = .multiHead },
    // As many parameters as the shallow soft modularization, on Meta-World's MT10.
    Preset("mlp-matched", "mt-mh-sac as large as soft modularization (McLean et al. 2025)") {
      ($0.network, $0.width) = (.multiHead, 556)
    },
    Preset("mixture-of-experts", "SAC with four networks and a gate (Yang et al. 2020)") {
      $0.network = .mixtureOfExperts
    },
    Preset(
      "hard-routing", "SAC with one module per layer and task, chosen by a controller (Rosenbaum et al. 2018)"
    ) { ($0.network, $0.routing) = (.hardRouting, .deep) },
  ]

  public static func adapt(_ configuration: inout Configuration, _ run: inout RunConfiguration, to suite: Suite.Traits)
  {
    (run.environmentsPerTask, run.unroll) = (1, 20)
    let chosen = configuration.trainingProtocol ?? (suite.publishedSteps == nil ? .small : .modern)
    configuration.trainingProtocol = chosen
    chosen.apply(to: &configuration, &run, suite)
  }

  /// Products of matrices are the better for many rows: the fewest shards of whole tasks that several threads can
  /// share, or one per task where their gradients are not just added.
  public static func shards(tasks: Int, environmentsPerTask _: Int, _ configuration: Configuration) -> Int {
    if configuration.replay.aggregation != .sum { return tasks }
    return (2...max(tasks, 2)).first { tasks.isMultiple(of: $0) } ?? 1
  }

  public static let settings: [Setting<Configuration>] =
    [
      .choice(
        "protocol", \.trainingProtocol, among: TrainingProtocol.allCases.map(\.rawValue),
        "which experiment's numbers are the defaults of the settings below"
      ) {
        $0?.rawValue ?? ""
      } parse: {
        TrainingProtocol(rawValue: $0).map(Optional.some)
      }.choosingDefaults(),
      .choice("network", \.network, "what policy and critics are made of"),
      .integer("width", \.width, 1...65_536, "units of a hidden layer"),
      .integer("layers", \.layers, 1...64, "hidden layers of a plain network")
        .read(by: [.mlp, .multiHead, .separate, .mixtureOfExperts]),
      .choice(
        "routing", \.routing.definition, "soft modularization: as the released code, or as the paper's equations"
      )
      .read(by: [.softModularization]),
      .integer("module-layers", \.routing.layers, 2...64, "L, layers of modules")
        .read(by: [.softModularization, .hardRouting]),
      .integer("modules", \.routing.modules, 1...1024, "n, modules of a layer")
        .read(by: [.softModularization, .hardRouting]),
      .integer("module-width", \.routing.width, 1...65_536, "d, units of a module")
        .read(by: [.softModularization, .hardRouting]),
      .integer("embedding", \.routing.embedding, 1...65_536, "D, size of the embeddings of state and task")
        .read(by: [.softModularization, .hardRouting]),
      .integer("routing-width", \.routing.routingWidth, 1...65_536, "units of the routing network's layers")
        .read(by: [.softModularization]),
      .flag("routing-by-state", \.routing.routesByState, "routing sees the state; otherwise the task alone decides")
        .read(by: [.softModularization]),
    ] + ReplayConfiguration.settings.map { $0.within(\.replay) } + [
      .choice("balance", \.balance, "how tasks are weighted by their temperatures"),
      .real(
        "log-probability-correction", \.correction, .from(0, below: 1),
        "added to 1 - tanh(u)^2; 0 for the form that needs none"),
    ]
}

extension Setting<SAC.Configuration> {
  /// The same setting, which only these networks read.
  fileprivate func read(by networks: [TaskNetworkKind]) -> Setting { read(with: "network", \.network, networks) }
}
