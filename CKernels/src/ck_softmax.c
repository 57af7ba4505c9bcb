#include "ck_softmax.h"

void ck_select_forward(float *restrict y, const float *restrict log_p, const int *restrict action, size_t rows,
                       size_t actions) {
  for (size_t row = 0; row < rows; row++) y[row] = log_p[row * actions + (size_t)action[row]];
}

void ck_select_backward(float *restrict dlog_p, const float *restrict dy, const int *restrict action, size_t rows,
                        size_t actions) {
  for (size_t row = 0; row < rows; row++) dlog_p[row * actions + (size_t)action[row]] += dy[row];
}

void ck_categorical_argmax(int *restrict action, const float *restrict log_p, size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, log_p += actions) {
    size_t best = 0;
    for (size_t a = 1; a < actions; a++) {
      if (log_p[a] > log_p[best]) best = a;
    }
    action[row] = (int)best;
  }
}
