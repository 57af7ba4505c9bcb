/// Reductions. Sixteen accumulators in a fixed order, so the bits are the same at every kernel level without FMA contraction.
#ifndef CK_REDUCE_H
#define CK_REDUCE_H
#include <stddef.h>

/// Sum of x, accumulated in double.
double ck_sum(const float *x, size_t n);

/// Sum of squares of x, accumulated in double.
double ck_sum_squares(const float *x, size_t n);

/// Sum of x y, accumulated in double.
double ck_dot(const float *x, const float *y, size_t n);

/// Largest |x|; NaN if any element is NaN; 0 for n = 0.
float ck_max_abs(const float *x, size_t n);

/// The number of elements that are NaN or infinite.
size_t ck_count_nonfinite(const float *x, size_t n);

/// y[j] += sum over rows of x[row, j].  y `[columns]`, x `[rows, columns]`; rows are added in order.
void ck_column_sum(float *restrict y, const float *restrict x, size_t rows, size_t columns);

/// y = the sum of `count` blocks of n floats by the fixed tree
///   sum[lo, hi) = sum[lo, mid) + sum[mid, hi),  mid = lo + (hi - lo) / 2.
/// y may be blocks[0]. Depends on `count` only, never on who computed the blocks. Precondition: 1 <= count <= 4096.
void ck_tree_sum(float *y, const float *const *blocks, size_t count, size_t n);

#endif
