#include "test.h"

/// Products of all pairs of vectors, which are the columns of a tall matrix or the rows of a wide one, against the
/// identity.
static void check_orthonormal(const float *a, size_t rows, size_t columns) {
  const int wide = rows < columns;
  const size_t count = wide ? rows : columns, length = wide ? columns : rows;
  for (size_t p = 0; p < count; p++) {
    for (size_t q = 0; q < count; q++) {
      double sum = 0;
      for (size_t k = 0; k < length; k++) {
        const float left = wide ? a[p * columns + k] : a[k * columns + p];
        const float right = wide ? a[q * columns + k] : a[k * columns + q];
        sum += (double)left * (double)right;
      }
      check_close("orthonormal", p * count + q, sum, p == q, 2e-6);
    }
  }
}

/// A = Q R with R's diagonal positive: the first vector of Q points along the first vector of A.
static void test_orthogonal(size_t rows, size_t columns) {
  float *a = dirty(rows * columns), *workspace = dirty(ck_orthogonal_workspace(rows, columns));
  ck_random_normal(a, (ck_address){.seed = rows, .stream = (uint32_t)columns}, rows * columns);
  float *original = copy(a, rows * columns);
  check_true("status", ck_orthogonal(a, workspace, rows, columns) == 0);
  check_orthonormal(a, rows, columns);
  const int wide = rows < columns;
  const size_t length = wide ? columns : rows, stride = wide ? 1 : columns;
  double norm = 0;
  for (size_t k = 0; k < length; k++) norm += (double)original[k * stride] * (double)original[k * stride];
  for (size_t k = 0; k < length; k++) {
    check_close("first vector", k, (double)a[k * stride], (double)original[k * stride] / sqrt(norm), 2e-6);
  }
}

int main(void) {
  const size_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1}, {4, 4}, {7, 3}, {3, 7}, {64, 64}, {90, 16}, {16, 100}, {130, 40}};
  for (size_t s = 0; s < COUNT(shapes); s++) test_orthogonal(shapes[s][0], shapes[s][1]);
  return finish();
}
