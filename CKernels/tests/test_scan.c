#include "test.h"

typedef struct {
  size_t steps, batch;
  float *log_rho, *reward, *discount, *value, *next_value;
  uint8_t *continues, *valid;
} trajectory;

static trajectory random_trajectory(size_t steps, size_t batch, double scale) {
  const size_t n = steps * batch;
  trajectory x = {steps, batch, noise(n, scale), noise(n, 1), noise(n, 1), noise(n, 2), noise(n, 2),
                  flags(n, 0.8), flags(n, 0.9)};
  for (size_t i = 0; i < n; i++) {
    x.discount[i] = !x.continues[i] && random_index(2) ? 0 : 0.9f;
    if (x.continues[i] && i + batch < n) x.next_value[i] = x.value[i + batch];
  }
  return x;
}

/// The definition, one column at a time, in double.
static void reference_vtrace(double *vs, double *advantage, const trajectory *x, ck_vtrace_options o) {
  for (size_t b = 0; b < x->batch; b++) {
    double error = 0;
    for (size_t t = x->steps; t-- > 0;) {
      const size_t i = t * x->batch + b;
      const double rho = exp(fmin(fmax((double)x->log_rho[i], -80), 80));
      const double r = (double)x->reward[i], g = (double)x->discount[i], v = (double)x->value[i];
      const double bootstrap = (double)x->next_value[i], lambda = (double)o.lambda;
      const double delta = fmin((double)o.rho_bar, rho) * (r + g * bootstrap - v);
      double q = bootstrap;
      if (x->continues[i] && t + 1 < x->steps) {
        q = vs[i + x->batch];
        if (o.lambda_in_advantage) q = lambda * q + (1 - lambda) * bootstrap;
      }
      error = delta + (x->continues[i] ? g * lambda * fmin((double)o.c_bar, rho) * error : 0);
      advantage[i] = fmin((double)o.pg_rho_bar, rho) * (r + g * q - v);
      if (!x->valid[i]) error = advantage[i] = 0;
      vs[i] = v + error;
    }
  }
}

static void test_vtrace(size_t steps, size_t batch, ck_vtrace_options options, double scale) {
  const size_t n = steps * batch;
  trajectory x = random_trajectory(steps, batch, scale);
  double *vs_expected = allocate(n * sizeof(double)), *advantage_expected = allocate(n * sizeof(double));
  reference_vtrace(vs_expected, advantage_expected, &x, options);
  float *vs = dirty(n), *advantage = dirty(n);
  for (size_t i = 0; i < n; i++) {
    if (!x.valid[i]) x.log_rho[i] = x.reward[i] = NAN;  // what an invalid step holds must not matter
  }
  ck_vtrace(vs, advantage, x.log_rho, x.reward, x.discount, x.continues, x.value, x.next_value, x.valid, steps, batch,
            options);
  check_all("vs", vs, vs_expected, n, 5e-5);
  check_all("advantage", advantage, advantage_expected, n, 5e-5);
}

/// Three steps calculated by hand, without and with an end of the episode after step 1.
static void test_worked_numbers(void) {
  const float log_rho[] = {logf(0.5f), logf(2), 0}, reward[] = {1, 0, 2}, value[] = {0.5f, 1, -0.5f};
  const float next_value[] = {1, -0.5f, 3}, discount[2][3] = {{0.9f, 0.9f, 0.9f}, {0.9f, 0, 0.9f}};
  const uint8_t continues[2][3] = {{1, 1, 1}, {1, 0, 1}}, valid[] = {1, 1, 1};
  const double vs_expected[2][3] = {{2.6535, 4.23, 4.7}, {0.75, 0, 4.7}};
  const double advantage_expected[2][3] = {{2.1535, 3.23, 5.2}, {0.25, -1, 5.2}};
  for (size_t k = 0; k < 2; k++) {
    float vs[3], advantage[3];
    ck_vtrace(vs, advantage, log_rho, reward, discount[k], continues[k], value, next_value, valid, 3, 1,
              (ck_vtrace_options){1, 1, 1, 1, 0});
    check_all("worked vs", vs, vs_expected[k], 3, 1e-6);
    check_all("worked advantage", advantage, advantage_expected[k], 3, 1e-6);
  }
}

/// On policy, without clipping below one, V-trace is the n-step return.
static void test_on_policy(size_t steps, size_t batch) {
  const size_t n = steps * batch;
  trajectory x = random_trajectory(steps, batch, 0);
  float *vs = dirty(n), *advantage = dirty(n), *g = dirty(n), *a = dirty(n);
  memset(x.valid, 1, n);
  ck_vtrace(vs, advantage, x.log_rho, x.reward, x.discount, x.continues, x.value, x.next_value, x.valid, steps, batch,
            (ck_vtrace_options){1, 1, 1, 1, 0});
  ck_n_step_return(g, x.reward, x.discount, x.continues, x.next_value, steps, batch);
  check_all("on policy", vs, widen(g, n), n, 2e-5);
  ck_gae(a, x.reward, x.discount, x.continues, x.value, x.next_value, steps, batch, 1);
  for (size_t i = 0; i < n; i++) check_close("gae, lambda 1", i, (double)(a[i] + x.value[i]), (double)g[i], 2e-5);
}

static void test_gae(size_t steps, size_t batch, float lambda) {
  const size_t n = steps * batch;
  trajectory x = random_trajectory(steps, batch, 0);
  float *advantage = dirty(n), *g = dirty(n);
  ck_gae(advantage, x.reward, x.discount, x.continues, x.value, x.next_value, steps, batch, lambda);
  ck_n_step_return(g, x.reward, x.discount, x.continues, x.next_value, steps, batch);
  for (size_t b = 0; b < batch; b++) {
    double a = 0, total = 0;
    for (size_t t = steps; t-- > 0;) {
      const size_t i = t * batch + b;
      const double r = (double)x.reward[i], discount = (double)x.discount[i], bootstrap = (double)x.next_value[i];
      const int inside = x.continues[i] && t + 1 < steps;
      a = r + discount * bootstrap - (double)x.value[i] + (x.continues[i] ? discount * (double)lambda * a : 0);
      total = r + discount * (inside ? total : bootstrap);
      check_close("gae", i, (double)advantage[i], a, 2e-5);
      check_close("n-step", i, (double)g[i], total, 2e-5);
    }
  }
}

int main(void) {
  const size_t batches[] = {1, 3, 8, 16, 17, 63, 64, 65, 150};
  const ck_vtrace_options options[] = {
      {1, 1, 1, 1, 0}, {2, 1, 1.5f, 0.9f, 0}, {2, 1, 1.5f, 0.9f, 1}, {INFINITY, 0.5f, INFINITY, 1, 0}};
  for (size_t b = 0; b < COUNT(batches); b++) {
    for (size_t o = 0; o < COUNT(options); o++) {
      test_vtrace(1, batches[b], options[o], 1);
      test_vtrace(20, batches[b], options[o], 1);
    }
    test_vtrace(5, batches[b], options[0], 1000);
    test_on_policy(20, batches[b]);
    test_gae(1, batches[b], 0.95f);
    test_gae(20, batches[b], 0.95f);
  }
  test_worked_numbers();
  return finish();
}
