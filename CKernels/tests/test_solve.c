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

/// a v = lambda v for each row v; rows are orthonormal; eigenvalues fall; the triangle above the diagonal is not read.
static void test_symmetric_eigen(size_t n) {
  double *a = widen(noise(n * n, 1), n * n), *vectors = allocate(n * n * sizeof *vectors);
  double *values = allocate(n * sizeof *values);
  double *workspace = allocate(ck_symmetric_eigen_workspace(n) * sizeof *workspace);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      if (j < i) a[i * n + j] = a[j * n + i];
      vectors[i * n + j] = j > i ? NAN : a[i * n + j];
    }
  }
  check_true("status", ck_symmetric_eigen(values, vectors, workspace, n) == 0);
  for (size_t k = 0; k < n; k++) {
    const double *v = vectors + k * n;
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
      if (fabs(v[i]) > fabs(largest)) largest = v[i];
      double product = 0;
      for (size_t j = 0; j < n; j++) product += a[i * n + j] * v[j];
      check_close("a v", k * n + i, product, values[k] * v[i], 1e-12);
    }
    check_true("sign", largest > 0);
    check_true("falling", k == 0 || values[k] <= values[k - 1]);
    for (size_t other = 0; other <= k; other++) {
      double sum = 0;
      for (size_t i = 0; i < n; i++) sum += v[i] * vectors[other * n + i];
      check_close("orthonormal", k * n + other, sum, k == other, 1e-12);
    }
  }
}

int main(void) {
  const size_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1}, {4, 4}, {7, 3}, {3, 7}, {64, 64}, {90, 16}, {16, 100}, {130, 40}};
  for (size_t s = 0; s < COUNT(shapes); s++) test_orthogonal(shapes[s][0], shapes[s][1]);
  const size_t sizes[] = {1, 2, 3, 8, 31, 48};
  for (size_t s = 0; s < COUNT(sizes); s++) test_symmetric_eigen(sizes[s]);
  return finish();
}
