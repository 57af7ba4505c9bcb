/// Row-major matrix products over OpenBLAS, all of them adding to their result: outputs are filled beforehand, so that
/// no product depends on what BLAS does with NaN in dirty memory under beta = 0.
#ifndef CK_MATRIX_H
#define CK_MATRIX_H
#include <cblas.h>
#include <stddef.h>

/// Up to this many rows, one sgemv a row is faster than sgemm, which copies both operands first.
enum { CK_VECTOR_ROWS = 3 };

/// y += x w.  y `[rows, outputs]`, x `[rows, inputs]`, w `[inputs, outputs]`. Rows of y begin `y_row` floats apart,
/// rows of x `x_row`.
static inline void add_product_of_rows(float *restrict y, size_t y_row, const float *restrict x, size_t x_row,
                                       const float *restrict w, size_t rows, size_t inputs, size_t outputs) {
  const blasint m = (blasint)rows, k = (blasint)inputs, n = (blasint)outputs;
  if (m == 0 || k == 0 || n == 0) return;
  if (m > CK_VECTOR_ROWS) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, x, (blasint)x_row, w, n, 1, y, (blasint)y_row);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, w, n, x + row * x_row, 1, 1, y + row * y_row, 1);
  }
}

/// dx += dy w'.
static inline void add_product_of_rows_with_transpose(float *restrict dx, size_t x_row, const float *restrict dy,
                                                      size_t y_row, const float *restrict w, size_t rows,
                                                      size_t inputs, size_t outputs) {
  const blasint m = (blasint)rows, k = (blasint)inputs, n = (blasint)outputs;
  if (m == 0 || k == 0 || n == 0) return;
  if (m > CK_VECTOR_ROWS) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, n, 1, dy, (blasint)y_row, w, n, 1, dx, (blasint)x_row);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    cblas_sgemv(CblasRowMajor, CblasNoTrans, k, n, 1, w, n, dy + row * y_row, 1, 1, dx + row * x_row, 1);
  }
}

/// dw += x' dy.
static inline void add_transpose_product_of_rows(float *restrict dw, const float *restrict x, size_t x_row,
                                                 const float *restrict dy, size_t y_row, size_t rows, size_t inputs,
                                                 size_t outputs) {
  const blasint m = (blasint)rows, k = (blasint)inputs, n = (blasint)outputs;
  if (m == 0 || k == 0 || n == 0) return;
  if (m > CK_VECTOR_ROWS) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1, x, (blasint)x_row, dy, (blasint)y_row, 1, dw, n);
    return;
  }
  for (size_t row = 0; row < rows; row++) {
    cblas_sger(CblasRowMajor, k, n, 1, x + row * x_row, 1, dy + row * y_row, 1, dw, n);
  }
}

/// The same where rows follow one another without a gap.
static inline void add_product(float *restrict y, const float *restrict x, const float *restrict w, size_t rows,
                               size_t inputs, size_t outputs) {
  add_product_of_rows(y, outputs, x, inputs, w, rows, inputs, outputs);
}

static inline void add_product_with_transpose(float *restrict dx, const float *restrict dy, const float *restrict w,
                                              size_t rows, size_t inputs, size_t outputs) {
  add_product_of_rows_with_transpose(dx, inputs, dy, outputs, w, rows, inputs, outputs);
}

static inline void add_transpose_product(float *restrict dw, const float *restrict x, const float *restrict dy,
                                         size_t rows, size_t inputs, size_t outputs) {
  add_transpose_product_of_rows(dw, x, inputs, dy, outputs, rows, inputs, outputs);
}

#endif
