/// Dense layers over OpenBLAS.
#ifndef CK_LINEAR_H
#define CK_LINEAR_H
#include <stddef.h>

/// y = x w + b.  y `[rows, outputs]`, x `[rows, inputs]`, w `[inputs, outputs]`, b `[outputs]` or NULL.
/// Up to three rows run as sgemv, one row at a time: sgemm wastes most of its time there.
void ck_linear_forward(float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,
                       size_t rows, size_t inputs, size_t outputs);

/// dx += dy w', dw += x' dy, db += column sums of dy.  Any of dx, dw, db may be NULL.
void ck_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                        const float *restrict x, const float *restrict w, size_t rows, size_t inputs, size_t outputs);

/// y = max(x w + b, 0), shapes as above.
void ck_dense_relu_forward(float *restrict y, const float *restrict x, const float *restrict w,
                           const float *restrict b, size_t rows, size_t inputs, size_t outputs);

/// The backward pass of that layer: dy becomes dy where y > 0 and zero elsewhere, **in place**, and then goes on as in
/// `ck_linear_backward`. Any of dx, dw, db may be NULL.
void ck_dense_relu_backward(float *restrict dx, float *restrict dw, float *restrict db, float *restrict dy,
                            const float *restrict y, const float *restrict x, const float *restrict w, size_t rows,
                            size_t inputs, size_t outputs);

/// y[r] = x[r] w[task[r]] + b[task[r]], or max(that, 0) with `relu`: a layer of its own for every task.
///
/// y `[rows, outputs]`, x `[rows, inputs]`, w `[tasks, inputs, outputs]`, b `[tasks, outputs]`, 0 <= task < tasks. Rows of
/// a task that stand together are one product; a product's bits depend on how many they are.
void ck_task_linear_forward(float *restrict y, const float *restrict x, const float *restrict w,
                            const float *restrict b, const int *restrict task, int relu, size_t rows, size_t inputs,
                            size_t outputs);

/// dx[r] += dy[r] w[task[r]]', dw[task[r]] += x[r]' dy[r], db[task[r]] += dy[r]; any may be NULL, and what belongs to tasks
/// that have no row is not touched. y is read with `relu` only, and dy then masked in place, as above.
void ck_task_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, float *restrict dy,
                             const float *restrict y, const float *restrict x, const float *restrict w,
                             const int *restrict task, int relu, size_t rows, size_t inputs, size_t outputs);

/// y[r] = table[index[r]].  y `[rows, width]`, table `[entries, width]`. Precondition: 0 <= index < entries.
void ck_embedding_forward(float *restrict y, const float *restrict table, const int *restrict index, size_t rows,
                          size_t width);

/// dtable[index[r]] += dy[r], in order of r.
void ck_embedding_backward(float *restrict dtable, const float *restrict dy, const int *restrict index, size_t rows,
                           size_t width);

/// y[r] = x[r] * table[index[r]], number by number, followed by max(y, 0) where `relu` is not 0. Shapes as above, x like
/// y.
void ck_embedding_multiply_forward(float *restrict y, const float *restrict x, const float *restrict table,
                                   const int *restrict index, int relu, size_t rows, size_t width);

/// dx[r] += dy[r] * table[index[r]], dtable[index[r]] += dy[r] * x[r], in order of r.  dx or dtable may be NULL. y is the
/// result of forward with `relu`, and dy counts where y > 0; NULL without.
void ck_embedding_multiply_backward(float *restrict dx, float *restrict dtable, const float *restrict dy,
                                    const float *restrict y, const float *restrict x, const float *restrict table,
                                    const int *restrict index, size_t rows, size_t width);

#endif
