#include "ck_convolution.h"

#include "convolution.h"

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

size_t ck_convolution_workspace(const ck_convolution *c) {
  const size_t sizes[] = {ck_is_winograd(c) ? ck_winograd_workspace(c) : 0, ck_direct_workspace(c), ck_patch_workspace(c)};
  size_t most = 0;
  for (size_t i = 0; i < 3; i++) most = sizes[i] > most ? sizes[i] : most;
  return most;
}

static int is_winograd(const ck_convolution_pass *p, const ck_convolution *c) { return ck_is_winograd(c) && !p->x.bytes; }

static void forward(const ck_convolution_pass *p, const ck_convolution *c) {
  if (is_winograd(p, c)) {
    ck_winograd_forward(p, c);
  } else if (ck_is_direct(c->outputs)) {
    ck_direct_forward(p, c);
  } else {
    ck_patch_forward(p, c);
  }
}

// Results with respect to x and to w have other numbers of channels, so each goes its own way.
static void backward(const ck_convolution_pass *p, const ck_convolution *c) {
  if (is_winograd(p, c)) {
    ck_winograd_backward(p, c);
    return;
  }
  ck_convolution_pass direct = *p, patches = *p;
  if (ck_is_direct(c->outputs)) {
    patches.dw = patches.db = NULL;
  } else {
    direct.dw = direct.db = NULL;
  }
  if (ck_is_direct(c->inputs)) {
    patches.dx = NULL;
  } else {
    direct.dx = NULL;
  }
  if (direct.dx || direct.dw || direct.db) ck_direct_backward(&direct, c);
  if (patches.dx || patches.dw || patches.db) ck_patch_backward(&patches, c);
}

void ck_convolution_forward(float *y, ck_images x, const float *w, const float *b, const float *residual,
                            float *workspace, const ck_convolution *c, size_t images) {
  forward(&(ck_convolution_pass){.y = y, .x = x, .w = w, .b = b, .residual = residual, .workspace = workspace,
                                 .images = images}, c);
}

void ck_convolution_backward(float *dx, float *dw, float *db, const float *dy, ck_images x, const float *y,
                             const float *w, float *workspace, const ck_convolution *c, size_t images) {
  backward(&(ck_convolution_pass){.dx = dx, .dw = dw, .db = db, .dy = dy, .x = x, .activated = y, .w = w,
                                  .workspace = workspace, .images = images}, c);
}
