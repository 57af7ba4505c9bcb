#include "test.h"

typedef struct {
  size_t rows, inputs, outputs;
  double *x, *w, *b;
  const float *dy;
} layer;

static void reference(double *y, const layer *l) {
  for (size_t r = 0; r < l->rows; r++) {
    for (size_t o = 0; o < l->outputs; o++) {
      double sum = l->b ? l->b[o] : 0;
      for (size_t i = 0; i < l->inputs; i++) sum += l->x[r * l->inputs + i] * l->w[i * l->outputs + o];
      y[r * l->outputs + o] = sum;
    }
  }
}

static double loss(void *context) {
  const layer *l = context;
  double y[4096];
  reference(y, l);
  return weighted(y, l->dy, l->rows * l->outputs);
}

static void test_forward(size_t rows, size_t inputs, size_t outputs, int biased) {
  float *x = noise(rows * inputs, 1), *w = noise(inputs * outputs, 1), *b = biased ? noise(outputs, 1) : NULL;
  float *y = dirty(rows * outputs);
  const layer l = {rows, inputs, outputs, widen(x, rows * inputs), widen(w, inputs * outputs),
                   biased ? widen(b, outputs) : NULL, NULL};
  double *expected = allocate(rows * outputs * sizeof *expected);
  reference(expected, &l);
  ck_linear_forward(y, x, w, b, rows, inputs, outputs);
  check_all("linear", y, expected, rows * outputs, 1e-6 * sqrt((double)inputs));
}

static void test_backward(size_t rows, size_t inputs, size_t outputs) {
  const size_t nx = rows * inputs, nw = inputs * outputs, nb = outputs;
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = noise(nb, 1), *dy = noise(rows * outputs, 1);
  float *dx = noise(nx, 1), *dw = noise(nw, 1), *db = noise(nb, 1);
  float *dx0 = copy(dx, nx), *dw0 = copy(dw, nw), *db0 = copy(db, nb);
  layer l = {rows, inputs, outputs, widen(x, nx), widen(w, nw), widen(b, nb), dy};
  ck_linear_backward(NULL, NULL, NULL, dy, x, w, rows, inputs, outputs);
  ck_linear_backward(dx, NULL, NULL, dy, x, w, rows, inputs, outputs);
  ck_linear_backward(NULL, dw, NULL, dy, x, w, rows, inputs, outputs);
  ck_linear_backward(NULL, NULL, db, dy, x, w, rows, inputs, outputs);
  check_gradient("linear dx", dx, dx0, l.x, nx, loss, &l, 5e-6);
  check_gradient("linear dw", dw, dw0, l.w, nw, loss, &l, 5e-6);
  check_gradient("linear db", db, db0, l.b, nb, loss, &l, 5e-6);
}

/// A layer for every task, or one for all where `task` is NULL.
typedef struct {
  size_t rows, inputs, outputs;
  double *x, *w, *b;
  const int *task;
  int relu;
  const float *dy;
} task_layer;

static double task_output(const task_layer *l, size_t row, size_t o) {
  const size_t task = l->task ? (size_t)l->task[row] : 0;
  double sum = l->b ? l->b[task * l->outputs + o] : 0;
  for (size_t i = 0; i < l->inputs; i++) {
    sum += l->x[row * l->inputs + i] * l->w[(task * l->inputs + i) * l->outputs + o];
  }
  return l->relu && sum < 0 ? 0 : sum;
}

static double task_loss(void *context) {
  const task_layer *l = context;
  double sum = 0;
  for (size_t i = 0; i < l->rows * l->outputs; i++) {
    sum += (double)l->dy[i] * task_output(l, i / l->outputs, i % l->outputs);
  }
  return sum;
}

static void test_dense_relu(size_t rows, size_t inputs, size_t outputs, int biased) {
  const size_t nx = rows * inputs, nw = inputs * outputs, ny = rows * outputs;
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = biased ? noise(outputs, 1) : NULL, *y = dirty(ny);
  const task_layer l = {rows, inputs, outputs, widen(x, nx), widen(w, nw), b ? widen(b, outputs) : NULL, NULL, 1, NULL};
  ck_dense_relu_forward(y, x, w, b, rows, inputs, outputs);
  for (size_t i = 0; i < ny; i++) {
    check_close("relu layer", i, (double)y[i], task_output(&l, i / outputs, i % outputs), 1e-6 * sqrt((double)inputs));
  }
}

static void test_dense_relu_backward(size_t rows, size_t inputs, size_t outputs) {
  const size_t nx = rows * inputs, nw = inputs * outputs, ny = rows * outputs;
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = noise(outputs, 1), *y = dirty(ny), *weight = noise(ny, 1);
  float *dx = noise(nx, 1), *dw = noise(nw, 1), *db = noise(outputs, 1);
  float *dx0 = copy(dx, nx), *dw0 = copy(dw, nw), *db0 = copy(db, outputs);
  task_layer l = {rows, inputs, outputs, widen(x, nx), widen(w, nw), widen(b, outputs), NULL, 1, weight};
  ck_dense_relu_forward(y, x, w, b, rows, inputs, outputs);
  ck_dense_relu_backward(NULL, NULL, NULL, copy(weight, ny), y, x, w, rows, inputs, outputs);
  ck_dense_relu_backward(dx, NULL, NULL, copy(weight, ny), y, x, w, rows, inputs, outputs);
  ck_dense_relu_backward(NULL, dw, NULL, copy(weight, ny), y, x, w, rows, inputs, outputs);
  ck_dense_relu_backward(NULL, NULL, db, copy(weight, ny), y, x, w, rows, inputs, outputs);
  check_gradient("relu layer dx", dx, dx0, l.x, nx, task_loss, &l, 5e-6);
  check_gradient("relu layer dw", dw, dw0, l.w, nw, task_loss, &l, 5e-6);
  check_gradient("relu layer db", db, db0, l.b, outputs, task_loss, &l, 5e-6);
}

/// Runs of a task's rows, some of one row, a task twice, and the last task never.
static void test_task_layer(size_t run, size_t tasks, size_t inputs, size_t outputs, int relu) {
  const size_t rows = tasks * run + 3, nx = rows * inputs, nw = tasks * inputs * outputs, nb = tasks * outputs;
  const size_t ny = rows * outputs;
  int *task = allocate(rows * sizeof *task);
  for (size_t row = 0; row < rows; row++) task[row] = (int)(row / run % (tasks > 1 ? tasks - 1 : 1));
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = noise(nb, 1), *y = dirty(ny), *weight = noise(ny, 1);
  float *dx = noise(nx, 1), *dw = noise(nw, 1), *db = noise(nb, 1);
  float *dx0 = copy(dx, nx), *dw0 = copy(dw, nw), *db0 = copy(db, nb);
  task_layer l = {rows, inputs, outputs, widen(x, nx), widen(w, nw), widen(b, nb), task, relu, weight};
  ck_task_linear_forward(y, x, w, b, task, relu, rows, inputs, outputs);
  for (size_t i = 0; i < ny; i++) {
    check_close("task layer", i, (double)y[i], task_output(&l, i / outputs, i % outputs), 5e-6);
  }
  const float *read = relu ? y : NULL;
  ck_task_linear_backward(NULL, NULL, NULL, copy(weight, ny), read, x, w, task, relu, rows, inputs, outputs);
  ck_task_linear_backward(dx, NULL, NULL, copy(weight, ny), read, x, w, task, relu, rows, inputs, outputs);
  ck_task_linear_backward(NULL, dw, NULL, copy(weight, ny), read, x, w, task, relu, rows, inputs, outputs);
  ck_task_linear_backward(NULL, NULL, db, copy(weight, ny), read, x, w, task, relu, rows, inputs, outputs);
  check_gradient("task layer dx", dx, dx0, l.x, nx, task_loss, &l, 1e-5);
  check_gradient("task layer dw", dw, dw0, l.w, nw, task_loss, &l, 1e-5);
  check_gradient("task layer db", db, db0, l.b, nb, task_loss, &l, 1e-5);
  if (tasks == 1) return;
  const size_t unused = (tasks - 1) * inputs * outputs;
  check_true("an absent task's dw", memcmp(dw + unused, dw0 + unused, inputs * outputs * sizeof *dw) == 0);
}

static void test_embedding(size_t rows, size_t entries, size_t width) {
  float *table = noise(entries * width, 1), *y = dirty(rows * width), *dy = noise(rows * width, 1);
  float *dtable = noise(entries * width, 1);
  double *expected = widen(dtable, entries * width);
  int *index = indices(rows, entries);
  ck_embedding_forward(y, table, index, rows, width);
  ck_embedding_backward(dtable, dy, index, rows, width);
  for (size_t r = 0; r < rows; r++) {
    const size_t entry = (size_t)index[r] * width;
    check_true("embedding", memcmp(y + r * width, table + entry, width * sizeof *y) == 0);
    for (size_t j = 0; j < width; j++) expected[entry + j] += (double)dy[r * width + j];
  }
  check_all("embedding dtable", dtable, expected, entries * width, 1e-6);
}

static void test_embedding_multiply(size_t rows, size_t entries, size_t width, int relu) {
  const size_t n = rows * width, nt = entries * width;
  float *table = noise(nt, 1), *x = noise(n, 1), *y = dirty(n), *dy = noise(n, 1);
  float *dx = noise(n, 1), *dtable = noise(nt, 1);
  double *expected_y = allocate(n * sizeof *expected_y), *expected_dx = widen(dx, n), *expected = widen(dtable, nt);
  int *index = indices(rows, entries);
  ck_embedding_multiply_forward(y, x, table, index, relu, rows, width);
  const float *mask = relu ? y : NULL;
  ck_embedding_multiply_backward(NULL, NULL, dy, mask, x, table, index, rows, width);
  ck_embedding_multiply_backward(dx, NULL, dy, mask, x, table, index, rows, width);
  ck_embedding_multiply_backward(NULL, dtable, dy, mask, x, table, index, rows, width);
  for (size_t i = 0; i < n; i++) {
    const size_t entry = (size_t)index[i / width] * width + i % width;
    const double product = (double)x[i] * (double)table[entry];
    const double gradient = !relu || product > 0 ? (double)dy[i] : 0;
    expected_y[i] = relu ? fmax(product, 0) : product;
    expected_dx[i] += gradient * (double)table[entry];
    expected[entry] += gradient * (double)x[i];
  }
  check_all("embedding product", y, expected_y, n, 1e-7);
  check_all("embedding product dx", dx, expected_dx, n, 3e-7);
  check_all("embedding product dtable", dtable, expected, nt, 2e-6);
}

int main(void) {
  const size_t rows[] = {1, 2, 3, 4, 5, 8, 9, 17, 33}, widths[] = {1, 6, 16, 23, 33, 128, 200};
  for (size_t r = 0; r < COUNT(rows); r++) {
    for (size_t o = 0; o < COUNT(widths); o++) {
      test_forward(rows[r], 1, widths[o], 1);
      test_forward(rows[r], 37, widths[o], 0);
      test_forward(rows[r], 1024, widths[o], 1);
      test_dense_relu(rows[r], 37, widths[o], 0);
      test_dense_relu(rows[r], 37, widths[o], 1);
    }
  }
  // More rows than pass together.
  test_forward(345, 37, 48, 1);
  test_dense_relu(345, 37, 48, 1);
  for (size_t r = 0; r < 7; r++) {
    test_backward(rows[r], 1, 1);
    test_backward(rows[r], 7, 5);
    test_backward(rows[r], 17, 19);
    test_backward(rows[r], 5, 32);
    test_dense_relu_backward(rows[r], 1, 1);
    test_dense_relu_backward(rows[r], 17, 19);
    test_dense_relu_backward(rows[r], 5, 32);
  }
  for (int relu = 0; relu < 2; relu++) {
    test_task_layer(1, 1, 1, 1, relu);
    test_task_layer(1, 4, 7, 5, relu);
    test_task_layer(5, 3, 17, 16, relu);
    test_task_layer(9, 4, 5, 1, relu);
  }
  test_embedding(1, 1, 1);
  test_embedding(40, 7, 19);
  for (int relu = 0; relu < 2; relu++) {
    test_embedding_multiply(1, 1, 1, relu);
    test_embedding_multiply(40, 7, 19, relu);
  }
  return finish();
}
