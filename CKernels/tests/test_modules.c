#include "test.h"

typedef struct {
  size_t rows, targets, sources, width;
  int relu;
  double *p, *y;
  const float *dm;
} mixture;

static void reference_mix(double *m, const mixture *s) {
  for (size_t r = 0; r < s->rows; r++) {
    for (size_t i = 0; i < s->targets; i++) {
      for (size_t k = 0; k < s->width; k++) {
        double sum = 0;
        for (size_t j = 0; j < s->sources; j++) {
          sum += s->p[(r * s->targets + i) * s->sources + j] * s->y[(r * s->sources + j) * s->width + k];
        }
        m[(r * s->targets + i) * s->width + k] = s->relu ? fmax(sum, 0) : sum;
      }
    }
  }
}

static double mix_loss(void *context) {
  const mixture *s = context;
  double m[8192];
  reference_mix(m, s);
  return weighted(m, s->dm, s->rows * s->targets * s->width);
}

/// What backward adds, in double; for sizes where central differences would take long.
static void reference_mix_backward(double *dp, double *dy, const float *m, const mixture *s) {
  for (size_t r = 0; r < s->rows; r++) {
    for (size_t i = 0; i < s->targets; i++) {
      for (size_t j = 0; j < s->sources; j++) {
        const size_t ij = (r * s->targets + i) * s->sources + j;
        for (size_t k = 0; k < s->width; k++) {
          const size_t at_m = (r * s->targets + i) * s->width + k, at_y = (r * s->sources + j) * s->width + k;
          const double gradient = !s->relu || m[at_m] > 0 ? (double)s->dm[at_m] : 0;
          dp[ij] += gradient * s->y[at_y];
          dy[at_y] += gradient * s->p[ij];
        }
      }
    }
  }
}

static void test_mix(size_t rows, size_t targets, size_t sources, size_t width, int relu, int differences) {
  const size_t np = rows * targets * sources, ny = rows * sources * width, nm = rows * targets * width;
  float *p = noise(np, 1), *y = noise(ny, 1), *m = dirty(nm), *dm = noise(nm, 1);
  mixture s = {rows, targets, sources, width, relu, widen(p, np), widen(y, ny), dm};
  double *expected = allocate(nm * sizeof *expected);
  reference_mix(expected, &s);
  ck_mix_forward(m, p, y, rows, targets, sources, width, relu);
  check_all("mix", m, expected, nm, 5e-7);

  float *dp = noise(np, 1), *dy = noise(ny, 1), *dp0 = copy(dp, np), *dy0 = copy(dy, ny);
  const float *mask = relu ? m : NULL;
  double *expected_dp = widen(dp, np), *expected_dy = widen(dy, ny);
  reference_mix_backward(expected_dp, expected_dy, m, &s);
  ck_mix_backward(NULL, NULL, dm, mask, p, y, rows, targets, sources, width);
  ck_mix_backward(dp, NULL, dm, mask, p, y, rows, targets, sources, width);
  check_true("mix dy untouched", memcmp(dy, dy0, ny * sizeof *dy) == 0);
  ck_mix_backward(NULL, dy, dm, mask, p, y, rows, targets, sources, width);
  check_all("mix dp", dp, expected_dp, np, 1e-6 * sqrt((double)width));
  check_all("mix dy", dy, expected_dy, ny, 1e-6);
  if (differences) {
    check_gradient("mix dp", dp, dp0, s.p, np, mix_loss, &s, 1e-5);
    check_gradient("mix dy", dy, dy0, s.y, ny, mix_loss, &s, 1e-5);
  }
  float *both_dp = copy(dp0, np), *both_dy = copy(dy0, ny);
  ck_mix_backward(both_dp, both_dy, dm, mask, p, y, rows, targets, sources, width);
  check_true("mix dp and dy at once",
             memcmp(dp, both_dp, np * sizeof *dp) == 0 && memcmp(dy, both_dy, ny * sizeof *dy) == 0);
}

/// No gradient where m is 0, and NaN stays NaN.
static void test_mix_edges(size_t width) {
  float *p = allocate(sizeof *p), *y = noise(width, 0), *m = dirty(width), *dm = noise(width, 1);
  float *dp = noise(1, 0), *dy = noise(width, 0);
  *p = 0.5f;
  ck_mix_forward(m, p, y, 1, 1, 1, width, 1);
  ck_mix_backward(dp, dy, dm, m, p, y, 1, 1, 1, width);
  for (size_t k = 0; k < width; k++) check_true("mix at the kink", m[k] == 0 && dy[k] == 0);
  y[0] = NAN, y[width - 1] = NAN;
  ck_mix_forward(m, p, y, 1, 1, 1, width, 1);
  check_true("mix of NaN", isnan(m[0]) && isnan(m[width - 1]));
}

typedef struct {
  size_t rows, groups, inputs, outputs;
  double *x, *w, *b;
  const float *dy;
} layer;

static void reference_layer(double *y, const layer *l) {
  for (size_t r = 0; r < l->rows; r++) {
    for (size_t g = 0; g < l->groups; g++) {
      for (size_t o = 0; o < l->outputs; o++) {
        double sum = l->b[g * l->outputs + o];
        for (size_t i = 0; i < l->inputs; i++) {
          sum += l->x[(r * l->groups + g) * l->inputs + i] * l->w[(g * l->inputs + i) * l->outputs + o];
        }
        y[(r * l->groups + g) * l->outputs + o] = sum;
      }
    }
  }
}

static double layer_loss(void *context) {
  const layer *l = context;
  double y[4096];
  reference_layer(y, l);
  return weighted(y, l->dy, l->rows * l->groups * l->outputs);
}

static void test_grouped_linear(size_t rows, size_t groups, size_t inputs, size_t outputs, int differences) {
  const size_t nx = rows * groups * inputs, nw = groups * inputs * outputs, nb = groups * outputs, ny = rows * nb;
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = noise(nb, 1), *y = dirty(ny), *dy = noise(ny, 1);
  layer l = {rows, groups, inputs, outputs, widen(x, nx), widen(w, nw), widen(b, nb), dy};
  double *expected = allocate(ny * sizeof *expected);
  reference_layer(expected, &l);
  ck_grouped_linear_forward(y, x, w, b, rows, groups, inputs, outputs);
  check_all("grouped linear", y, expected, ny, 1e-6 * sqrt((double)inputs));
  if (!differences) return;
  float *dx = noise(nx, 1), *dw = noise(nw, 1), *db = noise(nb, 1);
  float *dx0 = copy(dx, nx), *dw0 = copy(dw, nw), *db0 = copy(db, nb);
  ck_grouped_linear_backward(NULL, NULL, NULL, dy, x, w, rows, groups, inputs, outputs);
  ck_grouped_linear_backward(dx, NULL, NULL, dy, x, w, rows, groups, inputs, outputs);
  ck_grouped_linear_backward(NULL, dw, NULL, dy, x, w, rows, groups, inputs, outputs);
  ck_grouped_linear_backward(NULL, NULL, db, dy, x, w, rows, groups, inputs, outputs);
  check_gradient("grouped linear dx", dx, dx0, l.x, nx, layer_loss, &l, 5e-6);
  check_gradient("grouped linear dw", dw, dw0, l.w, nw, layer_loss, &l, 5e-6);
  check_gradient("grouped linear db", db, db0, l.b, nb, layer_loss, &l, 5e-6);
}

int main(void) {
  const size_t widths[] = {1, 3, 8, 17, 37, 64, 128, 200};
  for (size_t w = 0; w < COUNT(widths); w++) {
    for (size_t targets = 1; targets <= 5; targets++) {
      for (size_t sources = 1; sources <= 5; sources++) {
        test_mix(3, targets, sources, widths[w], 0, 0);
        test_mix(3, targets, sources, widths[w], 1, 0);
      }
    }
    test_mix_edges(widths[w]);
  }
  for (size_t modules = 1; modules <= 5; modules++) {
    test_mix(2, modules, 3, 5, 0, 1);
    test_mix(2, 6 - modules, modules, 17, 1, 1);
  }
  test_mix(7, 9, 11, 19, 1, 0);
  const size_t rows[] = {1, 2, 3, 4, 5, 17};
  for (size_t r = 0; r < COUNT(rows); r++) {
    for (size_t groups = 1; groups <= 5; groups++) {
      test_grouped_linear(rows[r], groups, 3, 5, 1);
      test_grouped_linear(rows[r], groups, 128, 128, 0);
      test_grouped_linear(rows[r], groups, 33, 8, 0);
    }
    test_grouped_linear(rows[r], 2, 7, 1, 1);
    test_grouped_linear(rows[r], 2, 1, 17, 1);
  }
  // More rows than pass together.
  test_grouped_linear(345, 2, 37, 48, 0);
  test_grouped_linear(169, 3, 5, 16, 0);
  return finish();
}
