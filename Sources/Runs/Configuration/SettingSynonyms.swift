/// What other libraries call settings, and options of commands.
public enum SettingSynonyms {
  /// Where algorithms differ, the first that there is.
  private static let synonyms: [String: [String]] = [
    "algo": ["algorithm"], "agent": ["algorithm"],
    "env": ["suite"], "env-id": ["suite"], "env-name": ["suite"], "environment": ["suite"], "task": ["tasks"],
    "tasks": ["task"],
    "env-args": ["env-arg"], "env-kwargs": ["env-arg"], "wrapper": ["wrap"], "wrappers": ["wrap"],
    "frame-stack": ["wrap"], "framestack": ["wrap"],
    "total-timesteps": ["steps"], "timesteps": ["steps"], "total-steps": ["steps"], "num-timesteps": ["steps"],
    "n-steps": ["unroll"], "num-steps": ["unroll"], "rollout-length": ["unroll"], "unroll-length": ["unroll"],
    "n-envs": ["environments-per-task"], "nenvs": ["environments-per-task"], "num-envs": ["environments-per-task"],
    "num-actors": ["environments-per-task"], "num-workers": ["threads"], "workers": ["threads"],
    "num-threads": ["threads"], "cores": ["threads"], "random-seed": ["seed"],
    "save-freq": ["checkpoint-every"], "save-every": ["checkpoint-every"], "checkpoint-freq": ["checkpoint-every"],
    "lr": ["learning-rate"], "step-size": ["learning-rate"], "gamma": ["discount"],
    "batch-size": ["batch"], "minibatch-size": ["batch"],
    "ent-coef": ["entropy-cost"], "entropy-coef": ["entropy-cost"], "vf-coef": ["baseline-cost"],
    "value-coef": ["baseline-cost"], "max-grad-norm": ["gradient-norm"], "grad-clip": ["gradient-norm"],
    "gae-lambda": ["lambda"], "reward-clipping": ["rewards"], "clip-rewards": ["rewards"],
    "rms-prop-eps": ["rmsprop-epsilon"], "eps": ["rmsprop-epsilon", "adam-epsilon"],
    "epsilon": ["rmsprop-epsilon", "adam-epsilon"],
    "anneal-lr": ["annealing"], "use-lstm": ["lstm"], "lstm-size": ["lstm"], "hidden-size": ["width"],
    "net-arch": ["network"], "policy": ["network"], "model": ["network"], "hidden-dim": ["width"],
    "num-layers": ["layers"], "buffer-size": ["replay"], "replay-size": ["replay"], "learning-starts": ["warm-up"],
    "start-steps": ["warm-up"], "gradient-steps": ["updates"], "tau": ["target-rate"], "polyak": ["target-rate"],
    "log-dir": ["out"], "logdir": ["out"], "save-dir": ["out"], "save-path": ["out"], "output": ["out"],
    "dir": ["out"], "name": ["out"],
    "force": ["overwrite"], "continue": ["resume"], "load": ["resume"], "resume-from": ["resume"],
    "num-episodes": ["episodes"], "n-episodes": ["episodes"], "n-eval-episodes": ["episodes"],
    "deterministic": ["greedy"],
  ]

  /// What `name`, as another library has it, is called among `names`.
  public static func meaning(of name: String, among names: [String]) -> String? {
    synonyms[name.lowercased().replacing("_", with: "-")]?.first(where: names.contains)
  }
}
