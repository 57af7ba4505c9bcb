/// One dense layer whose rows may lie apart, as those of a layer of modules do.
#ifndef CK_LAYER_H
#define CK_LAYER_H
#include <stddef.h>

/// y = x w + b, then max(y, 0) where `relu` is not 0.  Rows of y begin `y_row` floats apart, rows of x `x_row`;
/// w `[inputs, outputs]`; b may be NULL.
void ck_layer_forward(float *restrict y, size_t y_row, const float *restrict x, size_t x_row, const float *restrict w,
                      const float *restrict b, int relu, size_t rows, size_t inputs, size_t outputs);

#endif
