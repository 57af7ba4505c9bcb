#include "ck_linear.h"

#include <string.h>

#include "ck_activation.h"
#include "ck_reduce.h"
#include "convolution.h"
#include "kernel_table.h"
#include "matrix.h"

// A convolution's blocks (`bodies/register_blocks.h`) multiply matrices, too, and copy neither: rows are windows of one
// line. BLAS copies both, which pays where w is too large for the cache and is read for many rows.
// One row is a matter of reading w once.
static int goes_in_blocks(size_t rows, size_t inputs, size_t outputs) {
  enum { FEW_ROWS = 64, CACHED_WEIGHTS = 1 << 18 };
  return ck_is_direct(outputs) && rows > 1 && (rows <= FEW_ROWS || inputs * outputs <= CACHED_WEIGHTS);
}

void ck_linear_forward(float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,
                       size_t rows, size_t inputs, size_t outputs) {
  if (goes_in_blocks(rows, inputs, outputs)) {
    const ck_windows windows = {.rows = 1, .columns = rows, .lines = 1, .length = inputs, .x_column = inputs,
                                .y_column = outputs, .w_row = outputs};
    ck_kernels()->convolve(y, x, w, &windows, &(ck_finish){.bias = b});
    return;
  }
  if (b) {
    for (size_t row = 0; row < rows; row++) memcpy(y + row * outputs, b, outputs * sizeof *y);
  } else {
    memset(y, 0, rows * outputs * sizeof *y);
  }
  add_product(y, x, w, rows, inputs, outputs);
}

void ck_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                        const float *restrict x, const float *restrict w, size_t rows, size_t inputs, size_t outputs) {
  if (dx) add_product_with_transpose(dx, dy, w, rows, inputs, outputs);
  if (dw) add_transpose_product(dw, x, dy, rows, inputs, outputs);
  if (db) ck_column_sum(db, dy, rows, outputs);
}

void ck_embedding_forward(float *restrict y, const float *restrict table, const int *restrict index, size_t rows,
                          size_t width) {
  for (size_t row = 0; row < rows; row++) {
    memcpy(y + row * width, table + (size_t)index[row] * width, width * sizeof *y);
  }
}

void ck_embedding_backward(float *restrict dtable, const float *restrict dy, const int *restrict index, size_t rows,
                           size_t width) {
  for (size_t row = 0; row < rows; row++) ck_accumulate(dtable + (size_t)index[row] * width, dy + row * width, width);
}
