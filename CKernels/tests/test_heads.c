#include "test.h"

typedef struct {
  size_t rows, inputs;
  double *x, *w, *b;
  const int *task;
  const float *dy;
} heads;

static double output(const heads *h, size_t row) {
  double sum = h->b[h->task[row]];
  for (size_t i = 0; i < h->inputs; i++) sum += h->x[row * h->inputs + i] * h->w[(size_t)h->task[row] * h->inputs + i];
  return sum;
}

static double loss(void *context) {
  const heads *h = context;
  double sum = 0;
  for (size_t row = 0; row < h->rows; row++) sum += output(h, row) * (double)h->dy[row];
  return sum;
}

static void test_heads(size_t rows, size_t inputs, size_t tasks) {
  const size_t nx = rows * inputs, nw = tasks * inputs;
  float *x = noise(nx, 1), *w = noise(nw, 1), *b = noise(tasks, 1), *y = dirty(rows), *dy = noise(rows, 1);
  float *dx = noise(nx, 1), *dw = noise(nw, 1), *db = noise(tasks, 1);
  float *dx0 = copy(dx, nx), *dw0 = copy(dw, nw), *db0 = copy(db, tasks);
  int *task = indices(rows, tasks);
  heads h = {rows, inputs, widen(x, nx), widen(w, nw), widen(b, tasks), task, dy};
  ck_task_head_forward(y, x, w, b, task, rows, inputs);
  for (size_t row = 0; row < rows; row++) check_close("head", row, (double)y[row], output(&h, row), 5e-6);
  ck_task_head_backward(dx, NULL, NULL, dy, x, w, task, rows, inputs);
  ck_task_head_backward(NULL, dw, NULL, dy, x, w, task, rows, inputs);
  ck_task_head_backward(NULL, NULL, db, dy, x, w, task, rows, inputs);
  check_gradient("head dx", dx, dx0, h.x, nx, loss, &h, 5e-6);
  check_gradient("head dw", dw, dw0, h.w, nw, loss, &h, 5e-6);
  check_gradient("head db", db, db0, h.b, tasks, loss, &h, 5e-6);
}

/// One task, averages with beta 0.1 of the rollout means 10, 10, -4; by hand from Hessel et al. 2018, section 3.1.
static void test_popart(void) {
  const double mean[] = {10, 10, -4};
  const double sigma_after[] = {3.1464265445, 4.0249223595, 4.2086696235};
  const double w_after[] = {0.6356417262, 0.4969039950, 0.4752095506};
  const double b_after[] = {-0.1589104315, -0.3478327965, -0.1924598680};
  double mu = 0, nu = 1, sigma = 1;
  float w = 2, b = 0.5f;
  for (size_t i = 0; i < COUNT(mean); i++) {
    const double new_mu = 0.9 * mu + 0.1 * mean[i];
    nu = 0.9 * nu + 0.1 * mean[i] * mean[i];
    const double new_sigma = sqrt(nu - new_mu * new_mu);
    ck_popart_rescale(&w, &b, mu, sigma, new_mu, new_sigma, 1);
    mu = new_mu, sigma = new_sigma;
    check_close("sigma", i, sigma, sigma_after[i], 1e-9);
    check_close("w", i, (double)w, w_after[i], 2e-7);
    check_close("b", i, (double)b, b_after[i], 2e-7);
    check_close("unnormalised output", i, sigma * (double)(w + b) + mu, 2.5, 1e-6);
  }
}

/// The unnormalised output moves by roundings relative to max(|mu|, sigma) only, however the statistics wander.
static void test_preservation(void) {
  enum { INPUTS = 19, UPDATES = 1000 };
  float *w = noise(INPUTS, 1), *b = noise(1, 1), *x = noise(INPUTS, 1);
  double mu = 0, sigma = 1, largest = 1;
  const double before = ck_dot(w, x, INPUTS) + (double)*b;
  for (size_t i = 0; i < UPDATES; i++) {
    const double new_mu = 100 * random_number(), new_sigma = exp(3 * random_number());
    ck_popart_rescale(w, b, mu, sigma, new_mu, new_sigma, INPUTS);
    mu = new_mu, sigma = new_sigma;
    largest = fmax(largest, fmax(fabs(mu), sigma));
    const double after = sigma * (ck_dot(w, x, INPUTS) + (double)*b) + mu;
    checks++;
    if (!(fabs(after - before) <= largest * 1e-7 * (double)(i + 10))) report("preservation", i, after, before);
  }
}

int main(void) {
  const size_t inputs[] = {1, 3, 16, 17, 50};
  for (size_t i = 0; i < COUNT(inputs); i++) {
    test_heads(1, inputs[i], 1);
    test_heads(13, inputs[i], 4);
  }
  test_popart();
  test_preservation();
  return finish();
}
