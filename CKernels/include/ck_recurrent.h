/// LSTM (Hochreiter and Schmidhuber 1997) with resets inside the unroll.
///
///   [i g f o] = x Wx + h Wh + b        gates in this order, weights `[in, 4 H]`, `[H, 4 H]`, b `[4 H]`
///   c' = sigmoid(f + 1) c + sigmoid(i) tanh(g)
///   h' = sigmoid(o) tanh(c')
///
/// The forget gate's bias of +1 is part of the cell, as in TensorFlow's LSTMBlockCell that IMPALA used. Where reset is 1,
/// h and c are zero **before** the step: the observation is the first of an episode.
#ifndef CK_RECURRENT_H
#define CK_RECURRENT_H
#include <stddef.h>
#include <stdint.h>

/// One step. `gates` `[rows, 4 H]` holds x Wx + h Wh + b on entry and the activated gates on return; c_new, h_new, c `[rows, H]`.
/// c_new may be c.
void ck_lstm_cell_forward(float *h_new, float *c_new, float *gates, const float *c, size_t rows, size_t hidden);

/// Given dh, dc (gradients of h_new, c_new): dgates = gradient before activation (overwritten, `[rows, 4 H]`),
/// dc = gradient of the old c (overwritten in place).
void ck_lstm_cell_backward(float *restrict dgates, float *restrict dc, const float *restrict dh,
                           const float *restrict gates, const float *restrict c_new, const float *restrict c,
                           size_t rows, size_t hidden);

/// The whole unroll, one sgemm for all inputs.
///   h, c     `[T + 1, B, H]`: row 0 holds the state before step 0 (before its reset), rows 1...T are written
///   gates    `[T, B, 4 H]` written: the activated gates, kept for backward
///   x        `[T, B, inputs]`, reset `[T, B]`
///   scratch  `[2, B, H]`
void ck_lstm_unroll_forward(float *restrict h, float *restrict c, float *restrict gates, const float *restrict x,
                            const uint8_t *restrict reset, const float *restrict wx, const float *restrict wh,
                            const float *restrict b, float *restrict scratch, size_t steps, size_t batch,
                            size_t inputs, size_t hidden);

/// Backpropagation through time, cut at resets. The initial state gets no gradient (IMPALA truncates at the unroll).
///   dx `[T, B, inputs]` or NULL, dwx, dwh, db are added to; dh `[T, B, H]` is the gradient of h[1...T].
///   scratch `ck_lstm_workspace` floats.
void ck_lstm_unroll_backward(float *restrict dx, float *restrict dwx, float *restrict dwh, float *restrict db,
                             const float *restrict dh, const float *restrict h, const float *restrict c,
                             const float *restrict gates, const float *restrict x, const uint8_t *restrict reset,
                             const float *restrict wx, const float *restrict wh, float *restrict scratch, size_t steps,
                             size_t batch, size_t inputs, size_t hidden);

/// Scratch floats of `ck_lstm_unroll_backward`.
size_t ck_lstm_workspace(size_t steps, size_t batch, size_t hidden);

#endif
