#include "layer.h"

#include <string.h>

#include "ck_activation.h"
#include "convolution.h"
#include "kernel_table.h"
#include "matrix.h"

// A convolution's blocks (`bodies/register_blocks.h`) multiply matrices, too, and copy neither: rows are windows of one
// line. BLAS copies both, which pays where w is too large for the cache and is read for many rows.
// One row is a matter of reading w once.
static int goes_in_blocks(size_t rows, size_t inputs, size_t outputs) {
  enum { FEW_ROWS = 64, CACHED_WEIGHTS = 1 << 18, LEAST_OUTPUTS = 16 };
  return outputs >= LEAST_OUTPUTS && rows > 1 && (rows <= FEW_ROWS || inputs * outputs <= CACHED_WEIGHTS);
}

void ck_layer_forward(float *restrict y, size_t y_row, const float *restrict x, size_t x_row, const float *restrict w,
                      const float *restrict b, int relu, size_t rows, size_t inputs, size_t outputs) {
  if (goes_in_blocks(rows, inputs, outputs)) {
    // Every block of columns reads all rows anew: so many of them that they stay in the cache, a multiple of a block's.
    enum { CACHED_ROWS = 168 };
    for (size_t row = 0; row < rows; row += CACHED_ROWS) {
      const ck_windows windows = {.rows = 1, .columns = rows - row < CACHED_ROWS ? rows - row : CACHED_ROWS, .lines = 1,
                                  .length = inputs, .x_column = x_row, .y_column = y_row, .w_row = outputs};
      ck_kernels()->convolve(y + row * y_row, x + row * x_row, w, &windows, &(ck_finish){.bias = b, .relu = relu});
    }
    return;
  }
  // Where beta is 0, OpenBLAS clears y in a pass of its own; filling y with the bias costs the same.
  for (size_t row = 0; row < rows; row++) {
    if (b) {
      memcpy(y + row * y_row, b, outputs * sizeof *y);
    } else {
      memset(y + row * y_row, 0, outputs * sizeof *y);
    }
  }
  add_product_of_rows(y, y_row, x, x_row, w, rows, inputs, outputs);
  if (!relu) return;
  for (size_t row = 0; row < rows; row++) ck_relu_forward(y + row * y_row, y + row * y_row, outputs);
}
