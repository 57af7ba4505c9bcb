#include "test.h"

enum { STEPS = 5 };

static void test_rmsprop(size_t n, int with_momentum, int inside) {
  const double clip = 0.5, rate = 0.01, decay = 0.9, momentum_decay = 0.7, epsilon = 0.01;
  float *p = noise(n, 1), *ms = dirty(n), *momentum = with_momentum ? noise(n, 0) : NULL;
  for (size_t i = 0; i < n; i++) ms[i] = inside ? 1 : 0;
  double *p_expected = widen(p, n), *ms_expected = widen(ms, n), *m_expected = calloc(n + 1, sizeof(double));
  for (int step = 0; step < STEPS; step++) {
    float *gradient = noise(n, 3);
    ck_rmsprop_step(p, ms, momentum, gradient, n, (float)clip, (float)rate, (float)decay, (float)momentum_decay,
                    (float)epsilon, inside);
    for (size_t i = 0; i < n; i++) {
      const double g = clip * (double)gradient[i];
      ms_expected[i] = decay * ms_expected[i] + (1 - decay) * g * g;
      const double root = inside ? sqrt(ms_expected[i] + epsilon) : sqrt(ms_expected[i]) + epsilon;
      m_expected[i] = (with_momentum ? momentum_decay * m_expected[i] : 0) + rate * g / root;
      p_expected[i] -= m_expected[i];
    }
  }
  check_all("rmsprop p", p, p_expected, n, 1e-6);
  check_all("rmsprop ms", ms, ms_expected, n, 2e-6);
  if (with_momentum) check_all("rmsprop momentum", momentum, m_expected, n, 1e-6);
  free(m_expected);
}

static void test_adam(size_t n) {
  const double clip = 0.5, rate = 0.01, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  float *p = noise(n, 1), *m = noise(n, 0), *v = noise(n, 0);
  double *p_expected = widen(p, n), *m_expected = widen(m, n), *v_expected = widen(v, n);
  for (int step = 1; step <= STEPS; step++) {
    float *gradient = noise(n, 3);
    ck_adam_step(p, m, v, gradient, n, (float)clip, (float)rate, (float)beta1, (float)beta2, (float)epsilon,
                 (size_t)step);
    for (size_t i = 0; i < n; i++) {
      const double g = clip * (double)gradient[i];
      m_expected[i] = beta1 * m_expected[i] + (1 - beta1) * g;
      v_expected[i] = beta2 * v_expected[i] + (1 - beta2) * g * g;
      const double m_hat = m_expected[i] / (1 - pow(beta1, step)), v_hat = v_expected[i] / (1 - pow(beta2, step));
      p_expected[i] -= rate * m_hat / (sqrt(v_hat) + epsilon);
    }
  }
  check_all("adam p", p, p_expected, n, 2e-6);
  check_all("adam m", m, m_expected, n, 1e-6);
  check_all("adam v", v, v_expected, n, 1e-6);
}

static void test_polyak(size_t n) {
  float *target = noise(n, 1), *source = noise(n, 1);
  double *expected = widen(target, n);
  ck_polyak(target, source, 0.005f, n);
  for (size_t i = 0; i < n; i++) expected[i] += 0.005 * ((double)source[i] - expected[i]);
  check_all("polyak", target, expected, n, 2e-7);
}

int main(void) {
  const size_t sizes[] = {0, 1, 15, 16, 17, 1001};
  for (size_t s = 0; s < COUNT(sizes); s++) {
    for (int kind = 0; kind < 4; kind++) test_rmsprop(sizes[s], kind / 2, kind % 2);
    test_adam(sizes[s]);
    test_polyak(sizes[s]);
  }
  check_true("no clip", ck_clip_factor(3, 40) == 1);
  check_close("clip", 0, (double)ck_clip_factor(80, 40), 0.5, 0);
  check_true("no limit", ck_clip_factor(1e30, (double)INFINITY) == 1);
  check_true("zero norm", ck_clip_factor(0, 40) == 1);
  check_true("a NaN norm is seen", isnan(ck_clip_factor((double)NAN, 40)));
  return finish();
}
