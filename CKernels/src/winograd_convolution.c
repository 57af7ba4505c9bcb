#include <string.h>

#include "convolution.h"
#include "kernel_table.h"

// Of a tile.
enum { ELEMENTS = 6, RESULTS = 4 };

// Columns of tiles that are worked on together fill about this much (128 KiB), a share of the second-level cache.
enum { TOGETHER_FLOATS = 32768 };

int ck_is_winograd(const ck_convolution *c) {
  return c->kernel_height == 3 && c->kernel_width == 3 && c->stride == 1 && c->inputs % 16 == 0 && c->outputs % 16 == 0;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t tile_floats(const ck_tiles *s) {
  return ELEMENTS * (s->result_height + 2) * larger(s->channels, s->results);
}

static size_t columns_together(const ck_tiles *s) {
  return smaller(larger(TOGETHER_FLOATS / tile_floats(s), 1), s->columns);
}

static ck_tiles forward_tiles(const ck_convolution *c) {
  return (ck_tiles){.height = c->height, .width = c->width, .channels = c->inputs, .top = c->pad_top, .left = c->pad_left,
                    .result_height = c->output_height, .result_width = c->output_width, .results = c->outputs,
                    .columns = (c->output_width + RESULTS - 1) / RESULTS};
}

// The gradient with respect to x is the convolution of dy with the flipped weights.
static ck_tiles gradient_tiles(const ck_convolution *c) {
  return (ck_tiles){.height = c->output_height, .width = c->output_width, .channels = c->outputs,
                    .top = 2 - c->pad_top, .left = 2 - c->pad_left, .result_height = c->height,
                    .result_width = c->width, .results = c->inputs, .columns = (c->width + RESULTS - 1) / RESULTS};
}

static size_t weight_floats(const ck_convolution *c) { return c->inputs * c->outputs; }

// The workspace, part by part: tiles of the image and of products, weights of tiles or their gradient, flipped weights.
typedef struct {
  float *image, *products, *weights, *flipped;
} parts;

static size_t most_tiles_floats(const ck_convolution *c) {
  const ck_tiles forward = forward_tiles(c), gradient = gradient_tiles(c);
  return larger(columns_together(&forward) * tile_floats(&forward), columns_together(&gradient) * tile_floats(&gradient));
}

static parts divide(float *workspace, const ck_convolution *c) {
  float *products = workspace + most_tiles_floats(c), *weights = products + most_tiles_floats(c);
  return (parts){workspace, products, weights, weights + ELEMENTS * 3 * weight_floats(c)};
}

size_t ck_winograd_workspace(const ck_convolution *c) {
  return 2 * most_tiles_floats(c) + (ELEMENTS * 3 + 9) * weight_floats(c);
}

// One element's part in columns of tiles: down a column of the image, three pixels of it make a window.
static ck_windows element_windows(const ck_tiles *s, size_t count) {
  return (ck_windows){.rows = count, .columns = s->result_height, .lines = 1, .length = 3 * s->channels,
                      .x_row = (s->result_height + 2) * s->channels, .x_column = s->channels,
                      .y_row = s->result_height * s->results, .y_column = s->results, .w_row = s->results};
}

// y = finish(conv(x)), one image. x goes through a ReLU, or counts only where the mask is above 0.
static void convolve(float *y, const float *x, const float *mask, int relu, const ck_tiles *s, const parts *p,
                     const ck_finish *finish) {
  const size_t together = columns_together(s);
  for (size_t first = 0; first < s->columns; first += together) {
    const size_t count = smaller(together, s->columns - first);
    const ck_windows windows = element_windows(s, count);
    ck_kernels()->winograd_image(p->image, x, mask, relu, s, first, count);
    for (size_t e = 0; e < ELEMENTS; e++) {
      ck_kernels()->convolve(p->products + e * count * windows.y_row, p->image + e * count * windows.x_row,
                             p->weights + e * 3 * s->channels * s->results, &windows, &(ck_finish){0});
    }
    ck_kernels()->winograd_results(y, p->products, s, first, count, finish);
  }
}

// Adds one image's part to the gradient of the weights of tiles, if asked for, and to db.
static void add_weight_gradient(float *weights, float *db, const float *dy, const float *mask, const float *x, int relu,
                                const ck_tiles *s, const parts *p) {
  const size_t together = columns_together(s);
  for (size_t first = 0; first < s->columns; first += together) {
    const size_t count = smaller(together, s->columns - first);
    const ck_windows windows = element_windows(s, count);
    ck_kernels()->winograd_gradient(p->products, db, dy, mask, s, first, count);
    if (!weights) continue;
    ck_kernels()->winograd_image(p->image, x, NULL, relu, s, first, count);
    for (size_t e = 0; e < ELEMENTS; e++) {
      ck_kernels()->convolve_weights(weights + e * 3 * s->channels * s->results, p->products + e * count * windows.y_row,
                                     p->image + e * count * windows.x_row, &windows);
    }
  }
}

void ck_winograd_forward(const ck_convolution_pass *p, const ck_convolution *c) {
  const ck_tiles tiles = forward_tiles(c);
  const parts parts = divide(p->workspace, c);
  ck_kernels()->winograd_weights(parts.weights, p->w, weight_floats(c));
  for (size_t i = 0; i < p->images; i++) {
    const size_t offset = i * ck_output_floats(c);
    const ck_finish finish = {.bias = p->b, .added = p->residual ? p->residual + offset : NULL,
                              .relu = c->relu_output};
    convolve(p->y + offset, p->x.floats + i * ck_input_floats(c), NULL, c->relu_input, &tiles, &parts, &finish);
  }
}

static void backward_to_weights(const ck_convolution_pass *p, const ck_convolution *c, const parts *parts) {
  const ck_tiles tiles = forward_tiles(c);
  if (p->dw) memset(parts->weights, 0, ELEMENTS * 3 * weight_floats(c) * sizeof *parts->weights);
  for (size_t i = 0; i < p->images; i++) {
    const size_t offset = i * ck_output_floats(c);
    add_weight_gradient(p->dw ? parts->weights : NULL, p->db, p->dy + offset,
                        c->relu_output ? p->activated + offset : NULL, p->x.floats + i * ck_input_floats(c),
                        c->relu_input, &tiles, parts);
  }
  if (p->dw) ck_kernels()->winograd_weight_gradient(p->dw, parts->weights, weight_floats(c));
}

static void backward_to_input(const ck_convolution_pass *p, const ck_convolution *c, const parts *parts) {
  const ck_tiles tiles = gradient_tiles(c);
  ck_kernels()->flip_weights(parts->flipped, p->w, c, 0, 0, 3, 3);
  ck_kernels()->winograd_weights(parts->weights, parts->flipped, weight_floats(c));
  for (size_t i = 0; i < p->images; i++) {
    const size_t offset = i * ck_output_floats(c), place = i * ck_input_floats(c);
    const ck_finish finish = {.mask = c->relu_input ? p->x.floats + place : NULL, .added = p->dx + place};
    convolve(p->dx + place, p->dy + offset, c->relu_output ? p->activated + offset : NULL, 0, &tiles, parts, &finish);
  }
}

void ck_winograd_backward(const ck_convolution_pass *p, const ck_convolution *c) {
  const parts parts = divide(p->workspace, c);
  if (p->dw || p->db) backward_to_weights(p, c, &parts);
  if (p->dx) backward_to_input(p, c, &parts);
}
