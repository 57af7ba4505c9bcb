import CKernels

/// Off-policy value targets and advantages (Espeholt et al. 2018, section 4.1). Pure functions of arrays, time-major
/// `[T, B]`; no gradient flows through what they return. Equations and conventions: `ck_scan.h`.
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
  ///   - vs: Receives the value targets, `[T, B]`.
  ///   - advantage: Receives the policy-gradient advantages, `[T, B]`.
  ///   - logRho: log pi(a_t|x_t) - log mu(a_t|x_t).
  ///   - reward: r_t, what followed a_t, in the units of `value`.
  ///   - discount: gamma, and 0 only where the episode terminated.
  ///   - continues: 0 at any end of an episode: nothing is traced across it.
  ///   - value: V(x_t).
  ///   - nextValue: V(x_{t+1}); V(final observation) where the episode was truncated.
  ///   - valid: 0 removes a step: vs = V and A = 0 there.
  public func callAsFunction(
    vs: UnsafeMutablePointer<Float>, advantage: UnsafeMutablePointer<Float>, logRho: UnsafePointer<Float>,
    reward: UnsafePointer<Float>, discount: UnsafePointer<Float>, continues: UnsafePointer<UInt8>,
    value: UnsafePointer<Float>, nextValue: UnsafePointer<Float>, valid: UnsafePointer<UInt8>, steps: Int, batch: Int
  ) {
    precondition(steps >= 1 && batch >= 1, "V-trace needs at least one step and one column")
    ck_vtrace(
      vs, advantage, logRho, reward, discount, continues, value, nextValue, valid, steps, batch,
      ck_vtrace_options(
        rho_bar: rhoBar, c_bar: cBar, pg_rho_bar: policyGradientRhoBar, lambda: lambda,
        lambda_in_advantage: lambdaConvention == .mixed ? 1 : 0))
  }
}

/// On-policy relatives of V-trace, with the same arrays; V-trace's checks use them.
public enum OnPolicyReturns {
  /// Bellman return to the end of the unroll: G_t = r_t + discount_t (continues_t ? G_{t+1} : V'_t), V' after the last
  /// step.
  public static func nStep(
    into returns: UnsafeMutablePointer<Float>, reward: UnsafePointer<Float>, discount: UnsafePointer<Float>,
    continues: UnsafePointer<UInt8>, nextValue: UnsafePointer<Float>, steps: Int, batch: Int
  ) {
    ck_n_step_return(returns, reward, discount, continues, nextValue, steps, batch)
  }

  /// Generalised advantage estimation (Schulman et al. 2016, eq. 16).
  public static func generalizedAdvantage(
    into advantage: UnsafeMutablePointer<Float>, reward: UnsafePointer<Float>, discount: UnsafePointer<Float>,
    continues: UnsafePointer<UInt8>, value: UnsafePointer<Float>, nextValue: UnsafePointer<Float>, steps: Int,
    batch: Int, lambda: Float
  ) {
    ck_gae(advantage, reward, discount, continues, value, nextValue, steps, batch, lambda)
  }
}
