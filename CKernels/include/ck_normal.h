/// Squashed normal distributions over actions in (-1, 1): a = tanh(u), u ~ N(mu, sigma^2), independent in every dimension
/// (Haarnoja et al. 2018, appendix C).
///
/// A row of x, `[rows, 2 dims]`, holds `dims` means and then `dims` logarithms of deviations, which count as
/// min(max(x, low), high) and have no gradient beyond. `mask` is `[rows, dims]` bytes, 1 where a row has the dimension, or NULL
/// for all: others have u = 0, add nothing, and get no gradient. Actions are kept as u: tanh(u) may round to 1.
#ifndef CK_NORMAL_H
#define CK_NORMAL_H
#include <stddef.h>
#include <stdint.h>

/// Bounds of log sigma.
typedef struct {
  float low, high;
} ck_normal_bounds;

/// u = mu + sigma z, `[rows, dims]`. z are standard normal numbers, or NULL for the mean itself.
void ck_squashed_normal_sample(float *restrict u, const float *restrict x, const float *restrict z,
                               const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds);

/// log p(tanh(u)) = sum_d -(u - mu)^2 / (2 sigma^2) - log sigma - log(2 pi) / 2 - log(1 - tanh(u)^2), `[rows]`.
void ck_squashed_normal_log_p_forward(float *restrict log_p, const float *restrict x, const float *restrict u,
                                      const uint8_t *restrict mask, size_t rows, size_t dims, ck_normal_bounds bounds);

/// dx += dlog_p d log p / dx, for constant u:  (u - mu) / sigma^2  and  (u - mu)^2 / sigma^2 - 1.
void ck_squashed_normal_log_p_backward(float *restrict dx, const float *restrict dlog_p, const float *restrict x,
                                       const float *restrict u, const uint8_t *restrict mask, size_t rows,
                                       size_t dims, ck_normal_bounds bounds);

/// The reparameterised action a = tanh(u), u = mu + sigma z, `[rows, dims]`, and its log p, `[rows]`, both functions of x:
///   log p = sum_d -z^2 / 2 - log sigma - log(2 pi) / 2 - log(1 - a^2 + correction)
/// (Haarnoja et al. 2018, equation 21; their code adds a correction of 1e-6). The slope 1 - a^2 is computed from u, so
/// that it is right where a rounds to 1; with a correction of 0 its logarithm is, too. A masked action is 0.
void ck_squashed_normal_action_forward(float *restrict action, float *restrict log_p, const float *restrict x,
                                       const float *restrict z, const uint8_t *restrict mask, size_t rows,
                                       size_t dims, ck_normal_bounds bounds, float correction);

/// dx += daction da/dx + dlog_p d log p / dx, for constant z. daction or dlog_p may be NULL.
void ck_squashed_normal_action_backward(float *restrict dx, const float *restrict daction,
                                        const float *restrict dlog_p, const float *restrict x,
                                        const float *restrict z, const uint8_t *restrict mask, size_t rows,
                                        size_t dims, ck_normal_bounds bounds, float correction);

/// h = sum_d (1 + log(2 pi)) / 2 + log sigma + E log(1 - tanh(mu + sigma z)^2), `[rows]`.
///
/// The expectation is a Gauss-Hermite sum of 16 terms, off by less than 2e-5 where sigma <= 1 and by 0.015 at sigma = e.
void ck_squashed_normal_entropy_forward(float *restrict h, const float *restrict x, const uint8_t *restrict mask,
                                        size_t rows, size_t dims, ck_normal_bounds bounds);

/// dx += dh dh/dx, exactly for that sum.
void ck_squashed_normal_entropy_backward(float *restrict dx, const float *restrict dh, const float *restrict x,
                                         const uint8_t *restrict mask, size_t rows, size_t dims,
                                         ck_normal_bounds bounds);

#endif
