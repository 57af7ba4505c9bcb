/// Linear algebra through LAPACKE.
#ifndef CK_SOLVE_H
#define CK_SOLVE_H
#include <stddef.h>

/// Replaces a `[rows, columns]`, filled with independent normal numbers, by a uniformly random (semi-)orthogonal matrix: the Q of
/// its QR decomposition, signs fixed by R's diagonal (Saxe et al. 2014). Columns are orthonormal if rows >= columns, else
/// rows are. `workspace` holds `ck_orthogonal_workspace` floats. Returns LAPACK's status, 0 for success.
int ck_orthogonal(float *a, float *workspace, size_t rows, size_t columns);
size_t ck_orthogonal_workspace(size_t rows, size_t columns);

#endif
