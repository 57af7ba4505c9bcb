/// Row-major matrix products over OpenBLAS, all of them adding to their result: outputs are filled beforehand, so that
/// no product depends on what BLAS does with NaN in dirty memory under beta = 0.
#ifndef CK_MATRIX_H
#define CK_MATRIX_H
#include <cblas.h>
#include <stddef.h>

/// Up to this many rows, one sgemv a row is faster than sgemm, which copies both operands first.
enum { CK_VECTOR_ROWS = 3 };

/// y += x w.  y `[rows, outputs]`, x `[rows, inputs]`, w `[inputs, outputs]`
static inline void add_product(float *restrict y, const float *restrict x, const float *restrict w, size_t rows,
                               size_t inputs, size_t outputs) {
  const blasint m = (blasint)rows, k = (blasint)inputs, n = (blasint)outputs;
  if (m == 0 || k == 0 || n == 0) return;
  if (m > CK_VECTOR_ROWS) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, x, k, w, n, 1, y, n);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, w, n, x + row * inputs, 1, 1, y + row * outputs, 1);
  }
}

/// dx += dy w'.
static inline void add_product_with_transpose(float *restrict dx, const float *restrict dy, const float *restrict w,
                                              size_t rows, size_t inputs, size_t outputs) {
  const blasint m = (blasint)rows, k = (blasint)inputs, n = (blasint)outputs;
  if (m == 0 || k == 0 || n == 0) return;
  if (m > CK_VECTOR_ROWS) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, n, 1, dy, n, w, n, 1, dx, k);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    cblas_sgemv(CblasRowMajor, CblasNoTrans, k, n, 1, w, n, dy + row * outputs, 1, 1, dx + row * inputs, 1);
  }
}

/// dw += x' dy.
static inline void add_transpose_product(float *restrict dw, const float *restrict x, const float *restrict dy,
                                         size_t rows, size_t inputs, size_t outputs) {
  const blasint m = (blasint)rows, k = (blasint)inputs, n = (blasint)outputs;
  if (m == 0 || k == 0 || n == 0) return;
  if (m > CK_VECTOR_ROWS) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1, x, k, dy, n, 1, dw, n);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    cblas_sger(CblasRowMajor, k, n, 1, x + row * inputs, 1, dy + row * outputs, 1, dw, n);
  }
}

#endif
