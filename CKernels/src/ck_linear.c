#include "ck_linear.h"

#include <string.h>

#include "ck_activation.h"
#include "ck_reduce.h"
#include "kernel_table.h"
#include "layer.h"
#include "matrix.h"

// Rows that follow one another.
static void forward(float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,
                    int relu, size_t rows, size_t inputs, size_t outputs) {
  ck_layer_forward(y, outputs, x, inputs, w, b, relu, rows, inputs, outputs);
}

void ck_linear_forward(float *restrict y, const float *restrict x, const float *restrict w, const float *restrict b,
                       size_t rows, size_t inputs, size_t outputs) {
  forward(y, x, w, b, 0, rows, inputs, outputs);
}

void ck_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                        const float *restrict x, const float *restrict w, size_t rows, size_t inputs, size_t outputs) {
  if (dx) add_product_with_transpose(dx, dy, w, rows, inputs, outputs);
  if (dw) add_transpose_product(dw, x, dy, rows, inputs, outputs);
  if (db) ck_column_sum(db, dy, rows, outputs);
}

void ck_dense_relu_forward(float *restrict y, const float *restrict x, const float *restrict w,
                           const float *restrict b, size_t rows, size_t inputs, size_t outputs) {
  forward(y, x, w, b, 1, rows, inputs, outputs);
}

void ck_dense_relu_backward(float *restrict dx, float *restrict dw, float *restrict db, float *restrict dy,
                            const float *restrict y, const float *restrict x, const float *restrict w, size_t rows,
                            size_t inputs, size_t outputs) {
  ck_kernels()->mask_gradient(dy, db, y, rows, outputs);
  ck_linear_backward(dx, dw, NULL, dy, x, w, rows, inputs, outputs);
}

// The number of rows from `first` on that have one task.
static size_t run_of_task(const int *task, size_t first, size_t rows) {
  size_t end = first + 1;
  while (end < rows && task[end] == task[first]) end++;
  return end - first;
}

void ck_task_linear_forward(float *restrict y, const float *restrict x, const float *restrict w,
                            const float *restrict b, const int *restrict task, int relu, size_t rows, size_t inputs,
                            size_t outputs) {
  for (size_t row = 0, count; row < rows; row += count) {
    const size_t which = (size_t)task[row];
    count = run_of_task(task, row, rows);
    forward(y + row * outputs, x + row * inputs, w + which * inputs * outputs, b + which * outputs, relu, count, inputs,
            outputs);
  }
}

void ck_task_linear_backward(float *restrict dx, float *restrict dw, float *restrict db, float *restrict dy,
                             const float *restrict y, const float *restrict x, const float *restrict w,
                             const int *restrict task, int relu, size_t rows, size_t inputs, size_t outputs) {
  for (size_t row = 0, count; row < rows; row += count) {
    const size_t which = (size_t)task[row], weights = which * inputs * outputs;
    count = run_of_task(task, row, rows);
    float *dx_run = dx ? dx + row * inputs : NULL, *dw_run = dw ? dw + weights : NULL;
    float *db_run = db ? db + which * outputs : NULL, *dy_run = dy + row * outputs;
    const float *x_run = x + row * inputs;
    if (relu) {
      ck_dense_relu_backward(dx_run, dw_run, db_run, dy_run, y + row * outputs, x_run, w + weights, count, inputs,
                             outputs);
    } else {
      ck_linear_backward(dx_run, dw_run, db_run, dy_run, x_run, w + weights, count, inputs, outputs);
    }
  }
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

void ck_embedding_multiply_forward(float *restrict y, const float *restrict x, const float *restrict table,
                                   const int *restrict index, int relu, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++) {
    ck_multiply_forward(y + row * width, x + row * width, table + (size_t)index[row] * width, relu, width);
  }
}

void ck_embedding_multiply_backward(float *restrict dx, float *restrict dtable, const float *restrict dy,
                                    const float *restrict y, const float *restrict x, const float *restrict table,
                                    const int *restrict index, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++) {
    const size_t at = row * width, entry = (size_t)index[row] * width;
    ck_multiply_backward(dx ? dx + at : NULL, dtable ? dtable + entry : NULL, dy + at, y ? y + at : NULL, x + at,
                         table + entry, width);
  }
}
