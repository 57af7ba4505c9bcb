/// Per-task linear heads, and the rescaling that PopArt does to them.
#ifndef CK_HEADS_H
#define CK_HEADS_H
#include <stddef.h>

/// y[r] = w[task[r]] . x[r] + b[task[r]].  y `[rows]`, x `[rows, inputs]`, w `[tasks, inputs]` (a row a task, so that a
/// task's head is one block), b `[tasks]`. Precondition: 0 <= task < tasks. This is `ck_task_linear` with one output, row by
/// row: several times faster where rows of several tasks alternate, about as fast where rows of a task stand together.
void ck_task_head_forward(float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,
                          const int *restrict task, size_t rows, size_t inputs);

/// dx[r] += dy[r] w[task[r]], dw[task[r]] += dy[r] x[r], db[task[r]] += dy[r], in order of r. Any of dx, dw, db may be
/// NULL.
void ck_task_head_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                           const float *restrict x, const float *restrict w, const int *restrict task, size_t rows,
                           size_t inputs);

/// Keeps sigma (w . x + b) + mu unchanged for every x when the statistics move (Hessel et al. 2018, section 3.1):
///   w <- w sigma / sigma',   b <- (sigma b + mu - mu') / sigma'
/// for one task's w `[inputs]` and b `[1]`. The arithmetic is in double; results are rounded once.
void ck_popart_rescale(float *restrict w, float *restrict b, double mu, double sigma, double new_mu, double new_sigma,
                       size_t inputs);

#endif
