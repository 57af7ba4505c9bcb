#include <string.h>

#include "ck_activation.h"
#include "ck_linear.h"
#include "ck_reduce.h"
#include "convolution.h"
#include "kernel_table.h"
#include "matrix.h"

// Patches of a slice fill at most this many floats (256 KiB), a share of the second-level cache.
enum { SLICE_FLOATS = 65536 };

static size_t patch_length(const ck_convolution *c) { return c->kernel_height * c->kernel_width * c->inputs; }

// A few rows of patches at least, or the matrix products would have no work, however long a patch is.
static size_t patches_per_slice(const ck_convolution *c) {
  const size_t fitting = SLICE_FLOATS / patch_length(c);
  return fitting < 16 ? 16 : fitting;
}

// A slice of patches, and of the gradient that a ReLU lets through.
size_t ck_patch_workspace(const ck_convolution *c) {
  return patches_per_slice(c) * (patch_length(c) + c->outputs);
}

static void make_patches(float *patches, const ck_images *x, const ck_convolution *c, size_t first, size_t count) {
  if (x->bytes) {
    ck_kernels()->patches_u8(patches, x->bytes, x->scale, c, first, count);
    return;
  }
  ck_kernels()->patches(patches, x->floats, c, first, count);
  if (c->relu_input) ck_relu_forward(patches, patches, count * patch_length(c));
}

void ck_patch_forward(const ck_convolution_pass *p, const ck_convolution *c) {
  const size_t total = p->images * ck_output_pixels(c), slice = patches_per_slice(c);
  for (size_t first = 0; first < total; first += slice) {
    const size_t count = total - first < slice ? total - first : slice, numbers = count * c->outputs;
    float *y = p->y + first * c->outputs;
    make_patches(p->workspace, &p->x, c, first, count);
    ck_linear_forward(y, p->workspace, p->w, p->b, count, patch_length(c), c->outputs);
    if (c->relu_output) ck_relu_forward(y, y, numbers);
    if (p->residual) ck_accumulate(y, p->residual + first * c->outputs, numbers);
  }
}

void ck_patch_backward(const ck_convolution_pass *p, const ck_convolution *c) {
  const size_t total = p->images * ck_output_pixels(c), slice = patches_per_slice(c), length = patch_length(c);
  float *patches = p->workspace, *passed = patches + slice * length;
  for (size_t first = 0; first < total; first += slice) {
    const size_t count = total - first < slice ? total - first : slice, numbers = count * c->outputs;
    const float *dy = p->dy + first * c->outputs;
    if (c->relu_output) {
      memset(passed, 0, numbers * sizeof *passed);
      ck_relu_backward(passed, dy, p->activated + first * c->outputs, numbers);
      dy = passed;
    }
    if (p->db) ck_column_sum(p->db, dy, count, c->outputs);
    if (p->dw) {
      make_patches(patches, &p->x, c, first, count);
      add_transpose_product(p->dw, patches, dy, count, length, c->outputs);
    }
    if (p->dx) {
      memset(patches, 0, count * length * sizeof *patches);
      add_product_with_transpose(patches, dy, p->w, count, length, c->outputs);
      ck_kernels()->add_patches(p->dx, patches, c->relu_input ? p->x.floats : NULL, c, first, count);
    }
  }
}
