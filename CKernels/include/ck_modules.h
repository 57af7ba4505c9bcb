/// Networks made of modules: layers of several small networks side by side, whose outputs are mixed by learned weights.
/// Soft modularization (Yang et al. 2020, arXiv 2003.13661) and mixtures of experts.
#ifndef CK_MODULES_H
#define CK_MODULES_H
#include <stddef.h>

/// m[r, i] = sum_j p[r, i, j] y[r, j], followed by max(m, 0) where `relu` is not 0 (Yang et al., eq. 8).
/// m `[rows, targets, width]`, p `[rows, targets, sources]`, y `[rows, sources, width]`.
void ck_mix_forward(float *restrict m, const float *restrict p, const float *restrict y, size_t rows, size_t targets,
                    size_t sources, size_t width, int relu);

/// dp[r, i, j] += <dm[r, i], y[r, j]>, dy[r, j] += sum_i p[r, i, j] dm[r, i].  dp or dy may be NULL. m is the result of
/// forward with `relu`, and dm counts where m > 0; NULL without.
void ck_mix_backward(float *restrict dp, float *restrict dy, const float *restrict dm, const float *restrict m,
                     const float *restrict p, const float *restrict y, size_t rows, size_t targets, size_t sources,
                     size_t width);

/// y[r, g] = x[r, g] w[g] + b[g].
/// y `[rows, groups, outputs]`, x `[rows, groups, inputs]`, w `[groups, inputs, outputs]`, b `[groups, outputs]`.
void ck_grouped_linear_forward(float *restrict y, const float *restrict x, const float *restrict w,
                               const float *restrict b, size_t rows, size_t groups, size_t inputs, size_t outputs);

/// dx[r, g] += dy[r, g] w[g]', dw[g] += sum_r x[r, g]' dy[r, g], db[g] += sum_r dy[r, g].  Any of them may be NULL.
void ck_grouped_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                                const float *restrict x, const float *restrict w, size_t rows, size_t groups,
                                size_t inputs, size_t outputs);

#endif
