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

int main(void) {
  const size_t rows[] = {1, 2, 3, 4, 5, 8, 9, 17, 33}, widths[] = {1, 6, 16, 33, 128, 200};
  for (size_t r = 0; r < COUNT(rows); r++) {
    for (size_t o = 0; o < COUNT(widths); o++) {
      test_forward(rows[r], 1, widths[o], 1);
      test_forward(rows[r], 37, widths[o], 0);
      test_forward(rows[r], 1024, widths[o], 1);
    }
  }
  for (size_t r = 0; r < 7; r++) {
    test_backward(rows[r], 1, 1);
    test_backward(rows[r], 7, 5);
    test_backward(rows[r], 17, 19);
    test_backward(rows[r], 5, 32);
  }
  test_embedding(1, 1, 1);
  test_embedding(40, 7, 19);
  return finish();
}
