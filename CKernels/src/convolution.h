/// How the ways of a convolution share the work: by minimal filtering, directly on images, or as products of matrices of
/// patches.
#ifndef CK_CONVOLUTION_INTERNAL_H
#define CK_CONVOLUTION_INTERNAL_H
#include "ck_convolution.h"

/// The windows of one image and their results. Distances are in floats.
typedef struct {
  size_t rows, columns;      ///< of results
  size_t lines, length;      ///< a window is `lines` pieces of `length` numbers; each number has a row of w
  size_t x_row, x_column;    ///< from a window to the one below it, and to the one beside it
  size_t x_line;             ///< from piece to piece
  size_t y_row, y_column;    ///< from result to result
  size_t w_row;              ///< numbers of a result: 16 at least; a multiple of 16 where they are added to
} ck_windows;

/// What becomes of a sum before it is stored: y = added + masked(relu(sum + bias)). `added` and `mask` lie like y, and
/// each may be NULL; y may be `added`.
typedef struct {
  const float *bias;
  const float *mask;  ///< results count only where it is above 0
  const float *added;
  int relu;
} ck_finish;

/// The results of a 3x3 convolution of one image, four side by side in a tile, which sees six columns of pixels: tile j
/// those from column 4 j - left on.
typedef struct {
  size_t height, width, channels;  ///< the image
  size_t top, left;                ///< zeros before it; there are as many after it as the results ask for
  size_t result_height, result_width, results;
  size_t columns;                  ///< of tiles
} ck_tiles;

/// One pass over images. What a caller has no use for is NULL.
typedef struct {
  float *y;               ///< forward: result
  float *dx, *dw, *db;    ///< backward: results
  ck_images x;
  const float *dy;        ///< backward: gradient of the result, and
  const float *activated; ///< the result itself where it went through a ReLU
  const float *w, *b, *residual;
  float *workspace;
  size_t images;
} ck_convolution_pass;

/// Whether the direct way can do a product whose results have so many numbers.
int ck_is_direct(size_t outputs);

/// Whether minimal filtering applies: 3x3, stride 1, channels in sixteens on both sides. Only floats are filtered.
int ck_is_winograd(const ck_convolution *c);

size_t ck_winograd_workspace(const ck_convolution *c);
size_t ck_direct_workspace(const ck_convolution *c);
size_t ck_patch_workspace(const ck_convolution *c);
void ck_winograd_forward(const ck_convolution_pass *p, const ck_convolution *c);
void ck_winograd_backward(const ck_convolution_pass *p, const ck_convolution *c);
void ck_direct_forward(const ck_convolution_pass *p, const ck_convolution *c);
void ck_patch_forward(const ck_convolution_pass *p, const ck_convolution *c);
void ck_direct_backward(const ck_convolution_pass *p, const ck_convolution *c);
void ck_patch_backward(const ck_convolution_pass *p, const ck_convolution *c);

static inline size_t ck_input_floats(const ck_convolution *c) { return c->height * c->width * c->inputs; }
static inline size_t ck_output_pixels(const ck_convolution *c) { return c->output_height * c->output_width; }
static inline size_t ck_output_floats(const ck_convolution *c) { return ck_output_pixels(c) * c->outputs; }

#endif
