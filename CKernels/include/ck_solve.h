/// Linear algebra through LAPACKE.
#ifndef CK_SOLVE_H
#define CK_SOLVE_H
#include <stddef.h>

/// Replaces a `[rows, columns]`, filled with independent normal numbers, by a uniformly random (semi-)orthogonal matrix: the Q of
/// its QR decomposition, signs fixed by R's diagonal (Saxe et al. 2014). Columns are orthonormal if rows >= columns, else
/// rows are. `workspace` holds `ck_orthogonal_workspace` floats. Returns LAPACK's status, 0 for success.
int ck_orthogonal(float *a, float *workspace, size_t rows, size_t columns);
size_t ck_orthogonal_workspace(size_t rows, size_t columns);

/// Eigenvalues `[n]` of a symmetric matrix a `[n, n]`, by falling size, and in the rows of `a` the unit eigenvectors
/// that belong to them, each with its entry of largest magnitude positive. Reads the lower triangle of `a` only. In
/// double: small differences of covariances matter. `workspace` holds `ck_symmetric_eigen_workspace` doubles. Returns
/// LAPACK's status, 0 for success.
int ck_symmetric_eigen(double *values, double *a, double *workspace, size_t n);
size_t ck_symmetric_eigen_workspace(size_t n);

#endif
