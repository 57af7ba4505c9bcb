#include "block_product.h"

#include <string.h>

#include "convolution.h"
#include "kernel_table.h"

enum {
  FEW_ROWS = 64,
  CACHED_WEIGHTS = 1 << 18,
  PANEL_COLUMNS = 32,
  PANEL_INPUTS = 1024,
  CACHED_ROWS = 1 << 17,  // floats, half of a second cache of a megabyte
};

int ck_goes_in_blocks(size_t rows, size_t inputs, size_t outputs) {
  return ck_is_direct(outputs) && rows > 1 && (rows <= FEW_ROWS || inputs * outputs <= CACHED_WEIGHTS);
}

static void product(float *restrict y, size_t y_row, const float *restrict x, size_t x_row, const float *restrict w,
                    size_t w_row, const float *restrict b, int relu, size_t rows, size_t inputs) {
  const ck_windows windows = {.rows = 1, .columns = rows, .lines = 1, .length = inputs, .x_column = x_row,
                              .y_column = y_row, .w_row = w_row};
  ck_kernels()->convolve(y, x, w, &windows, &(ck_finish){.bias = b, .relu = relu});
}

// Of a wide w, the columns that blocks read together are copied side by side: in w they lie in as many pages as there are
// inputs. Rows of x pass a cacheful at a time, as every panel reads them.
void ck_block_product(float *restrict y, size_t y_row, const float *restrict x, size_t x_row, const float *restrict w,
                      const float *restrict b, int relu, size_t rows, size_t inputs, size_t outputs) {
  if (rows <= FEW_ROWS || inputs > PANEL_INPUTS) {
    product(y, y_row, x, x_row, w, outputs, b, relu, rows, inputs);
    return;
  }
  float panel[PANEL_COLUMNS * PANEL_INPUTS];
  const size_t cached = CACHED_ROWS / (x_row > y_row ? x_row : y_row), most = cached > FEW_ROWS ? cached : FEW_ROWS;
  for (size_t row = 0, count; row < rows; row += count) {
    count = rows - row < most ? rows - row : most;
    for (size_t column = 0; column < outputs; column += PANEL_COLUMNS) {
      const size_t width = outputs - column < PANEL_COLUMNS ? outputs - column : PANEL_COLUMNS;
      for (size_t k = 0; k < inputs; k++) memcpy(panel + k * width, w + k * outputs + column, width * sizeof *panel);
      product(y + row * y_row + column, y_row, x + row * x_row, x_row, panel, width, b ? b + column : NULL, relu,
              count, inputs);
    }
  }
}
