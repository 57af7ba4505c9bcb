#include "ck_pooling.h"

size_t ck_same_output(size_t size, size_t stride) { return (size + stride - 1) / stride; }

size_t ck_same_pad_before(size_t size, size_t window, size_t stride) {
  const size_t covered = (ck_same_output(size, stride) - 1) * stride + window;
  return covered > size ? (covered - size) / 2 : 0;
}

// Scattered additions gain nothing from vectors, so this has one version only.
void ck_max_pool_backward(float *restrict dx, const float *restrict dy, const uint8_t *restrict argmax, size_t images,
                          size_t height, size_t width, size_t channels, size_t window, size_t stride) {
  const size_t output_height = ck_same_output(height, stride), output_width = ck_same_output(width, stride);
  const size_t pad_top = ck_same_pad_before(height, window, stride);
  const size_t pad_left = ck_same_pad_before(width, window, stride);
  // Offset of each element of a window. Unsigned arithmetic wraps where padding lies before the image, and back for
  // every element that can win.
  size_t offset[256];
  for (size_t element = 0; element < window * window; element++) {
    offset[element] = ((element / window - pad_top) * width + element % window - pad_left) * channels;
  }
  for (size_t image = 0; image < images; image++, dx += height * width * channels) {
    for (size_t row = 0; row < output_height; row++) {
      for (size_t column = 0; column < output_width; column++, dy += channels, argmax += channels) {
        const size_t corner = (row * width + column) * stride * channels;
        for (size_t c = 0; c < channels; c++) dx[corner + offset[argmax[c]] + c] += dy[c];
      }
    }
  }
}
