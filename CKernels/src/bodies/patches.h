// A patch is what one output pixel sees: `[kernel_height, kernel_width, inputs]` in one row. Patches are numbered over
// images, rows and columns of the output.
typedef struct {
  size_t image, row, column;
} patch_position;

INLINE patch_position position_of(size_t patch, const ck_convolution *c) {
  const size_t pixels = c->output_height * c->output_width, pixel = patch % pixels;
  return (patch_position){patch / pixels, pixel / c->output_width, pixel % c->output_width};
}

INLINE void advance(patch_position *at, const ck_convolution *c) {
  if (++at->column < c->output_width) return;
  at->column = 0;
  if (++at->row < c->output_height) return;
  at->row = 0;
  at->image++;
}

// Where a patch's line `ky` lies: `length` values from `source` in the input go to `target` within the line; the rest
// is padding.
typedef struct {
  size_t source, target, length;
} patch_line;

INLINE patch_line line_of(const ck_convolution *c, patch_position at, size_t ky) {
  const size_t row = at.row * c->stride + ky - c->pad_top;  // wraps to a huge number above the image
  if (row >= c->height) return (patch_line){0, 0, 0};
  const size_t start = at.column * c->stride, end = start + c->kernel_width;  // in columns of the padded image
  const size_t first = start > c->pad_left ? start : c->pad_left;
  const size_t last = end < c->width + c->pad_left ? end : c->width + c->pad_left;
  if (first >= last) return (patch_line){0, 0, 0};
  return (patch_line){((at.image * c->height + row) * c->width + first - c->pad_left) * c->inputs,
                      (first - start) * c->inputs, (last - first) * c->inputs};
}

KERNEL void kernel_patches(float *restrict patches, const float *restrict x, const ck_convolution *c, size_t first,
                           size_t count) {
  const size_t length = c->kernel_width * c->inputs;
  patch_position at = position_of(first, c);
  for (size_t patch = 0; patch < count; patch++, advance(&at, c)) {
    for (size_t ky = 0; ky < c->kernel_height; ky++, patches += length) {
      const patch_line line = line_of(c, at, ky);
      if (line.length < length) memset(patches, 0, length * sizeof *patches);
      for (size_t j = 0; j < line.length; j++) patches[line.target + j] = x[line.source + j];
    }
  }
}

KERNEL void kernel_patches_u8(float *restrict patches, const uint8_t *restrict x, float scale, const ck_convolution *c,
                              size_t first, size_t count) {
  const size_t length = c->kernel_width * c->inputs;
  patch_position at = position_of(first, c);
  for (size_t patch = 0; patch < count; patch++, advance(&at, c)) {
    for (size_t ky = 0; ky < c->kernel_height; ky++, patches += length) {
      const patch_line line = line_of(c, at, ky);
      if (line.length < length) memset(patches, 0, length * sizeof *patches);
      for (size_t j = 0; j < line.length; j++) patches[line.target + j] = scale * (float)x[line.source + j];
    }
  }
}

// Where `mask` is given, dx changes only where that is above 0.
KERNEL void kernel_add_patches(float *restrict dx, const float *restrict patches, const float *restrict mask,
                               const ck_convolution *c, size_t first, size_t count) {
  const size_t length = c->kernel_width * c->inputs;
  patch_position at = position_of(first, c);
  for (size_t patch = 0; patch < count; patch++, advance(&at, c)) {
    for (size_t ky = 0; ky < c->kernel_height; ky++, patches += length) {
      const patch_line line = line_of(c, at, ky);
      for (size_t j = 0; j < line.length; j++) {
        const float term = patches[line.target + j];
        dx[line.source + j] += !mask || mask[line.source + j] > 0.0f ? term : 0.0f;
      }
    }
  }
}
