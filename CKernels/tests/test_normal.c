#include "test.h"

static const ck_normal_bounds bounds = {-4, 1};

typedef struct {
  size_t rows, dims;
  double *x;
  const float *u, *weight;
  const uint8_t *mask;
  // Of the reparameterised action:
  const float *z, *daction;
  double correction;
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

static double action_u(const problem *p, size_t i) {
  return mu(p, i / p->dims, i % p->dims) + sigma(p, i / p->dims, i % p->dims) * (double)p->z[i];
}

/// 1 - tanh(u)^2 = 1 / cosh(u)^2.
static double action_log_p(const problem *p, size_t row) {
  double sum = 0;
  for (size_t d = 0; d < p->dims; d++) {
    const size_t i = row * p->dims + d;
    if (!has(p, i)) continue;
    const double z = (double)p->z[i], cosine = cosh(action_u(p, i));
    sum += -z * z / 2 - log(sigma(p, row, d)) - log(2 * M_PI) / 2 - log(1 / (cosine * cosine) + p->correction);
  }
  return sum;
}

static double action_loss(void *context) {
  const problem *p = context;
  double sum = 0;
  for (size_t row = 0; row < p->rows; row++) {
    if (p->weight) sum += (double)p->weight[row] * action_log_p(p, row);
  }
  for (size_t i = 0; i < p->rows * p->dims; i++) {
    if (p->daction && has(p, i)) sum += (double)p->daction[i] * tanh(action_u(p, i));
  }
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
  problem p = {.rows = rows, .dims = dims, .x = widen(x, 2 * rows * dims), .u = u, .weight = weight, .mask = mask};
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
  problem p = {.rows = rows, .dims = dims, .x = widen(x, 2 * rows * dims), .weight = weight, .mask = mask};
  ck_squashed_normal_entropy_forward(h, x, mask, rows, dims, bounds);
  for (size_t row = 0; row < rows; row++) check_close("entropy", row, (double)h[row], entropy(&p, row), 2e-5);
  float *dx = noise(2 * rows * dims, 1), *initial = copy(dx, 2 * rows * dims);
  ck_squashed_normal_entropy_backward(dx, weight, x, mask, rows, dims, bounds);
  check_gradient("entropy'", dx, initial, p.x, 2 * rows * dims, entropy_loss, &p, 2e-4);
}

/// The gradient through actions, through log p, and through both; means are scaled so that |u| reaches about `reach`.
static void test_action(size_t rows, size_t dims, int masked, float correction, double reach) {
  const size_t n = rows * dims;
  float *x = parameters(rows, dims, 2), *z = noise(n, 2), *action = dirty(n), *log_p = dirty(rows);
  for (size_t i = 0; i < n; i++) x[2 * (i / dims) * dims + i % dims] *= (float)(reach / 2);
  const uint8_t *mask = masked ? flags(n, 0.6) : NULL;
  const float *weight = noise(rows, 1), *daction = noise(n, 1);
  problem p = {.rows = rows, .dims = dims, .x = widen(x, 2 * n), .mask = mask, .z = z, .correction = (double)correction};
  ck_squashed_normal_action_forward(action, log_p, x, z, mask, rows, dims, bounds, correction);
  for (size_t i = 0; i < n; i++) check_close("action", i, (double)action[i], has(&p, i) ? tanh(action_u(&p, i)) : 0, 5e-7);
  for (size_t row = 0; row < rows; row++) check_close("action log_p", row, (double)log_p[row], action_log_p(&p, row), 3e-6);
  for (int which = 1; which < 4; which++) {
    p.weight = which & 1 ? weight : NULL;
    p.daction = which & 2 ? daction : NULL;
    float *dx = noise(2 * n, 1), *initial = copy(dx, 2 * n);
    ck_squashed_normal_action_backward(dx, p.daction, p.weight, x, z, mask, rows, dims, bounds, correction);
    check_gradient("action'", dx, initial, p.x, 2 * n, action_loss, &p, 5e-6);
  }
}

/// Where tanh(u) is 1 but for some roundings, and the correction as large as its slope: relative errors, from zero.
static void test_saturated_action(float correction) {
  const float x[] = {8, 0, -8, 0, 6.5f, -1, -6, -3, 40, 0}, z[] = {0.1f, -0.2f, 1.5f, 0.7f, 0.3f};
  enum { ROWS = COUNT(z) };
  float action[ROWS], log_p[ROWS], ones[ROWS];
  for (size_t i = 0; i < ROWS; i++) ones[i] = 1;
  problem p = {.rows = ROWS, .dims = 1, .x = widen(x, 2 * ROWS), .z = z, .correction = (double)correction};
  ck_squashed_normal_action_forward(action, log_p, x, z, NULL, ROWS, 1, bounds, correction);
  for (size_t row = 0; row < ROWS; row++) {
    check_close("saturated log_p", row, (double)log_p[row], action_log_p(&p, row), 1e-6);
    float by_action[2 * ROWS] = {0}, by_log_p[2 * ROWS] = {0};
    ck_squashed_normal_action_backward(by_action, ones, NULL, x, z, NULL, ROWS, 1, bounds, correction);
    ck_squashed_normal_action_backward(by_log_p, NULL, ones, x, z, NULL, ROWS, 1, bounds, correction);
    const double u = action_u(&p, row), slope = 1 / (cosh(u) * cosh(u));
    check_close("saturated slope", row, (double)by_action[2 * row] / slope, 1, 3e-6);
    check_close("saturated log_p'", row, (double)by_log_p[2 * row],
                correction > 0 ? 2 * tanh(u) * slope / (slope + (double)correction) : 2 * tanh(u), 3e-6);
    float dx[2 * ROWS] = {0};
    const float initial[2 * ROWS] = {0};
    ck_squashed_normal_action_backward(dx, ones, ones, x, z, NULL, ROWS, 1, bounds, correction);
    p.weight = p.daction = ones;
    check_gradient("saturated action'", dx, initial, p.x, 2 * ROWS, action_loss, &p, 1e-5);
  }
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
      for (int corrected = 0; corrected < 2; corrected++) {
        test_action(sizes[i][0], sizes[i][1], masked, corrected ? 1e-6f : 0, 2);
        test_action(sizes[i][0], sizes[i][1], masked, corrected ? 1e-6f : 0, 8);
      }
    }
  }
  test_saturated_action(0);
  test_saturated_action(1e-6f);
  test_far_out();
  test_largest_entropy();
  return finish();
}
