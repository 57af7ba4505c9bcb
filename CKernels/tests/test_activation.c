#include "test.h"

static double relu(double x) { return x > 0 ? x : 0; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

typedef struct {
  const char *name;
  void (*forward)(float *, const float *, size_t);
  void (*backward)(float *restrict, const float *restrict, const float *restrict, size_t);
  double (*reference)(double);
} activation;

static const activation activations[] = {
    {"relu", ck_relu_forward, ck_relu_backward, relu},
    {"tanh", ck_tanh_forward, ck_tanh_backward, tanh},
    {"sigmoid", ck_sigmoid_forward, ck_sigmoid_backward, sigmoid},
};

static void test_pair(const activation *f, size_t n) {
  float *x = noise(n, 3), *y = dirty(n), *dy = noise(n, 1), *dx = noise(n, 1), *initial = copy(dx, n);
  f->forward(y, x, n);
  f->backward(dx, dy, y, n);
  for (size_t i = 0; i < n; i++) {
    const double at = (double)x[i], step = 1e-6;
    const double slope = (f->reference(at + step) - f->reference(at - step)) / (2 * step);
    check_close(f->name, i, (double)y[i], f->reference(at), 2e-7);
    check_close(f->name, i, (double)dx[i] - (double)initial[i], (double)dy[i] * slope, 1e-6);
  }
  float *in_place = copy(x, n);
  f->forward(in_place, in_place, n);
  check_true("in place", memcmp(in_place, y, n * sizeof *y) == 0);
}

/// A dense sweep over [low, high]: the largest error, absolute plus relative to |expected|.
static void sweep(const char *name, void (*f)(float *, const float *, size_t), double (*reference)(double), double low,
                  double high, double absolute, double relative) {
  enum { POINTS = 100000 };
  float *x = allocate(POINTS * sizeof *x), *y = dirty(POINTS);
  for (size_t i = 0; i < POINTS; i++) x[i] = (float)(low + (high - low) * (double)i / (POINTS - 1));
  f(y, x, POINTS);
  for (size_t i = 0; i < POINTS; i++) {
    const double expected = reference((double)x[i]), limit = absolute + relative * fabs(expected);
    checks++;
    if (!(fabs((double)y[i] - expected) <= limit)) report(name, i, (double)y[i], expected);
  }
}

static void test_accuracy(void) {
  sweep("exp", ck_exp, exp, -87, 88, 0, 3e-7);
  sweep("log", ck_log, log, 1.2e-38, 4, 3e-7, 3e-7);
  sweep("log", ck_log, log, 1, 3e38, 3e-7, 3e-7);
  sweep("tanh", ck_tanh_forward, tanh, -12, 12, 2e-7, 0);
  sweep("tanh near zero", ck_tanh_forward, tanh, -0.01, 0.01, 0, 3e-7);
  sweep("sigmoid", ck_sigmoid_forward, sigmoid, -100, 100, 2e-7, 0);
}

static void test_extremes(void) {
  const float huge[] = {-INFINITY, -3e38f, -1000, -87.34f, 88.74f, 1000, 3e38f, INFINITY};
  float y[COUNT(huge)];
  ck_exp(y, huge, COUNT(huge));
  for (size_t i = 0; i < COUNT(huge); i++) check_close("exp", i, (double)y[i], huge[i] < 0 ? 0 : (double)INFINITY, 0);
  ck_tanh_forward(y, huge, COUNT(huge));
  for (size_t i = 0; i < COUNT(huge); i++) check_close("tanh", i, (double)y[i], huge[i] < 0 ? -1 : 1, 0);
  ck_sigmoid_forward(y, huge, COUNT(huge));
  for (size_t i = 0; i < COUNT(huge); i++) check_close("sigmoid", i, (double)y[i], huge[i] < 0 ? 0 : 1, 1e-37);
  const float nan[] = {NAN};
  for (size_t f = 0; f < COUNT(activations); f++) {
    activations[f].forward(y, nan, 1);
    check_true("NaN stays NaN", y[0] != y[0]);
  }
  ck_exp(y, nan, 1);
  check_true("NaN stays NaN", y[0] != y[0]);
}

static void test_arithmetic(size_t n) {
  float *a = noise(n, 2), *b = noise(n, 2), *y = dirty(n);
  uint8_t *bytes = allocate(n);
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)random_index(256);
  ck_add(y, a, b, n);
  for (size_t i = 0; i < n; i++) check_close("add", i, (double)y[i], (double)a[i] + (double)b[i], 1e-7);
  float *sum = copy(a, n);
  ck_add(sum, sum, b, n);
  check_true("add in place", memcmp(sum, y, n * sizeof *y) == 0);
  float *product = copy(a, n);
  ck_multiply_forward(product, product, b, 0, n);
  for (size_t i = 0; i < n; i++) check_close("multiply", i, (double)product[i], (double)a[i] * (double)b[i], 1e-7);
  sum = copy(a, n);
  ck_accumulate(sum, b, n);
  check_true("accumulate", memcmp(sum, y, n * sizeof *y) == 0);
  sum = copy(a, n);
  ck_axpy(sum, -0.3f, b, n);
  for (size_t i = 0; i < n; i++) {
    check_close("axpy", i, (double)sum[i], (double)a[i] + (double)-0.3f * (double)b[i], 2e-7);
  }
  sum = copy(a, n);
  ck_scale(sum, 3, sum, n);
  for (size_t i = 0; i < n; i++) check_close("scale", i, (double)sum[i], 3 * (double)a[i], 1e-7);
  ck_scale_u8(y, bytes, 1.0f / 255.0f, n);
  for (size_t i = 0; i < n; i++) check_close("scale_u8", i, (double)y[i], (double)bytes[i] / 255, 1e-7);
}

static void test_multiply_backward(size_t n, int relu) {
  float *a = noise(n, 2), *b = noise(n, 2), *dy = noise(n, 1), *da = noise(n, 1), *db = noise(n, 1), *y = dirty(n);
  float *da0 = copy(da, n), *db0 = copy(db, n);
  ck_multiply_forward(y, a, b, relu, n);
  const float *mask = relu ? y : NULL;
  ck_multiply_backward(NULL, NULL, dy, mask, a, b, n);
  ck_multiply_backward(da, NULL, dy, mask, a, b, n);
  ck_multiply_backward(NULL, db, dy, mask, a, b, n);
  for (size_t i = 0; i < n; i++) {
    const double product = (double)a[i] * (double)b[i], gradient = !relu || product > 0 ? (double)dy[i] : 0;
    check_close("multiply", i, (double)y[i], relu ? fmax(product, 0) : product, 1e-7);
    check_close("multiply da", i, (double)da[i], (double)da0[i] + gradient * (double)b[i], 2e-7);
    check_close("multiply db", i, (double)db[i], (double)db0[i] + gradient * (double)a[i], 2e-7);
  }
}

static void test_minimum(size_t n) {
  float *a = noise(n, 2), *b = noise(n, 2), *dy = noise(n, 1), *y = dirty(n);
  for (size_t i = 0; i < n; i += 5) b[i] = a[i];
  float *da = noise(n, 1), *db = noise(n, 1), *da0 = copy(da, n), *db0 = copy(db, n);
  ck_minimum_forward(y, a, b, n);
  ck_minimum_backward(da, NULL, dy, a, b, n);
  ck_minimum_backward(NULL, db, dy, a, b, n);
  for (size_t i = 0; i < n; i++) {
    check_true("minimum", y[i] == fminf(a[i], b[i]));
    check_true("minimum da", da[i] == da0[i] + (a[i] <= b[i] ? dy[i] : 0));
    check_true("minimum db", db[i] == db0[i] + (a[i] <= b[i] ? 0 : dy[i]));
  }
  const float one[] = {1, NAN}, other[] = {NAN, 1};
  float least[2];
  ck_minimum_forward(least, one, other, 2);
  check_true("minimum of NaN", isnan(least[0]) && isnan(least[1]));
}

int main(void) {
  const size_t sizes[] = {0, 1, 3, 15, 16, 17, 64, 1000, 1027};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    for (size_t f = 0; f < COUNT(activations); f++) test_pair(&activations[f], sizes[s]);
    test_arithmetic(sizes[s]);
    test_multiply_backward(sizes[s], 0);
    test_multiply_backward(sizes[s], 1);
    test_minimum(sizes[s]);
  }
  test_accuracy();
  test_extremes();
  return finish();
}
