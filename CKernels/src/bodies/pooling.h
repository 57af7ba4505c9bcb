// One element of the window after another, channels side by side. The first element within the image initialises.
INLINE void pool_pixel(float *restrict y, uint8_t *restrict argmax, const float *restrict x, size_t channels,
                       uint8_t element, int first) {
  if (first) {
    for (size_t c = 0; c < channels; c++) y[c] = x[c];
    if (argmax) memset(argmax, element, channels);
  } else if (argmax) {
    for (size_t c = 0; c < channels; c++) {
      const int better = x[c] > y[c];
      y[c] = better ? x[c] : y[c];
      argmax[c] = better ? element : argmax[c];
    }
  } else {
    for (size_t c = 0; c < channels; c++) y[c] = x[c] > y[c] ? x[c] : y[c];
  }
}

KERNEL void kernel_max_pool_forward(float *restrict y, uint8_t *restrict argmax, const float *restrict x, size_t images,
                                    size_t height, size_t width, size_t channels, size_t window, size_t stride) {
  const size_t output_height = ck_same_output(height, stride), output_width = ck_same_output(width, stride);
  const size_t pad_top = ck_same_pad_before(height, window, stride);
  const size_t pad_left = ck_same_pad_before(width, window, stride);
  for (size_t image = 0; image < images; image++, x += height * width * channels) {
    for (size_t row = 0; row < output_height; row++) {
      for (size_t column = 0; column < output_width; column++) {
        int first = 1;
        for (size_t element = 0; element < window * window; element++) {
          // Unsigned, a position before the image wraps to a huge one, and one comparison tests both ends.
          const size_t from_row = row * stride + element / window - pad_top;
          const size_t from_column = column * stride + element % window - pad_left;
          if (from_row >= height || from_column >= width) continue;
          pool_pixel(y, argmax, x + (from_row * width + from_column) * channels, channels, (uint8_t)element, first);
          first = 0;
        }
        y += channels;
        if (argmax) argmax += channels;
      }
    }
  }
}
