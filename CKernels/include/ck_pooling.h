/// Max-pooling with TensorFlow's SAME padding, channels last.
#ifndef CK_POOLING_H
#define CK_POOLING_H
#include <stddef.h>
#include <stdint.h>

/// SAME: output size ceil(size / stride); the padding needed in all is split in two, the odd row or column going to the
/// bottom or the right (so 84 -> 42 with window 3, stride 2 pads 0 before and 1 after). Padding never wins.
size_t ck_same_output(size_t size, size_t stride);
size_t ck_same_pad_before(size_t size, size_t window, size_t stride);

/// y = max over a square window, and which element won (its index within the window, row by row; the first of equals).
/// y and argmax `[images, ck_same_output(height), ck_same_output(width), channels]`, x `[images, height, width, channels]`.
/// argmax may be NULL where no backward pass follows. Precondition: window * window <= 255.
void ck_max_pool_forward(float *restrict y, uint8_t *restrict argmax, const float *restrict x, size_t images,
                         size_t height, size_t width, size_t channels, size_t window, size_t stride);

/// dx = the sum of dy over the windows that an element won. Unlike other gradients it is not added to what was there.
void ck_max_pool_backward(float *restrict dx, const float *restrict dy, const uint8_t *restrict argmax, size_t images,
                          size_t height, size_t width, size_t channels, size_t window, size_t stride);

#endif
