/// Categorical distributions over masked actions.
///
/// `mask` is `[rows, actions]` bytes, 1 where an action may be taken, or NULL for all. A masked action has log-probability
/// -infinity, probability 0 and gradient 0. Precondition: every row allows at least one action.
#ifndef CK_SOFTMAX_H
#define CK_SOFTMAX_H
#include <stddef.h>
#include <stdint.h>

/// p = softmax(x) over allowed actions.  p, x `[rows, actions]`.
void ck_softmax_forward(float *restrict p, const float *restrict x, const uint8_t *restrict mask, size_t rows,
                        size_t actions);

/// dx += p (dp - sum(dp p)).
void ck_softmax_backward(float *restrict dx, const float *restrict dp, const float *restrict p, size_t rows,
                         size_t actions);

/// log_p = x - log(sum(exp(x))) over allowed actions.
void ck_log_softmax_forward(float *restrict log_p, const float *restrict x, const uint8_t *restrict mask, size_t rows,
                            size_t actions);

/// dx += dlog_p - exp(log_p) sum(dlog_p), sums over allowed actions.
void ck_log_softmax_backward(float *restrict dx, const float *restrict dlog_p, const float *restrict log_p, size_t rows,
                             size_t actions);

/// y[r] = log_p[r, action[r]].  Precondition: 0 <= action < actions.
void ck_select_forward(float *restrict y, const float *restrict log_p, const int *restrict action, size_t rows,
                       size_t actions);

/// dlog_p[r, action[r]] += dy[r].
void ck_select_backward(float *restrict dlog_p, const float *restrict dy, const int *restrict action, size_t rows,
                        size_t actions);

/// h[r] = -sum(p log p), `[rows]`.
void ck_entropy_forward(float *restrict h, const float *restrict log_p, size_t rows, size_t actions);

/// dlog_p += -dh p (log p + 1); 0 for masked actions.
void ck_entropy_backward(float *restrict dlog_p, const float *restrict dh, const float *restrict log_p, size_t rows,
                         size_t actions);

/// action[r] = the smallest a with sum_{j <= a} p_j > u[r] * sum(p), u in [0, 1); never a masked action.
void ck_categorical_sample(int *restrict action, const float *restrict log_p, const float *restrict u, size_t rows,
                           size_t actions);

/// action[r] = the first a of the largest log_p.
void ck_categorical_argmax(int *restrict action, const float *restrict log_p, size_t rows, size_t actions);

#endif
