import Environments

extension Setting {
  /// What other libraries call settings, and options of training. Where algorithms differ, the first that there is.
  private static let synonyms: [String: [String]] = [
    "algo": ["algorithm"], "agent": ["algorithm"],
    "env": ["suite"], "env-id": ["suite"], "env-name": ["suite"], "environment": ["suite"], "task": ["tasks"],
    "env-args": ["env-arg"], "env-kwargs": ["env-arg"], "wrapper": ["wrap"], "wrappers": ["wrap"],
    "total-timesteps": ["steps"], "timesteps": ["steps"], "total-steps": ["steps"], "num-timesteps": ["steps"],
    "n-steps": ["unroll"], "num-steps": ["unroll"], "rollout-length": ["unroll"], "unroll-length": ["unroll"],
    "n-envs": ["environments-per-task"], "num-envs": ["environments-per-task"],
    "num-actors": ["environments-per-task"], "num-workers": ["threads"], "workers": ["threads"],
    "num-threads": ["threads"], "cores": ["threads"], "random-seed": ["seed"],
    "save-freq": ["checkpoint-every"], "save-every": ["checkpoint-every"], "checkpoint-freq": ["checkpoint-every"],
    "lr": ["learning-rate"], "alpha": ["learning-rate"], "step-size": ["learning-rate"], "gamma": ["discount"],
    "batch-size": ["batch", "environments-per-task"], "minibatch-size": ["batch", "environments-per-task"],
    "ent-coef": ["entropy-cost"], "entropy-coef": ["entropy-cost"], "vf-coef": ["baseline-cost"],
    "value-coef": ["baseline-cost"], "max-grad-norm": ["gradient-norm"], "grad-clip": ["gradient-norm"],
    "gae-lambda": ["lambda"], "reward-clipping": ["rewards"], "clip-rewards": ["rewards"],
    "rms-prop-eps": ["rmsprop-epsilon"], "eps": ["rmsprop-epsilon", "adam-epsilon"],
    "epsilon": ["rmsprop-epsilon", "adam-epsilon"],
    "anneal-lr": ["annealing"], "use-lstm": ["lstm"], "lstm-size": ["lstm"], "hidden-size": ["width", "lstm"],
    "net-arch": ["network"], "policy": ["network"], "model": ["network"], "hidden-dim": ["width", "lstm"],
    "num-layers": ["layers"], "buffer-size": ["replay"], "replay-size": ["replay"], "learning-starts": ["warm-up"],
    "start-steps": ["warm-up"], "gradient-steps": ["updates"], "tau": ["target-rate"], "polyak": ["target-rate"],
    "log-dir": ["out"], "logdir": ["out"], "save-dir": ["out"], "save-path": ["out"], "output": ["out"],
    "name": ["out"],
    "force": ["overwrite"], "continue": ["resume"], "load": ["resume"], "verbose": ["quiet"],
  ]

  /// The name among `names` that was probably meant: as another library calls it, or misspelt.
  public static func meant(by name: String, among names: [String]) -> String? {
    let plain = name.lowercased().replacing("_", with: "-")
    return synonyms[plain]?.first(where: names.contains) ?? nearest(to: plain, among: names)
  }
}
