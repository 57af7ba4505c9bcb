// Convolution of one image without a matrix of patches, for outputs in multiples of sixteen. The image is padded
// beforehand, `[pad_top + height + pad_bottom, pad_left + width + pad_right, inputs]`: every window lies within it.

INLINE size_t padded_width(const ck_convolution *c) { return c->pad_left + c->width + c->pad_right; }

INLINE size_t padded_row(const ck_convolution *c) { return padded_width(c) * c->inputs; }

INLINE void clear_padding(float *restrict image, const ck_convolution *c) {
  if (c->pad_top + c->pad_left + c->pad_bottom + c->pad_right == 0) return;
  memset(image, 0, (c->pad_top + c->height + c->pad_bottom) * padded_row(c) * sizeof *image);
}

KERNEL void kernel_padded_image(float *restrict image, const float *restrict x, const ck_convolution *c) {
  const size_t length = c->width * c->inputs;
  clear_padding(image, c);
  image += c->pad_top * padded_row(c) + c->pad_left * c->inputs;
  for (size_t row = 0; row < c->height; row++) {
    memcpy(image + row * padded_row(c), x + row * length, length * sizeof *x);
  }
}

KERNEL void kernel_padded_image_u8(float *restrict image, const uint8_t *restrict x, float scale,
                                   const ck_convolution *c) {
  const size_t length = c->width * c->inputs;
  clear_padding(image, c);
  if (length == padded_row(c)) {
    kernel_scale_u8(image, x, scale, c->height * length);
    return;
  }
  image += c->pad_top * padded_row(c) + c->pad_left * c->inputs;
  for (size_t row = 0; row < c->height; row++) {
    kernel_scale_u8(image + row * padded_row(c), x + row * length, scale, length);
  }
}

// The pixels of one output line are the rows of a product: their windows start `stride` pixels apart.
KERNEL void kernel_direct_forward(float *restrict y, const float *restrict image, const float *restrict w,
                                  const float *restrict b, const ck_convolution *c) {
  const product_shape s = {.lines = c->kernel_height, .length = c->kernel_width * c->inputs,
                           .x_row = c->stride * c->inputs, .x_line = padded_row(c),
                           .w_row = c->outputs, .y_row = c->outputs};
  for (size_t row = 0; row < c->output_height; row++) {
    const float *window = image + row * c->stride * padded_row(c);
    if (b) {
      for (size_t column = 0; column < c->output_width; column++) {
        memcpy(y + column * c->outputs, b, c->outputs * sizeof *y);
      }
    } else {
      memset(y, 0, c->output_width * c->outputs * sizeof *y);
    }
    for (size_t first = 0; first < c->outputs; first += COLUMNS) {
      add_product_rows(y + first, window, w + first, &s, c->output_width);
    }
    y += c->output_width * c->outputs;
  }
}

// dw[k, 0...15] += sum over output pixels of image[pixel, k] dy[pixel, 0...15], for `rows` values k of a window's line.
INLINE void add_weight_block(float *restrict dw, const float *restrict dy, const float *restrict image,
                             const ck_convolution *c, const size_t rows) {
  vector sum[ROWS][VECTORS];
  UNROLLED for (size_t r = 0; r < rows; r++) {
    UNROLLED for (size_t v = 0; v < VECTORS; v++) sum[r][v] = *(const vector *)(dw + r * c->outputs + v * CK_LANES);
  }
  for (size_t row = 0; row < c->output_height; row++) {
    const float *x = image + row * c->stride * padded_row(c);
    for (size_t column = 0; column < c->output_width; column++, x += c->stride * c->inputs, dy += c->outputs) {
      vector gradient[VECTORS];
      UNROLLED for (size_t v = 0; v < VECTORS; v++) gradient[v] = *(const vector *)(dy + v * CK_LANES);
      UNROLLED for (size_t r = 0; r < rows; r++) {
        UNROLLED for (size_t v = 0; v < VECTORS; v++) sum[r][v] += x[r] * gradient[v];
      }
    }
  }
  UNROLLED for (size_t r = 0; r < rows; r++) {
    UNROLLED for (size_t v = 0; v < VECTORS; v++) *(vector *)(dw + r * c->outputs + v * CK_LANES) = sum[r][v];
  }
}

KERNEL void kernel_direct_backward(float *restrict dw, const float *restrict dy, const float *restrict image,
                                   const ck_convolution *c) {
  const size_t length = c->kernel_width * c->inputs;
  for (size_t ky = 0; ky < c->kernel_height; ky++, image += padded_row(c)) {
    for (size_t k = 0; k < length;) {
      const size_t left = length - k;
      const size_t rows = left >= ROWS ? ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      for (size_t first = 0; first < c->outputs; first += COLUMNS) {
        float *block = dw + k * c->outputs + first;
        if (rows == ROWS) add_weight_block(block, dy + first, image + k, c, ROWS);
        else if (ROWS > 4 && rows == 4) add_weight_block(block, dy + first, image + k, c, 4);
        else if (ROWS > 2 && rows == 2) add_weight_block(block, dy + first, image + k, c, 2);
        else add_weight_block(block, dy + first, image + k, c, 1);
      }
      k += rows;
    }
    dw += length * c->outputs;
  }
}
