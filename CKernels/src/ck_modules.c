#include "ck_modules.h"

#include "ck_reduce.h"
#include "layer.h"
#include "matrix.h"

void ck_grouped_linear_forward(float *restrict y, const float *restrict x, const float *restrict w,
                               const float *restrict b, size_t rows, size_t groups, size_t inputs, size_t outputs) {
  const size_t x_row = groups * inputs, y_row = groups * outputs;
  for (size_t group = 0; group < groups; group++, y += outputs, x += inputs, w += inputs * outputs, b += outputs) {
    ck_layer_forward(y, y_row, x, x_row, w, b, 0, rows, inputs, outputs);
  }
}

void ck_grouped_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                                const float *restrict x, const float *restrict w, size_t rows, size_t groups,
                                size_t inputs, size_t outputs) {
  const size_t x_row = groups * inputs, y_row = groups * outputs, weights = inputs * outputs;
  for (size_t g = 0; g < groups; g++) {
    const float *x_g = x + g * inputs, *w_g = w + g * weights, *dy_g = dy + g * outputs;
    if (dx) add_product_of_rows_with_transpose(dx + g * inputs, x_row, dy_g, y_row, w_g, rows, inputs, outputs);
    if (dw) add_transpose_product_of_rows(dw + g * weights, x_g, x_row, dy_g, y_row, rows, inputs, outputs);
  }
  if (db) ck_column_sum(db, dy, rows, y_row);
}
