#include "ck_recurrent.h"

#include <string.h>

#include "ck_activation.h"
#include "ck_linear.h"
#include "ck_reduce.h"
#include "matrix.h"

// The state that a step sees: the old one, or a copy in which the rows that are reset are zero.
static const float *state_after_reset(float *restrict copy, const float *restrict state, const uint8_t *restrict reset,
                                      size_t batch, size_t hidden) {
  if (!memchr(reset, 1, batch)) return state;
  for (size_t row = 0; row < batch; row++) {
    if (reset[row]) {
      memset(copy + row * hidden, 0, hidden * sizeof *copy);
    } else {
      memcpy(copy + row * hidden, state + row * hidden, hidden * sizeof *copy);
    }
  }
  return copy;
}

static void clear_reset_rows(float *restrict x, const uint8_t *restrict reset, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++) {
    if (reset[row]) memset(x + row * width, 0, width * sizeof *x);
  }
}

void ck_lstm_unroll_forward(float *restrict h, float *restrict c, float *restrict gates, const float *restrict x,
                            const uint8_t *restrict reset, const float *restrict wx, const float *restrict wh,
                            const float *restrict b, float *restrict scratch, size_t steps, size_t batch,
                            size_t inputs, size_t hidden) {
  const size_t state = batch * hidden;
  ck_linear_forward(gates, x, wx, b, steps * batch, inputs, 4 * hidden);
  for (size_t t = 0; t < steps; t++) {
    const float *h_old = state_after_reset(scratch, h + t * state, reset + t * batch, batch, hidden);
    const float *c_old = state_after_reset(scratch + state, c + t * state, reset + t * batch, batch, hidden);
    add_product(gates + 4 * t * state, h_old, wh, batch, hidden, 4 * hidden);
    ck_lstm_cell_forward(h + (t + 1) * state, c + (t + 1) * state, gates + 4 * t * state, c_old, batch, hidden);
  }
}

size_t ck_lstm_workspace(size_t steps, size_t batch, size_t hidden) { return (4 * steps + 3) * batch * hidden; }

void ck_lstm_unroll_backward(float *restrict dx, float *restrict dwx, float *restrict dwh, float *restrict db,
                             const float *restrict dh, const float *restrict h, const float *restrict c,
                             const float *restrict gates, const float *restrict x, const uint8_t *restrict reset,
                             const float *restrict wx, const float *restrict wh, float *restrict scratch, size_t steps,
                             size_t batch, size_t inputs, size_t hidden) {
  const size_t state = batch * hidden;
  float *dgates = scratch;                         // [T, B, 4 H]
  float *dh_step = dgates + 4 * steps * state;     // [B, H]: gradient of h_{t+1}, from the output and from later steps
  float *dc = dh_step + state, *c_copy = dc + state;
  memset(dh_step, 0, 2 * state * sizeof *scratch);
  for (size_t t = steps; t-- > 0;) {
    const uint8_t *reset_now = reset + t * batch;
    float *dgates_now = dgates + 4 * t * state;
    ck_accumulate(dh_step, dh + t * state, state);
    const float *c_old = state_after_reset(c_copy, c + t * state, reset_now, batch, hidden);
    ck_lstm_cell_backward(dgates_now, dc, dh_step, gates + 4 * t * state, c + (t + 1) * state, c_old, batch, hidden);
    memset(dh_step, 0, state * sizeof *scratch);
    add_product_with_transpose(dh_step, dgates_now, wh, batch, hidden, 4 * hidden);
    clear_reset_rows(dh_step, reset_now, batch, hidden);
    clear_reset_rows(dc, reset_now, batch, hidden);
  }
  ck_linear_backward(dx, dwx, db, dgates, x, wx, steps * batch, inputs, 4 * hidden);
  // A step that was reset saw h = 0: without its rows, h itself stands for what the steps saw.
  clear_reset_rows(dgates, reset, steps * batch, 4 * hidden);
  add_transpose_product(dwh, h, dgates, steps * batch, hidden, 4 * hidden);
}
