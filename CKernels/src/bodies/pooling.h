// The part of a window that lies within the image.
typedef struct {
  size_t first_row, end_row, first_column, end_column;  // in elements of the window
  size_t corner;                                        // of the window's first element; wraps if that is padding
} pool_window;

INLINE size_t first_within(size_t start, size_t pad) { return start < pad ? pad - start : 0; }

INLINE size_t end_within(size_t start, size_t pad, size_t window, size_t size) {
  return start + window > size + pad ? size + pad - start : window;
}

// `count` channels (a constant, but for the last few) side by side, the best so far in registers.
INLINE void pool_channels(float *restrict y, uint8_t *restrict argmax, const float *restrict x, const pool_window *at,
                          size_t row_stride, size_t channels, size_t window, const size_t count) {
  float best[CHUNK];
  uint32_t winner[CHUNK];
  const uint32_t first = (uint32_t)(at->first_row * window + at->first_column);
  const float *start = x + (at->corner + at->first_row * row_stride + at->first_column * channels);
  for (size_t c = 0; c < count; c++) best[c] = start[c], winner[c] = first;
  for (size_t row = at->first_row; row < at->end_row; row++) {
    for (size_t column = at->first_column; column < at->end_column; column++) {
      const float *value = x + (at->corner + row * row_stride + column * channels);
      const uint32_t element = (uint32_t)(row * window + column);
      for (size_t c = 0; c < count; c++) {
        winner[c] = value[c] > best[c] ? element : winner[c];
        best[c] = value[c] > best[c] ? value[c] : best[c];
      }
    }
  }
  for (size_t c = 0; c < count; c++) y[c] = best[c];
  if (!argmax) return;
  for (size_t c = 0; c < count; c++) argmax[c] = (uint8_t)winner[c];
}

KERNEL void kernel_max_pool_forward(float *restrict y, uint8_t *restrict argmax, const float *restrict x, size_t images,
                                    size_t height, size_t width, size_t channels, size_t window, size_t stride) {
  const size_t output_height = ck_same_output(height, stride), output_width = ck_same_output(width, stride);
  const size_t pad_top = ck_same_pad_before(height, window, stride);
  const size_t pad_left = ck_same_pad_before(width, window, stride);
  for (size_t image = 0; image < images; image++, x += height * width * channels) {
    for (size_t row = 0; row < output_height; row++) {
      for (size_t column = 0; column < output_width; column++) {
        const size_t top = row * stride, left = column * stride;  // in the padded image
        const pool_window at = {
            first_within(top, pad_top),   end_within(top, pad_top, window, height),
            first_within(left, pad_left), end_within(left, pad_left, window, width),
            ((top - pad_top) * width + left - pad_left) * channels,
        };
        size_t c = 0;
        for (; c + CHUNK <= channels; c += CHUNK) {
          pool_channels(y + c, argmax ? argmax + c : NULL, x + c, &at, width * channels, channels, window, CHUNK);
        }
        if (c < channels) {
          pool_channels(y + c, argmax ? argmax + c : NULL, x + c, &at, width * channels, channels, window,
                        channels - c);
        }
        y += channels;
        if (argmax) argmax += channels;
      }
    }
  }
}

// dx += dy where `element` won, for windows side by side; from one to the next, dx goes `next` numbers on.
INLINE void add_where_won(float *dx, const float *dy, const uint8_t *argmax, uint8_t element, size_t columns,
                          size_t channels, size_t next) {
  size_t c = 0;
  for (; c + CK_LANES <= channels; c += CK_LANES) {
    for (size_t column = 0; column < columns; column++) {
      const lanes winner = __builtin_convertvector(*(const bytes *)(argmax + column * channels + c), lanes);
      float *to = dx + column * next + c;
      store(to, load(to) + (vector)((lanes)load(dy + column * channels + c) & (lanes)(winner == (int32_t)element)));
    }
  }
  for (; c < channels; c++) {
    for (size_t column = 0; column < columns; column++) {
      dx[column * next + c] += argmax[column * channels + c] == element ? dy[column * channels + c] : 0.0f;
    }
  }
}

// A row of dx at a time, from the windows that hold it, element by element of their rows: so additions lie side by side,
// though winners are scattered, and what is cleared first is in the cache still.
KERNEL void kernel_max_pool_backward(float *restrict dx, const float *restrict dy, const uint8_t *restrict argmax,
                                     size_t images, size_t height, size_t width, size_t channels, size_t window,
                                     size_t stride) {
  const size_t output_height = ck_same_output(height, stride), output_width = ck_same_output(width, stride);
  const size_t pad_top = ck_same_pad_before(height, window, stride);
  const size_t pad_left = ck_same_pad_before(width, window, stride), outputs = output_height * output_width * channels;
  for (size_t image = 0; image < images; image++, dy += outputs, argmax += outputs) {
    for (size_t row = pad_top; row < pad_top + height; row++, dx += width * channels) {
      memset(dx, 0, width * channels * sizeof *dx);
      const size_t first_window = row < window ? 0 : (row - window) / stride + 1;
      for (size_t y = first_window; y < output_height && y * stride <= row; y++) {
        for (size_t x = 0; x < window; x++) {
          // The first and the last window of which this element is no padding.
          const size_t first = x < pad_left ? (pad_left - x + stride - 1) / stride : 0;
          size_t end = width + pad_left <= x ? 0 : (width + pad_left - x - 1) / stride + 1;
          if (end > output_width) end = output_width;
          if (first >= end) continue;
          const size_t from = (y * output_width + first) * channels;
          add_where_won(dx + (first * stride + x - pad_left) * channels, dy + from, argmax + from,
                        (uint8_t)((row - y * stride) * window + x), end - first, channels, stride * channels);
        }
      }
    }
  }
}
