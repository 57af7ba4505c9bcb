/// Scans over time, vectorised over the batch: every array is `[T, B]`.
#ifndef CK_SCAN_H
#define CK_SCAN_H
#include <stddef.h>
#include <stdint.h>

/// Thresholds of V-trace. An infinite threshold means no clipping.
typedef struct {
  float rho_bar;      ///< limits rho in the temporal difference: which value function is learned
  float c_bar;        ///< limits the trace: how fast
  float pg_rho_bar;   ///< limits rho in the advantage
  float lambda;       ///< multiplies the trace
  int lambda_in_advantage;  ///< 0: A uses vs_{t+1} (SEED RL); 1: lambda vs_{t+1} + (1 - lambda) V_{t+1} (rlax). Same at lambda 1
} ck_vtrace_options;

/// V-trace (Espeholt et al. 2018, section 4.1) with explicit ends of episodes:
///   rho_t   = exp(log_rho_t), log_rho clamped to [-80, 80]
///   delta_t = min(rho_bar, rho_t) (r_t + discount_t V'_t - V_t)              V'_t = next_value_t
///   e_t     = delta_t + discount_t continues_t lambda min(c_bar, rho_t) e_{t+1},   e_T = 0
///   vs_t    = V_t + e_t
///   A_t     = min(pg_rho_bar, rho_t) (r_t + discount_t q_t - V_t),
///             q_t = vs_{t+1} where continues_t and t < T - 1, else V'_t
/// `discount` is gamma, and 0 only at termination; `continues` is 0 at any end of an episode (the trace is cut, and
/// next_value holds V(final) where it was truncated); `valid` 0 makes vs = V and A = 0 and cuts the trace into it.
/// Outputs vs, advantage; all `[T, B]` float except continues, valid (bytes).
void ck_vtrace(float *restrict vs, float *restrict advantage, const float *restrict log_rho,
               const float *restrict reward, const float *restrict discount, const uint8_t *restrict continues,
               const float *restrict value, const float *restrict next_value, const uint8_t *restrict valid,
               size_t steps, size_t batch, ck_vtrace_options options);

/// Generalised advantage estimation (Schulman et al. 2016), same conventions:
///   delta_t = r_t + discount_t V'_t - V_t;  A_t = delta_t + discount_t continues_t lambda A_{t+1}
void ck_gae(float *restrict advantage, const float *restrict reward, const float *restrict discount,
            const uint8_t *restrict continues, const float *restrict value, const float *restrict next_value,
            size_t steps, size_t batch, float lambda);

/// Bellman return to the end of the unroll: G_t = r_t + discount_t (continues_t and t < T - 1 ? G_{t+1} : V'_t).
void ck_n_step_return(float *restrict g, const float *restrict reward, const float *restrict discount,
                      const uint8_t *restrict continues, const float *restrict next_value, size_t steps, size_t batch);

#endif
