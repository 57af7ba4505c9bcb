#include "ck_solve.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

enum { BLOCK = 32 };  // LAPACK's block size: this much work space a column lets it use matrix products

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

size_t ck_orthogonal_workspace(size_t rows, size_t columns) {
  return rows * columns + (2 + BLOCK) * smaller(rows, columns);
}

// LAPACK reads columns first, so a wide row-major matrix is to it a tall one, and its orthonormal columns are our rows.
// A tall one is transposed into the workspace. The `_work` functions don't allocate when given column-major matrices.
int ck_orthogonal(float *a, float *workspace, size_t rows, size_t columns) {
  const int wide = rows < columns;
  const size_t length = wide ? columns : rows, count = smaller(rows, columns);
  float *q = workspace, *tau = q + rows * columns, *sign = tau + count, *work = sign + count;
  if (wide) {
    memcpy(q, a, rows * columns * sizeof *q);
  } else {
    for (size_t i = 0; i < rows; i++) {
      for (size_t j = 0; j < columns; j++) q[j * rows + i] = a[i * columns + j];
    }
  }
  const lapack_int m = (lapack_int)length, n = (lapack_int)count, size = (lapack_int)(BLOCK * count);
  lapack_int status = LAPACKE_sgeqrf_work(LAPACK_COL_MAJOR, m, n, q, m, tau, work, size);
  if (status) return (int)status;
  for (size_t j = 0; j < count; j++) sign[j] = q[j * length + j] < 0 ? -1.0f : 1.0f;
  status = LAPACKE_sorgqr_work(LAPACK_COL_MAJOR, m, n, n, q, m, tau, work, size);
  if (status) return (int)status;
  for (size_t j = 0; j < count; j++) {
    for (size_t i = 0; i < length; i++) {
      a[wide ? j * columns + i : i * columns + j] = sign[j] * q[j * length + i];
    }
  }
  return 0;
}

size_t ck_symmetric_eigen_workspace(size_t n) { return (2 + BLOCK) * n; }

static void swap(double *a, double *b) {
  const double kept = *a;
  *a = *b;
  *b = kept;
}

// LAPACK's columns are our rows, and its upper triangle is our lower one. Its eigenvalues rise, and its signs are arbitrary.
int ck_symmetric_eigen(double *values, double *a, double *workspace, size_t n) {
  const lapack_int size = (lapack_int)n, work = (lapack_int)ck_symmetric_eigen_workspace(n);
  const lapack_int status = LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', size, a, size, values, workspace, work);
  if (status) return (int)status;
  for (size_t k = 0; k < n / 2; k++) {
    const size_t other = n - 1 - k;
    swap(&values[k], &values[other]);
    for (size_t j = 0; j < n; j++) swap(&a[k * n + j], &a[other * n + j]);
  }
  for (size_t k = 0; k < n; k++) {
    double *vector = a + k * n;
    size_t largest = 0;
    for (size_t j = 1; j < n; j++) {
      if (fabs(vector[j]) > fabs(vector[largest])) largest = j;
    }
    if (vector[largest] < 0) {
      for (size_t j = 0; j < n; j++) vector[j] = -vector[j];
    }
  }
  return 0;
}
