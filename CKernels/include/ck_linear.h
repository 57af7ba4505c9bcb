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

/// y[r] = table[index[r]].  y `[rows, width]`, table `[entries, width]`. Precondition: 0 <= index < entries.
void ck_embedding_forward(float *restrict y, const float *restrict table, const int *restrict index, size_t rows,
                          size_t width);

/// dtable[index[r]] += dy[r], in order of r.
void ck_embedding_backward(float *restrict dtable, const float *restrict dy, const int *restrict index, size_t rows,
                           size_t width);

#endif
