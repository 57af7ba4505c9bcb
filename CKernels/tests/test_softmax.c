#include "test.h"

/// A mask that allows something in every row; NULL for all.
static uint8_t *some_mask(size_t rows, size_t actions) {
  uint8_t *mask = flags(rows * actions, 0.6);
  for (size_t row = 0; row < rows; row++) mask[row * actions + random_index(actions)] = 1;
  return mask;
}

typedef struct {
  size_t rows, actions;
  double *x;
  const uint8_t *mask;
  const float *weight;
} problem;

static int allowed(const problem *p, size_t i) { return !p->mask || p->mask[i]; }

static void reference_log(double *log_p, const problem *p) {
  for (size_t row = 0; row < p->rows; row++) {
    const size_t first = row * p->actions;
    double maximum = -INFINITY, sum = 0;
    for (size_t i = first; i < first + p->actions; i++) maximum = allowed(p, i) ? fmax(maximum, p->x[i]) : maximum;
    for (size_t i = first; i < first + p->actions; i++) sum += allowed(p, i) ? exp(p->x[i] - maximum) : 0;
    for (size_t i = first; i < first + p->actions; i++) {
      log_p[i] = allowed(p, i) ? p->x[i] - maximum - log(sum) : -INFINITY;
    }
  }
}

static double *log_probabilities(const problem *p) {
  double *log_p = allocate(p->rows * p->actions * sizeof *log_p);
  reference_log(log_p, p);
  return log_p;
}

static double softmax_loss(void *context) {
  const problem *p = context;
  double log_p[2048], sum = 0;
  reference_log(log_p, p);
  for (size_t i = 0; i < p->rows * p->actions; i++) sum += exp(log_p[i]) * (double)p->weight[i];
  return sum;
}

static double log_softmax_loss(void *context) {
  const problem *p = context;
  double log_p[2048], sum = 0;
  reference_log(log_p, p);
  for (size_t i = 0; i < p->rows * p->actions; i++) sum += allowed(p, i) ? log_p[i] * (double)p->weight[i] : 0;
  return sum;
}

/// Entropy as a function of independent log-probabilities, which `x` holds here; `weight` is dh.
static double entropy_loss(void *context) {
  const problem *p = context;
  double sum = 0;
  for (size_t i = 0; i < p->rows * p->actions; i++) {
    if (allowed(p, i)) sum -= (double)p->weight[i / p->actions] * exp(p->x[i]) * p->x[i];
  }
  return sum;
}

static void test_distribution(size_t rows, size_t actions, int masked, double scale) {
  const size_t n = rows * actions;
  float *x = noise(n, scale), *p = dirty(n), *log_p = dirty(n), *weight = noise(n, 1);
  const uint8_t *mask = masked ? some_mask(rows, actions) : NULL;
  problem q = {rows, actions, widen(x, n), mask, weight};
  double *expected = log_probabilities(&q);
  for (size_t i = 0; i < n; i++) {
    if (!allowed(&q, i)) x[i] = i % 2 ? NAN : 1e30f;  // what stands behind a mask must not matter
  }
  ck_log_softmax_forward(log_p, x, mask, rows, actions);
  check_all("log_softmax", log_p, expected, n, 1e-6);
  ck_softmax_forward(p, x, mask, rows, actions);
  for (size_t i = 0; i < n; i++) {
    check_close("softmax", i, (double)p[i], exp(expected[i]), 5e-7);
    if (!allowed(&q, i)) check_true("masked", p[i] == 0 && log_p[i] == -INFINITY);
  }
  float *dx = noise(n, 1), *dx0 = copy(dx, n);
  ck_softmax_backward(dx, weight, p, rows, actions);
  check_gradient("softmax dx", dx, dx0, q.x, n, softmax_loss, &q, 5e-6);
  dx = noise(n, 1), dx0 = copy(dx, n);
  ck_log_softmax_backward(dx, weight, log_p, rows, actions);
  check_gradient("log_softmax dx", dx, dx0, q.x, n, log_softmax_loss, &q, 1e-5);
}

static void test_entropy(size_t rows, size_t actions, int masked) {
  const size_t n = rows * actions;
  float *x = noise(n, 3), *log_p = dirty(n), *h = dirty(rows), *dh = noise(rows, 1);
  const uint8_t *mask = masked ? some_mask(rows, actions) : NULL;
  ck_log_softmax_forward(log_p, x, mask, rows, actions);
  problem q = {rows, actions, widen(log_p, n), mask, dh};
  ck_entropy_forward(h, log_p, rows, actions);
  for (size_t row = 0; row < rows; row++) {
    double expected = 0;
    for (size_t i = row * actions; i < (row + 1) * actions; i++) {
      if (allowed(&q, i)) expected -= exp(q.x[i]) * q.x[i];
    }
    check_close("entropy", row, (double)h[row], expected, 2e-6);
  }
  float *dlog_p = noise(n, 1), *initial = copy(dlog_p, n);
  ck_entropy_backward(dlog_p, dh, log_p, rows, actions);
  check_gradient("entropy dlog_p", dlog_p, initial, q.x, n, entropy_loss, &q, 5e-6);
}

static void test_select(size_t rows, size_t actions) {
  float *log_p = noise(rows * actions, 1), *y = dirty(rows), *dy = noise(rows, 1), *dlog_p = noise(rows * actions, 1);
  double *expected = widen(dlog_p, rows * actions);
  int *action = indices(rows, actions);
  ck_select_forward(y, log_p, action, rows, actions);
  ck_select_backward(dlog_p, dy, action, rows, actions);
  for (size_t row = 0; row < rows; row++) {
    const size_t i = row * actions + (size_t)action[row];
    check_true("select", y[row] == log_p[i]);
    expected[i] += (double)dy[row];
  }
  check_all("select dlog_p", dlog_p, expected, rows * actions, 1e-7);
}

static void test_choice(size_t rows, size_t actions) {
  const size_t n = rows * actions;
  float *x = noise(n, 3), *log_p = dirty(n), *u = allocate(rows * sizeof *u);
  uint8_t *mask = some_mask(rows, actions);
  int *action = allocate(rows * sizeof *action);
  ck_log_softmax_forward(log_p, x, mask, rows, actions);
  ck_random_uniform(u, (ck_address){.seed = rows, .stream = (uint32_t)actions}, rows);
  u[0] = 0, u[1] = 0x1.fffffep-1f;
  ck_categorical_sample(action, log_p, u, rows, actions);
  for (size_t row = 0; row < rows; row++) {
    double total = 0, below = 0, tolerance = 1e-6;
    for (size_t a = 0; a < actions; a++) total += exp((double)log_p[row * actions + a]);
    check_true("sample in range", action[row] >= 0 && (size_t)action[row] < actions);
    check_true("sample allowed", mask[row * actions + (size_t)action[row]]);
    for (int a = 0; a < action[row]; a++) below += exp((double)log_p[row * actions + (size_t)a]);
    const double here = exp((double)log_p[row * actions + (size_t)action[row]]), limit = (double)u[row] * total;
    check_true("sample", below <= limit + tolerance && below + here > limit - tolerance);
  }
  ck_categorical_argmax(action, log_p, rows, actions);
  for (size_t row = 0; row < rows; row++) {
    for (size_t a = 0; a < actions; a++) {
      const float best = log_p[row * actions + (size_t)action[row]], other = log_p[row * actions + a];
      check_true("argmax", best > other || (best == other && (size_t)action[row] <= a));
    }
  }
}

static void test_frequencies(void) {
  enum { ROWS = 100000, ACTIONS = 4 };
  const double probability[ACTIONS] = {0.1, 0, 0.6, 0.3};
  float *log_p = allocate(ROWS * ACTIONS * sizeof *log_p), *u = dirty(ROWS);
  int *action = allocate(ROWS * sizeof *action);
  for (size_t i = 0; i < ROWS * ACTIONS; i++) log_p[i] = (float)log(probability[i % ACTIONS]);
  ck_random_uniform(u, (ck_address){.seed = 5, .purpose = 1}, ROWS);
  ck_categorical_sample(action, log_p, u, ROWS, ACTIONS);
  double count[ACTIONS] = {0};
  for (size_t row = 0; row < ROWS; row++) count[action[row]] += 1.0 / ROWS;
  for (size_t a = 0; a < ACTIONS; a++) check_close("frequency", a, count[a], probability[a], 0.005);  // > 3 sigma
}

int main(void) {
  const size_t actions[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 33};
  for (size_t a = 0; a < COUNT(actions); a++) {
    for (int masked = 0; masked < 2; masked++) {
      test_distribution(1, actions[a], masked, 2);
      test_distribution(5, actions[a], masked, 2);
      test_distribution(3, actions[a], masked, 40);
      if (actions[a] < 10) test_distribution(37, actions[a], masked, 200);
      test_entropy(4, actions[a], masked);
    }
    test_select(9, actions[a]);
    test_choice(40, actions[a]);
  }
  test_frequencies();
  return finish();
}
