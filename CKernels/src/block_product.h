/// Products of matrices by a convolution's blocks (`bodies/register_blocks.h`): rows are windows of one line.
#ifndef CK_BLOCK_PRODUCT_H
#define CK_BLOCK_PRODUCT_H
#include <stddef.h>

/// Whether blocks beat BLAS, which copies both operands: that pays where w is too large for the cache and is read for
/// many rows. One row is a matter of reading w once.
int ck_goes_in_blocks(size_t rows, size_t inputs, size_t outputs);

/// y = x w + b, or max(that, 0) with `relu`; b may be NULL. Rows of y begin `y_row` floats apart, rows of x `x_row`. A
/// row's bits don't depend on the rows beside it. Precondition: the sizes go in blocks.
void ck_block_product(float *restrict y, size_t y_row, const float *restrict x, size_t x_row, const float *restrict w,
                      const float *restrict b, int relu, size_t rows, size_t inputs, size_t outputs);

#endif
