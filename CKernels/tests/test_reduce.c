#include "test.h"

/// The documented order: element i to accumulator i mod 16, folded in halves. Bits must agree at every level.
static double sixteen_accumulators(const float *x, const float *y, size_t n) {
  double a[16] = {0};
  for (size_t i = 0; i < n; i++) a[i % 16] += y ? (double)x[i] * (double)y[i] : (double)x[i];
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) a[j] += a[j + half];
  }
  return a[0];
}

static void test_sums(size_t n) {
  float *x = noise(n, 100), *y = noise(n, 1e-3);
  check_true("sum, to the bit", ck_sum(x, n) == sixteen_accumulators(x, NULL, n));
  check_true("sum of squares, to the bit", ck_sum_squares(x, n) == sixteen_accumulators(x, x, n));
  check_true("dot, to the bit", ck_dot(x, y, n) == sixteen_accumulators(x, y, n));
  float largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(x[i]));
  check_true("max_abs", ck_max_abs(x, n) == largest);
  check_true("nothing but finite numbers", ck_count_nonfinite(x, n) == 0);
  if (n < 3) return;
  x[n / 2] = -INFINITY;
  check_true("max_abs of infinity", ck_max_abs(x, n) == INFINITY);
  x[n - 1] = NAN;
  check_true("max_abs of NaN", isnan(ck_max_abs(x, n)));
  check_true("two nonfinite", ck_count_nonfinite(x, n) == 2);
}

static void test_column_sum(size_t rows, size_t columns) {
  float *x = noise(rows * columns, 1), *y = noise(columns, 1);
  double *expected = widen(y, columns);
  for (size_t row = 0; row < rows; row++) {
    for (size_t j = 0; j < columns; j++) expected[j] += (double)x[row * columns + j];
  }
  ck_column_sum(y, x, rows, columns);
  check_all("column_sum", y, expected, columns, 1e-5);
}

static float tree(const float *const *x, size_t low, size_t high, size_t i) {
  if (high - low == 1) return x[low][i];
  const size_t middle = low + (high - low) / 2;
  return tree(x, low, middle, i) + tree(x, middle, high, i);
}

static void test_tree_sum(size_t count, size_t n) {
  float **x = allocate(count * sizeof *x), *expected = dirty(n), *y = dirty(n);
  for (size_t k = 0; k < count; k++) x[k] = noise(n, 1);
  const float *const *view = (const float *const *)x;
  for (size_t i = 0; i < n; i++) expected[i] = tree(view, 0, count, i);
  ck_tree_sum(y, view, count, n);
  check_true("tree, to the bit", memcmp(y, expected, n * sizeof *y) == 0);
  ck_tree_sum(x[0], view, count, n);
  check_true("tree into its first block", memcmp(x[0], expected, n * sizeof *y) == 0);
}

int main(void) {
  const size_t sizes[] = {0, 1, 7, 15, 16, 17, 33, 255, 4099, 200000};
  for (size_t s = 0; s < COUNT(sizes); s++) test_sums(sizes[s]);
  const size_t widths[] = {1, 5, 16, 17, 48, 67};
  for (size_t w = 0; w < COUNT(widths); w++) {
    test_column_sum(1, widths[w]);
    test_column_sum(37, widths[w]);
  }
  const size_t counts[] = {1, 2, 3, 5, 6, 7, 8, 48, 100};
  for (size_t c = 0; c < COUNT(counts); c++) {
    test_tree_sum(counts[c], 1);
    test_tree_sum(counts[c], 300);
    test_tree_sum(counts[c], 512);
  }
  test_tree_sum(4096, 3);
  return finish();
}
