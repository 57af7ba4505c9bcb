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
