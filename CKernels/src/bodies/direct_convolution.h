// Convolution of one image in place of a matrix of patches. Blocks: `register_blocks.h`; geometry: `convolution.h`.

KERNEL void kernel_copy_image(float *restrict copy, const float *restrict x, const float *restrict mask, int relu,
                              size_t rows, size_t length, size_t copy_row) {
  for (size_t row = 0; row < rows; row++, x += length, copy += copy_row) {
    if (mask) {
      for (size_t i = 0; i < length; i++) copy[i] = mask[i] > 0.0f ? x[i] : 0.0f;
      mask += length;
    } else if (relu) {
      kernel_relu_forward(copy, x, length);
    } else {
      memcpy(copy, x, length * sizeof *x);
    }
  }
}

KERNEL void kernel_copy_image_u8(float *restrict copy, const uint8_t *restrict x, float scale, size_t rows,
                                 size_t length, size_t copy_row) {
  for (size_t row = 0; row < rows; row++) kernel_scale_u8(copy + row * copy_row, x + row * length, scale, length);
}

// w `[inputs, outputs]` at each tap of a window's slice, transposed, the last tap first.
KERNEL void kernel_flip_weights(float *restrict flipped, const float *restrict w, const ck_convolution *c,
                                size_t first_row, size_t first_column, size_t lines, size_t taps) {
  for (size_t line = lines; line-- > 0;) {
    for (size_t tap = taps; tap-- > 0; flipped += c->inputs * c->outputs) {
      const size_t row = first_row + line * c->stride, column = first_column + tap * c->stride;
      const float *from = w + (row * c->kernel_width + column) * c->inputs * c->outputs;
      for (size_t output = 0; output < c->outputs; output++) {
        for (size_t input = 0; input < c->inputs; input++) {
          flipped[output * c->inputs + input] = from[input * c->outputs + output];
        }
      }
    }
  }
}

KERNEL void kernel_convolve(float *y, const float *x, const float *w, const ck_windows *s, const ck_finish *finish) {
#define BLOCK(rows, vectors)                                                                                     \
  add_windows(y, x + start * s->x_column, w + first, s, finish, row * s->y_row + start * s->y_column, first, rows, \
              vectors)
  for (size_t row = 0; row < s->rows; row++, x += s->x_row) IN_BLOCKS(BLOCK, s->columns, s->w_row)
#undef BLOCK
}

KERNEL void kernel_convolve_weights(float *dw, const float *dy, const float *x, const ck_windows *s) {
#define BLOCK(rows, vectors) add_weights(dw + start * s->w_row + first, dy + first, x + start, s, rows, vectors)
  for (size_t line = 0; line < s->lines; line++, x += s->x_line, dw += s->length * s->w_row) {
    IN_BLOCKS(BLOCK, s->length, s->w_row)
  }
#undef BLOCK
}
