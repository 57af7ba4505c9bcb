import CKernels

/// Off-policy value targets and advantages (Espeholt et al. 2018, section 4.1). No gradient flows through them.
///
///     rho_t     = min(rhoBar, pi(a_t|x_t) / mu(a_t|x_t)),  c_t = lambda min(cBar, pi(a_t|x_t) / mu(a_t|x_t))
///     delta_t V = rho_t (r_t + gamma_t V(x_{t+1}) - V(x_t))
///     vs_t      = V(x_t) + delta_t V + gamma_t c_t (vs_{t+1} - V(x_{t+1}))
///     A_t       = min(policyGradientRhoBar, pi / mu) (r_t + gamma_t vs_{t+1} - V(x_t))
///
/// Beyond the paper: V(x_{t+1}) is V of an episode's last observation where the episode was truncated, gamma_t is 0
/// where it terminated, and at either end, as after the last step, vs_{t+1} is V(x_{t+1}), so that nothing is traced
/// across it. A step that isn't valid has vs = V and A = 0. The kernel's conventions: `ck_scan.h`.
public struct VTrace: Hashable, Sendable {
  /// How lambda enters the advantage; the same at lambda = 1.
  public enum LambdaConvention: String, CaseIterable, Sendable {
    /// A uses vs_{t+1} (SEED RL).
    case targets
    /// A uses lambda vs_{t+1} + (1 - lambda) V_{t+1} (rlax).
    case mixed
  }

  /// Limit of the importance ratio in the temporal difference: which value function is learned. Infinite for none.
  public var rhoBar: Float = 1
  /// Limit of the importance ratio in the trace: how fast. Theory assumes `rhoBar >= cBar`.
  public var cBar: Float = 1
  /// Limit of the importance ratio in the advantage.
  public var policyGradientRhoBar: Float = 1
  /// Factor of the trace, in [0, 1].
  public var lambda: Float = 1
  public var lambdaConvention = LambdaConvention.targets

  public init() {}

  /// Computes targets and advantages.
  ///
  /// - Parameters:
  ///   - vs: Receives the value targets.
  ///   - advantage: Receives the policy-gradient advantages.
  ///   - logRho: log pi(a_t|x_t) - log mu(a_t|x_t).
  ///   - reward: r_t, what followed a_t, in the units of `value`.
  ///   - discount: gamma_t: gamma, and 0 only where the episode terminated.
  ///   - continues: 0 at any end of an episode: nothing is traced across it.
  ///   - value: V(x_t).
  ///   - nextValue: V(x_{t+1}); V(final observation) where the episode was truncated.
  ///   - valid: 0 removes a step: vs = V and A = 0 there.
  /// - Precondition: All arrays have the shape of `vs`.
  public func callAsFunction(
    vs: TimeMajor<Float>, advantage: TimeMajor<Float>, logRho: TimeMajor<Float>, reward: TimeMajor<Float>,
    discount: TimeMajor<Float>, continues: TimeMajor<UInt8>, value: TimeMajor<Float>, nextValue: TimeMajor<Float>,
    valid: TimeMajor<UInt8>
  ) {
    advantage.requireShape(of: vs, "advantage")
    logRho.requireShape(of: vs, "logRho")
    requireTransitions(vs, reward, discount, continues, nextValue)
    value.requireShape(of: vs, "value")
    valid.requireShape(of: vs, "valid")
    ck_vtrace(
      vs.start, advantage.start, logRho.start, reward.start, discount.start, continues.start, value.start,
      nextValue.start, valid.start, vs.steps, vs.columns,
      ck_vtrace_options(
        rho_bar: rhoBar, c_bar: cBar, pg_rho_bar: policyGradientRhoBar, lambda: lambda,
        lambda_in_advantage: lambdaConvention == .mixed ? 1 : 0))
  }
}

/// On-policy relatives of V-trace, with the same arrays; V-trace's checks use them.
public enum OnPolicyReturns {
  /// Bellman return to the end of the unroll: G_t = r_t + gamma_t (continues_t ? G_{t+1} : V(x_{t+1})), and V after the
  /// last step.
  public static func nStep(
    into returns: TimeMajor<Float>, reward: TimeMajor<Float>, discount: TimeMajor<Float>,
    continues: TimeMajor<UInt8>, nextValue: TimeMajor<Float>
  ) {
    requireTransitions(returns, reward, discount, continues, nextValue)
    ck_n_step_return(
      returns.start, reward.start, discount.start, continues.start, nextValue.start, returns.steps, returns.columns)
  }

  /// Generalised advantage estimation (Schulman et al. 2016, eq. 16):
  /// delta_t = r_t + gamma_t V(x_{t+1}) - V(x_t), A_t = delta_t + gamma_t continues_t lambda A_{t+1}.
  public static func generalizedAdvantage(
    into advantage: TimeMajor<Float>, reward: TimeMajor<Float>, discount: TimeMajor<Float>,
    continues: TimeMajor<UInt8>, value: TimeMajor<Float>, nextValue: TimeMajor<Float>, lambda: Float
  ) {
    requireTransitions(advantage, reward, discount, continues, nextValue)
    value.requireShape(of: advantage, "value")
    ck_gae(
      advantage.start, reward.start, discount.start, continues.start, value.start, nextValue.start, advantage.steps,
      advantage.columns, lambda)
  }
}

/// Traps where what followed the actions has another shape than the result.
private func requireTransitions(
  _ result: TimeMajor<Float>, _ reward: TimeMajor<Float>, _ discount: TimeMajor<Float>,
  _ continues: TimeMajor<UInt8>, _ nextValue: TimeMajor<Float>
) {
  reward.requireShape(of: result, "reward")
  discount.requireShape(of: result, "discount")
  continues.requireShape(of: result, "continues")
  nextValue.requireShape(of: result, "nextValue")
}
