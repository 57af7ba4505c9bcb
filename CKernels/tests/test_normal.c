#include "test.h"

static const ck_normal_bounds bounds = {-4, 1};

typedef struct {
  size_t rows, dims;
  double *x;
  const float *u, *weight;
  const uint8_t *mask;
} problem;

static int has(const problem *p, size_t i) { return !p->mask || p->mask[i]; }
static double mu(const problem *p, size_t row, size_t d) { return p->x[2 * row * p->dims + d]; }

static double sigma(const problem *p, size_t row, size_t d) {
  return exp(fmin(fmax(p->x[(2 * row + 1) * p->dims + d], (double)bounds.low), (double)bounds.high));
}

static double log_slope(double u) { return 2 * (log(2) - fabs(u) - log1p(exp(-2 * fabs(u)))); }

static double log_p(const problem *p, size_t row) {
  double sum = 0;
  for (size_t d = 0; d < p->dims; d++) {
    const size_t i = row * p->dims + d;
    if (!has(p, i)) continue;
    const double z = ((double)p->u[i] - mu(p, row, d)) / sigma(p, row, d);
    sum += -z * z / 2 - log(sigma(p, row, d)) - log(2 * M_PI) / 2 - log_slope((double)p->u[i]);
  }
  return sum;
}

/// The entropy by its definition: -integral of q log q over u, where q is u's density and the density of tanh(u) is q
/// over tanh's slope.
static double entropy(const problem *p, size_t row) {
  double sum = 0;
  for (size_t d = 0; d < p->dims; d++) {
    if (!has(p, row * p->dims + d)) continue;
    const double s = sigma(p, row, d), step = 1e-3;
    for (double z = -9; z < 9; z += step) {
      const double log_q = -z * z / 2 - log(s) - log(2 * M_PI) / 2;
      sum -= step * s * exp(log_q) * (log_q - log_slope(mu(p, row, d) + s * z));
    }
  }
  return sum;
}

static double log_p_loss(void *context) {
  const problem *p = context;
  double sum = 0;
  for (size_t row = 0; row < p->rows; row++) sum += (double)p->weight[row] * log_p(p, row);
  return sum;
}

static double entropy_loss(void *context) {
  const problem *p = context;
  double sum = 0;
  for (size_t row = 0; row < p->rows; row++) sum += (double)p->weight[row] * entropy(p, row);
  return sum;
}

/// Means and log deviations with some of the latter beyond their bounds, but none so near one that a difference crosses it.
static float *parameters(size_t rows, size_t dims, float highest) {
  float *x = noise(2 * rows * dims, 2);
  for (size_t row = 0; row < rows; row++) {
    for (size_t d = 0; d < dims; d++) {
      const size_t i = (2 * row + 1) * dims + d;
      x[i] = i % 7 == 3 ? bounds.low - 1 : i % 7 == 5 && highest > bounds.high ? highest : x[i] / 4 - 0.6f;
    }
  }
  return x;
}

static void test_log_p(size_t rows, size_t dims, int masked) {
  float *x = parameters(rows, dims, 2), *z = noise(rows * dims, 2), *u = dirty(rows * dims), *weight = noise(rows, 1);
  const uint8_t *mask = masked ? flags(rows * dims, 0.6) : NULL;
  problem p = {rows, dims, widen(x, 2 * rows * dims), u, weight, mask};
  ck_squashed_normal_sample(u, x, z, mask, rows, dims, bounds);
  for (size_t i = 0; i < rows * dims; i++) {
    const size_t row = i / dims, d = i % dims;
    check_close("sample", i, (double)u[i], has(&p, i) ? mu(&p, row, d) + sigma(&p, row, d) * (double)z[i] : 0, 1e-6);
  }
  float *log = dirty(rows), *dx = noise(2 * rows * dims, 1), *initial = copy(dx, 2 * rows * dims);
  ck_squashed_normal_log_p_forward(log, x, u, mask, rows, dims, bounds);
  for (size_t row = 0; row < rows; row++) check_close("log_p", row, (double)log[row], log_p(&p, row), 2e-6);
  ck_squashed_normal_log_p_backward(dx, weight, x, u, mask, rows, dims, bounds);
  check_gradient("log_p'", dx, initial, p.x, 2 * rows * dims, log_p_loss, &p, 2e-4);
  ck_squashed_normal_sample(u, x, NULL, mask, rows, dims, bounds);
  for (size_t i = 0; i < rows * dims; i++) {
    check_true("the mean", u[i] == (has(&p, i) ? x[2 * (i / dims) * dims + i % dims] : 0));
  }
}

static void test_entropy(size_t rows, size_t dims, int masked) {
  float *x = parameters(rows, dims, 0), *h = dirty(rows), *weight = noise(rows, 1);
  const uint8_t *mask = masked ? flags(rows * dims, 0.6) : NULL;
  problem p = {rows, dims, widen(x, 2 * rows * dims), NULL, weight, mask};
  ck_squashed_normal_entropy_forward(h, x, mask, rows, dims, bounds);
  for (size_t row = 0; row < rows; row++) check_close("entropy", row, (double)h[row], entropy(&p, row), 2e-5);
  float *dx = noise(2 * rows * dims, 1), *initial = copy(dx, 2 * rows * dims);
  ck_squashed_normal_entropy_backward(dx, weight, x, mask, rows, dims, bounds);
  check_gradient("entropy'", dx, initial, p.x, 2 * rows * dims, entropy_loss, &p, 2e-4);
}

/// Far out tanh is 1 to the last bit; the logarithm of its slope still is what it is.
static void test_far_out(void) {
  const float x[] = {0, 0}, u[] = {40};
  float log[1], h[1];
  ck_squashed_normal_log_p_forward(log, x, u, NULL, 1, 1, bounds);
  check_close("log_p far out", 0, (double)log[0], -800 - log_slope(0) - 0.918938533204673 - log_slope(40), 1e-6);
  const float wide[] = {3, 90};
  ck_squashed_normal_entropy_forward(h, wide, NULL, 1, 1, bounds);
  check_true("entropy of a deviation beyond its bound", isfinite(h[0]));
}

/// No distribution on (-1, 1) has a larger entropy than the uniform one, log 2.
static void test_largest_entropy(void) {
  for (int i = 0; i < 400; i++) {
    const float x[] = {(float)(i % 20) / 10, (float)(i / 20) / 4 - 4};
    float h[1];
    ck_squashed_normal_entropy_forward(h, x, NULL, 1, 1, bounds);
    check_true("entropy at most log 2", h[0] <= 0.6932f);
  }
}

int main(void) {
  const size_t sizes[][2] = {{1, 1}, {3, 2}, {7, 5}, {16, 4}, {17, 3}};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    for (int masked = 0; masked < 2; masked++) {
      test_log_p(sizes[i][0], sizes[i][1], masked);
      test_entropy(sizes[i][0], sizes[i][1], masked);
    }
  }
  test_far_out();
  test_largest_entropy();
  return finish();
}
