#include <string.h>

#include "ck_reduce.h"
#include "convolution.h"
#include "kernel_table.h"

// Sixteen numbers fill the vectors of every level. (Narrower results would waste lanes; BLAS has a way with those.)
int ck_is_direct(size_t outputs) { return outputs % 16 == 0; }

// An image with zeros around it, so that every window lies within.
typedef struct {
  size_t height, width;  // with the zeros
  size_t top, left;
} frame;

static size_t floats_of(frame f, size_t channels) { return f.height * f.width * channels; }

// Zeros around what lies within: `rows` rows of `length` floats.
static void clear_border(float *copy, frame f, size_t channels, size_t rows, size_t length) {
  const size_t row = f.width * channels, left = f.left * channels, right = row - left - length;
  memset(copy, 0, f.top * row * sizeof *copy);
  memset(copy + (f.top + rows) * row, 0, (f.height - f.top - rows) * row * sizeof *copy);
  for (size_t i = 0; i < rows; i++) {
    float *line = copy + (f.top + i) * row;
    memset(line, 0, left * sizeof *copy);
    memset(line + left + length, 0, right * sizeof *copy);
  }
}

static frame input_frame(const ck_convolution *c) {
  return (frame){c->pad_top + c->height + c->pad_bottom, c->pad_left + c->width + c->pad_right, c->pad_top,
                 c->pad_left};
}

// The gradient with respect to x is a convolution, too, of dy with the transposed weights: stride 1 over dy, one for each
// position of an input pixel relative to the stride (a phase). A phase sees every stride-th tap only.
typedef struct {
  size_t first, count;  // input rows (or columns) of the phase: first, first + stride, ...
  size_t taps;          // of the kernel that meet them
  size_t start;         // row of dy, framed, in which the window of the first begins
} phase;

static size_t most_taps(size_t kernel, size_t stride) { return (kernel + stride - 1) / stride; }

static phase phase_of(size_t number, size_t size, size_t kernel, size_t stride, size_t pad) {
  phase p = {.first = (number + stride - pad % stride) % stride};
  p.count = p.first < size ? (size - p.first + stride - 1) / stride : 0;
  p.taps = number < kernel ? (kernel - number + stride - 1) / stride : 0;
  p.start = (p.first + pad) / stride + most_taps(kernel, stride) - p.taps;
  return p;
}

static size_t framed_gradient(size_t outputs, size_t size, size_t kernel, size_t stride, size_t pad) {
  const size_t last = (size - 1 + pad) / stride + 1;
  return most_taps(kernel, stride) - 1 + (outputs > last ? outputs : last);
}

static frame gradient_frame(const ck_convolution *c) {
  return (frame){framed_gradient(c->output_height, c->height, c->kernel_height, c->stride, c->pad_top),
                 framed_gradient(c->output_width, c->width, c->kernel_width, c->stride, c->pad_left),
                 most_taps(c->kernel_height, c->stride) - 1, most_taps(c->kernel_width, c->stride) - 1};
}

static size_t weight_floats(const ck_convolution *c) {
  return c->kernel_height * c->kernel_width * c->inputs * c->outputs;
}

size_t ck_direct_workspace(const ck_convolution *c) {
  return floats_of(input_frame(c), c->inputs) + floats_of(gradient_frame(c), c->outputs) + weight_floats(c);
}

// The input of image i as its windows want it, in `copy` unless it lies so already. `copy` has its border already.
static const float *framed_input(float *copy, const ck_images *x, const ck_convolution *c, size_t i) {
  const frame f = input_frame(c);
  const size_t offset = i * ck_input_floats(c), length = c->width * c->inputs, row = f.width * c->inputs;
  float *inside = copy + (f.top * f.width + f.left) * c->inputs;
  if (x->bytes) {
    ck_kernels()->copy_image_u8(inside, x->bytes + offset, x->scale, c->height, length, row);
  } else if (c->relu_input || f.height != c->height || f.width != c->width) {
    ck_kernels()->copy_image(inside, x->floats + offset, NULL, c->relu_input, c->height, length, row);
  } else {
    return x->floats + offset;
  }
  return copy;
}

static ck_windows forward_windows(const ck_convolution *c) {
  const size_t row = input_frame(c).width * c->inputs;
  return (ck_windows){.rows = c->output_height, .columns = c->output_width,
                      .lines = c->kernel_height, .length = c->kernel_width * c->inputs,
                      .x_row = c->stride * row, .x_column = c->stride * c->inputs, .x_line = row,
                      .y_row = c->output_width * c->outputs, .y_column = c->outputs, .w_row = c->outputs};
}

void ck_direct_forward(const ck_convolution_pass *p, const ck_convolution *c) {
  const ck_windows windows = forward_windows(c);
  clear_border(p->workspace, input_frame(c), c->inputs, c->height, c->width * c->inputs);
  for (size_t i = 0; i < p->images; i++) {
    const float *x = framed_input(p->workspace, &p->x, c, i);
    const size_t offset = i * ck_output_floats(c);
    const ck_finish finish = {.bias = p->b, .added = p->residual ? p->residual + offset : NULL,
                              .relu = c->relu_output};
    ck_kernels()->convolve(p->y + offset, x, p->w, &windows, &finish);
  }
}

// Transposed weights of all phases, one after the other.
static void flip_weights(float *flipped, const float *w, const ck_convolution *c) {
  for (size_t row = 0; row < c->stride; row++) {
    for (size_t column = 0; column < c->stride; column++) {
      const size_t lines = phase_of(row, c->height, c->kernel_height, c->stride, c->pad_top).taps;
      const size_t taps = phase_of(column, c->width, c->kernel_width, c->stride, c->pad_left).taps;
      ck_kernels()->flip_weights(flipped, w, c, row, column, lines, taps);
      flipped += lines * taps * c->inputs * c->outputs;
    }
  }
}

static void add_input_gradient(float *dx, const float *gradient, const float *flipped, const float *x,
                               const ck_convolution *c) {
  const size_t row_floats = gradient_frame(c).width * c->outputs;
  for (size_t row = 0; row < c->stride; row++) {
    for (size_t column = 0; column < c->stride; column++) {
      const phase down = phase_of(row, c->height, c->kernel_height, c->stride, c->pad_top);
      const phase across = phase_of(column, c->width, c->kernel_width, c->stride, c->pad_left);
      const size_t place = (down.first * c->width + across.first) * c->inputs;
      const ck_windows windows = {.rows = down.count, .columns = across.count,
                                  .lines = down.taps, .length = across.taps * c->outputs,
                                  .x_row = row_floats, .x_column = c->outputs, .x_line = row_floats,
                                  .y_row = c->stride * c->width * c->inputs, .y_column = c->stride * c->inputs,
                                  .w_row = c->inputs};
      const ck_finish finish = {.mask = c->relu_input ? x + place : NULL, .added = dx + place};
      ck_kernels()->convolve(dx + place, gradient + down.start * row_floats + across.start * c->outputs, flipped,
                             &windows, &finish);
      flipped += windows.lines * windows.length * c->inputs;
    }
  }
}

void ck_direct_backward(const ck_convolution_pass *p, const ck_convolution *c) {
  const frame inputs = input_frame(c), outputs = gradient_frame(c);
  float *input = p->workspace, *gradient = input + floats_of(inputs, c->inputs);
  float *flipped = gradient + floats_of(outputs, c->outputs);
  float *inside = gradient + (outputs.top * outputs.width + outputs.left) * c->outputs;
  const size_t row = outputs.width * c->outputs, length = c->output_width * c->outputs;
  if (p->dw) clear_border(input, inputs, c->inputs, c->height, c->width * c->inputs);
  if (p->dx) {
    clear_border(gradient, outputs, c->outputs, c->output_height, length);
    flip_weights(flipped, p->w, c);
  }

  ck_windows windows = forward_windows(c);
  for (size_t i = 0; i < p->images; i++) {
    const size_t offset = i * ck_output_floats(c);
    const float *dy = p->dy + offset;
    if (p->dx || c->relu_output) {
      const float *mask = c->relu_output ? p->activated + offset : NULL;
      ck_kernels()->copy_image(inside, dy, mask, 0, c->output_height, length, row);
      dy = inside;
      windows.y_row = row;
    }
    if (p->db) {
      for (size_t y = 0; y < c->output_height; y++) ck_column_sum(p->db, dy + y * windows.y_row, c->output_width, c->outputs);
    }
    if (p->dw) ck_kernels()->convolve_weights(p->dw, dy, framed_input(input, &p->x, c, i), &windows);
    if (p->dx) {
      const size_t place = i * ck_input_floats(c);
      add_input_gradient(p->dx + place, gradient, flipped, p->x.floats + place, c);
    }
  }
}
