#include "test.h"

typedef struct {
  const ck_convolution *c;
  size_t images;
  double *x, *w, *b, *residual;
  const float *dy;
} layer;

static double relu(double x) { return x < 0 ? 0 : x; }

static size_t outputs_of(const ck_convolution *c, size_t images) {
  return images * c->output_height * c->output_width * c->outputs;
}

/// The definition: every output, every tap, padding by asking whether a position lies in the image.
static void reference(double *y, const layer *l) {
  const ck_convolution *c = l->c;
  for (size_t i = 0; i < outputs_of(c, l->images); i++) {
    const size_t o = i % c->outputs, pixel = i / c->outputs, column = pixel % c->output_width;
    const size_t row = pixel / c->output_width % c->output_height, image = pixel / c->output_width / c->output_height;
    double sum = l->b ? l->b[o] : 0;
    for (size_t ky = 0; ky < c->kernel_height; ky++) {
      for (size_t kx = 0; kx < c->kernel_width; kx++) {
        const long from_row = (long)(row * c->stride + ky) - (long)c->pad_top;
        const long from_column = (long)(column * c->stride + kx) - (long)c->pad_left;
        if (from_row < 0 || from_row >= (long)c->height || from_column < 0 || from_column >= (long)c->width) continue;
        const double *x = l->x + ((image * c->height + (size_t)from_row) * c->width + (size_t)from_column) * c->inputs;
        const double *w = l->w + (ky * c->kernel_width + kx) * c->inputs * c->outputs + o;
        for (size_t k = 0; k < c->inputs; k++) sum += (c->relu_input ? relu(x[k]) : x[k]) * w[k * c->outputs];
      }
    }
    y[i] = (c->relu_output ? relu(sum) : sum) + (l->residual ? l->residual[i] : 0);
  }
}

static double loss(void *context) {
  const layer *l = context;
  static double y[1 << 16];
  reference(y, l);
  return weighted(y, l->dy, outputs_of(l->c, l->images));
}

/// Rounding of a sum of n products, each at most 1 and of random sign.
static double rounding(const ck_convolution *c) {
  return 1e-6 * sqrt((double)(c->kernel_height * c->kernel_width * c->inputs));
}

/// Every difference costs two slow convolutions, so a sample of the elements has to do.
static void check_some(const char *name, const float *gradient, const float *initial, double *x, size_t n, layer *l) {
  const size_t stride = n / 12 + 1;
  for (size_t i = 0; i < n; i += stride) check_gradient(name, gradient + i, initial + i, x + i, 1, loss, l, 1e-5);
}

static void test_floats(ck_convolution c, size_t images) {
  const size_t nx = images * c.height * c.width * c.inputs, ny = outputs_of(&c, images);
  const size_t nw = c.kernel_height * c.kernel_width * c.inputs * c.outputs, nb = c.outputs;
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = noise(nb, 1), *dy = noise(ny, 1), *y = dirty(ny);
  const ck_images floats = {.floats = x};
  float *workspace = dirty(ck_convolution_workspace(&c));
  layer l = {&c, images, widen(x, nx), widen(w, nw), widen(b, nb), NULL, dy};
  double *expected = allocate(ny * sizeof *expected);
  reference(expected, &l);
  ck_convolution_forward(y, floats, w, b, NULL, workspace, &c, images);
  check_all("forward", y, expected, ny, rounding(&c));

  float *dx = noise(nx, 1), *dw = noise(nw, 1), *db = noise(nb, 1);
  float *dx0 = copy(dx, nx), *dw0 = copy(dw, nw), *db0 = copy(db, nb);
  ck_convolution_backward(NULL, NULL, NULL, dy, floats, y, w, workspace, &c, images);
  ck_convolution_backward(dx, NULL, NULL, dy, floats, y, w, workspace, &c, images);
  ck_convolution_backward(NULL, dw, db, dy, floats, y, w, workspace, &c, images);
  check_some("dx", dx, dx0, l.x, nx, &l);
  check_some("dw", dw, dw0, l.w, nw, &l);
  check_some("db", db, db0, l.b, nb, &l);
  float *dx1 = copy(dx0, nx), *dw1 = copy(dw0, nw), *db1 = copy(db0, nb);
  ck_convolution_backward(dx1, dw1, db1, dy, floats, y, w, workspace, &c, images);
  check_true("gradients together are those one by one",
             !memcmp(dx, dx1, nx * sizeof *dx) && !memcmp(dw, dw1, nw * sizeof *dw) && !memcmp(db, db1, nb * sizeof *db));

  l.b = NULL;
  float *residual = noise(ny, 1);
  l.residual = widen(residual, ny);
  reference(expected, &l);
  ck_convolution_forward(y, floats, w, NULL, residual, workspace, &c, images);
  check_all("forward without bias, with a residual", y, expected, ny, rounding(&c));
}

/// The same convolution with each combination of its ReLUs.
static void test_relus(ck_convolution c, size_t images) {
  for (int flags = 0; flags < 4; flags++) {
    c.relu_input = flags & 1;
    c.relu_output = flags >> 1;
    test_floats(c, images);
  }
}

static void test_bytes(ck_convolution c, size_t images) {
  const float scale = 1.0f / 255.0f;
  const size_t nx = images * c.height * c.width * c.inputs, ny = outputs_of(&c, images);
  const size_t nw = c.kernel_height * c.kernel_width * c.inputs * c.outputs, nb = c.outputs;
  uint8_t *x = allocate(nx);
  double *wide = allocate(nx * sizeof *wide);
  for (size_t i = 0; i < nx; i++) {
    x[i] = (uint8_t)random_index(256);
    wide[i] = (double)scale * x[i];
  }
  const ck_images bytes = {.bytes = x, .scale = scale};
  float *w = noise(nw, 1), *b = noise(nb, 1), *dy = noise(ny, 1), *y = dirty(ny);
  float *workspace = dirty(ck_convolution_workspace(&c));
  layer l = {&c, images, wide, widen(w, nw), widen(b, nb), NULL, dy};
  double *expected = allocate(ny * sizeof *expected);
  reference(expected, &l);
  ck_convolution_forward(y, bytes, w, b, NULL, workspace, &c, images);
  check_all("forward of bytes", y, expected, ny, rounding(&c));

  float *dw = noise(nw, 1), *db = noise(nb, 1), *dw0 = copy(dw, nw), *db0 = copy(db, nb);
  ck_convolution_backward(NULL, NULL, NULL, dy, bytes, y, w, workspace, &c, images);
  ck_convolution_backward(NULL, dw, NULL, dy, bytes, y, w, workspace, &c, images);
  ck_convolution_backward(NULL, NULL, db, dy, bytes, y, w, workspace, &c, images);
  check_some("dw of bytes", dw, dw0, l.w, nw, &l);
  check_some("db of bytes", db, db0, l.b, nb, &l);
}

int main(void) {
  const struct {
    ck_convolution c;
    size_t images;
  } cases[] = {
      {ck_convolution_make(1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0), 1},
      {ck_convolution_make(5, 4, 3, 1, 1, 6, 1, 0, 0, 0, 0), 3},    // pointwise
      {ck_convolution_make(5, 4, 3, 1, 1, 16, 2, 0, 0, 0, 0), 2},
      {ck_convolution_make(5, 4, 2, 1, 1, 3, 1, 1, 0, 0, 0), 2},    // pointwise but for padding
      {ck_convolution_make(10, 10, 10, 3, 3, 16, 1, 0, 0, 0, 0), 9},  // the small boards
      {ck_convolution_make(10, 10, 4, 3, 3, 32, 1, 0, 0, 0, 0), 2},
      {ck_convolution_make(7, 9, 5, 3, 2, 48, 1, 0, 0, 0, 0), 3},
      {ck_convolution_make(6, 6, 3, 3, 3, 16, 1, 1, 1, 1, 1), 3},   // SAME
      {ck_convolution_make(12, 11, 3, 4, 4, 16, 2, 0, 0, 0, 0), 2},
      {ck_convolution_make(12, 11, 3, 4, 3, 5, 3, 2, 1, 1, 3), 2},  // uneven padding
      {ck_convolution_make(3, 3, 2, 3, 3, 16, 1, 2, 2, 2, 2), 2},   // more padding than image
      {ck_convolution_make(2, 20, 1, 2, 5, 16, 1, 0, 0, 0, 0), 2},
      {ck_convolution_make(20, 20, 4, 8, 8, 16, 4, 0, 0, 0, 0), 3},
      {ck_convolution_make(6, 6, 130, 5, 5, 3, 1, 2, 2, 2, 2), 2},  // several slices: patches of 3250
      // Minimal filtering: every part of a tile of four, an image narrower than a tile, uneven and much padding.
      {ck_convolution_make(7, 25, 16, 3, 3, 16, 1, 1, 1, 1, 1), 2},
      {ck_convolution_make(5, 15, 16, 3, 3, 80, 1, 1, 1, 1, 1), 1},
      {ck_convolution_make(3, 3, 16, 3, 3, 16, 1, 0, 0, 0, 0), 2},
      {ck_convolution_make(4, 2, 16, 3, 3, 32, 1, 1, 1, 1, 1), 2},
      {ck_convolution_make(3, 6, 32, 3, 3, 16, 1, 1, 1, 1, 1), 1},
      {ck_convolution_make(4, 8, 16, 3, 3, 16, 1, 1, 1, 1, 1), 1},
      {ck_convolution_make(5, 9, 16, 3, 3, 16, 1, 0, 2, 1, 0), 2},
      {ck_convolution_make(2, 3, 16, 3, 3, 16, 1, 3, 3, 4, 3), 1},
      {ck_convolution_make(2, 70, 16, 3, 3, 48, 1, 1, 1, 1, 1), 1},
      {ck_convolution_make(40, 9, 48, 3, 3, 16, 1, 1, 1, 1, 1), 1},  // several groups of columns
      // Inputs in sixteens, but another kernel: the gradient with respect to x goes the direct way.
      {ck_convolution_make(6, 7, 16, 3, 3, 5, 1, 1, 1, 1, 1), 2},   // and the others through patches
      {ck_convolution_make(8, 9, 32, 4, 4, 5, 2, 0, 0, 0, 0), 2},
      {ck_convolution_make(9, 10, 16, 4, 3, 32, 2, 1, 2, 2, 1), 2},
      {ck_convolution_make(11, 12, 16, 5, 5, 16, 3, 0, 1, 0, 0), 2},
      {ck_convolution_make(9, 8, 16, 2, 1, 16, 3, 1, 0, 0, 1), 2},  // inputs that no window sees
      {ck_convolution_make(1, 1, 16, 1, 1, 48, 1, 0, 0, 0, 0), 3},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    ck_convolution c = cases[k].c;
    test_relus(c, cases[k].images);
    test_floats(c, 1);
    test_bytes(c, cases[k].images);
    c.relu_output = 1;
    test_bytes(c, cases[k].images);
  }
  return finish();
}
