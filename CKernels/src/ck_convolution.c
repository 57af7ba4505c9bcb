#include "ck_convolution.h"

#include <string.h>

#include "ck_activation.h"
#include "ck_linear.h"
#include "ck_reduce.h"
#include "kernel_table.h"
#include "matrix.h"

// Patches of a slice fill at most this many floats (256 KiB), a share of the second-level cache.
enum { SLICE_FLOATS = 65536 };

ck_convolution ck_convolution_make(size_t height, size_t width, size_t inputs, size_t kernel_height,
                                   size_t kernel_width, size_t outputs, size_t stride, size_t pad_top, size_t pad_left,
                                   size_t pad_bottom, size_t pad_right) {
  return (ck_convolution){
      .height = height,
      .width = width,
      .inputs = inputs,
      .kernel_height = kernel_height,
      .kernel_width = kernel_width,
      .outputs = outputs,
      .stride = stride,
      .pad_top = pad_top,
      .pad_left = pad_left,
      .pad_bottom = pad_bottom,
      .pad_right = pad_right,
      .output_height = (height + pad_top + pad_bottom - kernel_height) / stride + 1,
      .output_width = (width + pad_left + pad_right - kernel_width) / stride + 1,
  };
}

static size_t patch_length(const ck_convolution *c) { return c->kernel_height * c->kernel_width * c->inputs; }

// A few rows of patches at least, or the matrix products would have no work, however long a patch is.
static size_t patches_per_slice(const ck_convolution *c) {
  const size_t fitting = SLICE_FLOATS / patch_length(c);
  return fitting < 16 ? 16 : fitting;
}

size_t ck_convolution_workspace(const ck_convolution *c) { return patches_per_slice(c) * patch_length(c); }

static size_t patch_count(const ck_convolution *c, size_t images) {
  return images * c->output_height * c->output_width;
}

// The input already is its own matrix of patches.
static int is_pointwise(const ck_convolution *c) {
  return c->kernel_height == 1 && c->kernel_width == 1 && c->stride == 1 && c->output_height == c->height &&
         c->output_width == c->width && c->pad_top == 0 && c->pad_left == 0;
}

// The input, as floats or as bytes with a scale: exactly one pointer is set.
typedef struct {
  const float *floats;
  const uint8_t *bytes;
  float scale;
} image_view;

// The direct kernels compute sixteen outputs of a pixel at a time, and read the image again for each sixteen. Where
// outputs are few, BLAS has too little work a patch to earn the patch's copy; from 64 outputs on it wins. Machines
// without the registers that the direct kernels want are left to BLAS, too. The image must fit the workspace.
enum { DIRECT_OUTPUTS = 32 };

static int is_direct(const ck_convolution *c) {
  const size_t padded_height = c->pad_top + c->height + c->pad_bottom;
  const size_t padded_width = c->pad_left + c->width + c->pad_right;
  return c->outputs % 16 == 0 && c->outputs <= DIRECT_OUTPUTS &&
         padded_height * padded_width * c->inputs <= ck_convolution_workspace(c) &&
         ck_kernel_level() > CK_LEVEL_PORTABLE;
}

static int is_padded(const ck_convolution *c) { return c->pad_top || c->pad_left || c->pad_bottom || c->pad_right; }

// One image as the direct kernels read it: a copy, unless it already is floats without padding.
static const float *direct_image(float *restrict copy, image_view x, const ck_convolution *c, size_t image) {
  const size_t offset = image * c->height * c->width * c->inputs;
  if (x.floats && !is_padded(c)) return x.floats + offset;
  if (x.floats) {
    ck_kernels()->padded_image(copy, x.floats + offset, c);
  } else {
    ck_kernels()->padded_image_u8(copy, x.bytes + offset, x.scale, c);
  }
  return copy;
}

static void make_patches(float *restrict patches, image_view x, const ck_convolution *c, size_t first, size_t count) {
  if (x.floats) {
    ck_kernels()->patches(patches, x.floats, c, first, count);
  } else {
    ck_kernels()->patches_u8(patches, x.bytes, x.scale, c, first, count);
  }
}

static void forward(float *restrict y, image_view x, const float *restrict w, const float *restrict b,
                    float *restrict workspace, const ck_convolution *c, size_t images) {
  if (is_direct(c)) {
    for (size_t image = 0; image < images; image++) {
      const float *source = direct_image(workspace, x, c, image);
      ck_kernels()->direct_forward(y + image * patch_count(c, 1) * c->outputs, source, w, b, c);
    }
    return;
  }
  const size_t total = patch_count(c, images), slice = patches_per_slice(c), length = patch_length(c);
  for (size_t first = 0; first < total; first += slice) {
    const size_t count = total - first < slice ? total - first : slice;
    make_patches(workspace, x, c, first, count);
    ck_linear_forward(y + first * c->outputs, workspace, w, b, count, length, c->outputs);
  }
}

static void backward_weights(float *restrict dw, const float *restrict dy, image_view x, float *restrict workspace,
                             const ck_convolution *c, size_t images) {
  if (is_direct(c)) {
    for (size_t image = 0; image < images; image++) {
      const float *source = direct_image(workspace, x, c, image);
      ck_kernels()->direct_backward(dw, dy + image * patch_count(c, 1) * c->outputs, source, c);
    }
    return;
  }
  const size_t total = patch_count(c, images), slice = patches_per_slice(c), length = patch_length(c);
  for (size_t first = 0; first < total; first += slice) {
    const size_t count = total - first < slice ? total - first : slice;
    make_patches(workspace, x, c, first, count);
    add_transpose_product(dw, workspace, dy + first * c->outputs, count, length, c->outputs);
  }
}

static void backward_input(float *restrict dx, const float *restrict dy, const float *restrict w,
                           float *restrict workspace, const ck_convolution *c, size_t images) {
  const size_t total = patch_count(c, images), slice = patches_per_slice(c), length = patch_length(c);
  for (size_t first = 0; first < total; first += slice) {
    const size_t count = total - first < slice ? total - first : slice;
    memset(workspace, 0, count * length * sizeof *workspace);
    add_product_with_transpose(workspace, dy + first * c->outputs, w, count, length, c->outputs);
    ck_kernels()->add_patches(dx, workspace, c, first, count);
  }
}

void ck_convolution_forward(float *restrict y, const float *restrict x, const float *restrict w,
                            const float *restrict b, float *restrict workspace, const ck_convolution *c,
                            size_t images) {
  if (is_pointwise(c)) {
    ck_linear_forward(y, x, w, b, patch_count(c, images), c->inputs, c->outputs);
  } else {
    forward(y, (image_view){.floats = x}, w, b, workspace, c, images);
  }
}

void ck_convolution_forward_u8(float *restrict y, const uint8_t *restrict x, float scale, const float *restrict w,
                               const float *restrict b, float *restrict workspace, const ck_convolution *c,
                               size_t images) {
  forward(y, (image_view){.bytes = x, .scale = scale}, w, b, workspace, c, images);
}

void ck_convolution_backward(float *restrict dx, float *restrict dw, float *restrict db, const float *restrict dy,
                             const float *restrict x, const float *restrict w, float *restrict workspace,
                             const ck_convolution *c, size_t images) {
  if (is_pointwise(c)) {
    ck_linear_backward(dx, dw, db, dy, x, w, patch_count(c, images), c->inputs, c->outputs);
    return;
  }
  if (dx) backward_input(dx, dy, w, workspace, c, images);
  if (dw) backward_weights(dw, dy, (image_view){.floats = x}, workspace, c, images);
  if (db) ck_column_sum(db, dy, patch_count(c, images), c->outputs);
}

void ck_convolution_backward_u8(float *restrict dw, float *restrict db, const float *restrict dy,
                                const uint8_t *restrict x, float scale, float *restrict workspace,
                                const ck_convolution *c, size_t images) {
  if (dw) backward_weights(dw, dy, (image_view){.bytes = x, .scale = scale}, workspace, c, images);
  if (db) ck_column_sum(db, dy, patch_count(c, images), c->outputs);
}
