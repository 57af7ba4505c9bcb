#include "test.h"

typedef struct {
  size_t steps, batch, inputs, hidden;
  double *x, *wx, *wh, *b;
  const double *h0, *c0;
  const uint8_t *reset;
  const float *dh;
} network;

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/// One column at a time, in double. Writes h and c `[T + 1, B, H]`.
static void reference(double *h, double *c, const network *n) {
  const size_t state = n->batch * n->hidden, width = 4 * n->hidden;
  memcpy(h, n->h0, state * sizeof *h);
  memcpy(c, n->c0, state * sizeof *c);
  for (size_t t = 0; t < n->steps; t++) {
    for (size_t row = 0; row < n->batch; row++) {
      const double keep = n->reset[t * n->batch + row] ? 0 : 1;
      const double *h_old = h + t * state + row * n->hidden, *c_old = c + t * state + row * n->hidden;
      const double *x = n->x + (t * n->batch + row) * n->inputs;
      for (size_t j = 0; j < n->hidden; j++) {
        double gate[4];
        for (size_t k = 0; k < 4; k++) {
          const size_t column = k * n->hidden + j;
          gate[k] = n->b[column];
          for (size_t i = 0; i < n->inputs; i++) gate[k] += x[i] * n->wx[i * width + column];
          for (size_t i = 0; i < n->hidden; i++) gate[k] += keep * h_old[i] * n->wh[i * width + column];
        }
        const double c_new = sigmoid(gate[2] + 1) * keep * c_old[j] + sigmoid(gate[0]) * tanh(gate[1]);
        c[(t + 1) * state + row * n->hidden + j] = c_new;
        h[(t + 1) * state + row * n->hidden + j] = sigmoid(gate[3]) * tanh(c_new);
      }
    }
  }
}

static double loss(void *context) {
  const network *n = context;
  const size_t state = n->batch * n->hidden;
  double h[1024], c[1024];
  reference(h, c, n);
  return weighted(h + state, n->dh, n->steps * state);
}

static void test_unroll(size_t steps, size_t batch, size_t inputs, size_t hidden, double reset_probability) {
  const size_t state = batch * hidden, all = (steps + 1) * state, nx = steps * batch * inputs;
  const size_t nwx = inputs * 4 * hidden, nwh = hidden * 4 * hidden, nb = 4 * hidden;
  float *x = noise(nx, 1), *wx = noise(nwx, 1), *wh = noise(nwh, 1), *b = noise(nb, 1), *dh = noise(steps * state, 1);
  float *h = dirty(all), *c = dirty(all), *gates = dirty(4 * steps * state), *scratch = dirty(2 * state);
  for (size_t i = 0; i < state; i++) h[i] = (float)random_number(), c[i] = (float)random_number();
  uint8_t *reset = flags(steps * batch, reset_probability);
  network n = {steps, batch, inputs, hidden, widen(x, nx), widen(wx, nwx), widen(wh, nwh), widen(b, nb),
               widen(h, state), widen(c, state), reset, dh};
  double *h_expected = allocate(all * sizeof(double)), *c_expected = allocate(all * sizeof(double));
  reference(h_expected, c_expected, &n);

  ck_lstm_unroll_forward(h, c, gates, x, reset, wx, wh, b, scratch, steps, batch, inputs, hidden);
  check_all("h", h, h_expected, all, 2e-6);
  check_all("c", c, c_expected, all, 5e-6);

  float *dx = noise(nx, 1), *dwx = noise(nwx, 1), *dwh = noise(nwh, 1), *db = noise(nb, 1);
  float *dx0 = copy(dx, nx), *dwx0 = copy(dwx, nwx), *dwh0 = copy(dwh, nwh), *db0 = copy(db, nb);
  float *workspace = dirty(ck_lstm_workspace(steps, batch, hidden));
  ck_lstm_unroll_backward(dx, dwx, dwh, db, dh, h, c, gates, x, reset, wx, wh, workspace, steps, batch, inputs, hidden);
  check_gradient("dx", dx, dx0, n.x, nx, loss, &n, 1e-5);
  check_gradient("dwx", dwx, dwx0, n.wx, nwx, loss, &n, 1e-5);
  check_gradient("dwh", dwh, dwh0, n.wh, nwh, loss, &n, 1e-5);
  check_gradient("db", db, db0, n.b, nb, loss, &n, 1e-5);

  float *again = copy(dwx0, nwx);
  memcpy(dwh, dwh0, nwh * sizeof *dwh);
  memcpy(db, db0, nb * sizeof *db);
  ck_lstm_unroll_backward(NULL, again, dwh, db, dh, h, c, gates, x, reset, wx, wh, workspace, steps, batch, inputs,
                          hidden);
  check_true("without dx, the same bits", memcmp(again, dwx, nwx * sizeof *dwx) == 0);
}

/// An actor steps with the cell and writes c over itself; it must agree with the learner's unroll of one step.
static void test_cell(size_t rows, size_t hidden) {
  const size_t state = rows * hidden;
  float *gates = noise(4 * state, 2), *again = copy(gates, 4 * state), *c = noise(state, 1);
  float *h_new = dirty(state), *c_new = dirty(state), *h_again = dirty(state);
  ck_lstm_cell_forward(h_new, c_new, gates, c, rows, hidden);
  ck_lstm_cell_forward(h_again, c, again, c, rows, hidden);
  check_true("c in place", memcmp(c, c_new, state * sizeof *c) == 0 && memcmp(h_again, h_new, state * sizeof *c) == 0);
}

int main(void) {
  test_unroll(1, 1, 1, 1, 0);
  test_unroll(3, 2, 5, 3, 0.3);
  test_unroll(5, 5, 3, 7, 0.3);
  test_unroll(4, 6, 2, 4, 1);
  test_unroll(2, 3, 17, 17, 0.5);
  test_unroll(3, 4, 4, 16, 0);
  test_cell(1, 1);
  test_cell(3, 17);
  test_cell(5, 256);
  return finish();
}
