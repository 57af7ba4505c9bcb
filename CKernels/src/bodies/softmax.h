// Rows are short (2 to 20 actions), so a row is processed in padded chunks of sixteen: full vectors, no scalar
// remainder.
enum { CHUNK = 16 };

INLINE size_t chunk_size(size_t start, size_t actions) { return actions - start < CHUNK ? actions - start : CHUNK; }

// value[j] = x[j] where allowed, -infinity elsewhere. Masked logits are not looked at, whatever they are.
INLINE void load_logits(float *restrict value, const float *restrict x, const uint8_t *restrict mask, size_t count) {
  for (size_t j = 0; j < CHUNK; j++) value[j] = -INFINITY;
  if (mask) {
    for (size_t j = 0; j < count; j++) value[j] = mask[j] ? x[j] : -INFINITY;
  } else {
    for (size_t j = 0; j < count; j++) value[j] = x[j];
  }
}

INLINE void load_padded(float *restrict value, const float *restrict x, size_t count, float padding) {
  for (size_t j = 0; j < CHUNK; j++) value[j] = padding;
  for (size_t j = 0; j < count; j++) value[j] = x[j];
}

INLINE float fold_sum(float *value) {
  for (size_t half = CHUNK / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) value[j] += value[j + half];
  }
  return value[0];
}

INLINE float row_maximum(const float *restrict x, const uint8_t *restrict mask, size_t actions) {
  float largest[CHUNK];
  for (size_t j = 0; j < CHUNK; j++) largest[j] = -INFINITY;
  for (size_t start = 0; start < actions; start += CHUNK) {
    float value[CHUNK];
    load_logits(value, x + start, mask ? mask + start : NULL, chunk_size(start, actions));
    for (size_t j = 0; j < CHUNK; j++) largest[j] = value[j] > largest[j] ? value[j] : largest[j];
  }
  for (size_t half = CHUNK / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) largest[j] = largest[j + half] > largest[j] ? largest[j + half] : largest[j];
  }
  return largest[0];
}

KERNEL void kernel_softmax_forward(float *restrict p, const float *restrict x, const uint8_t *restrict mask,
                                   size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, p += actions, x += actions, mask = mask ? mask + actions : NULL) {
    const float maximum = row_maximum(x, mask, actions);
    float sums[CHUNK] = {0};
    for (size_t start = 0; start < actions; start += CHUNK) {
      const size_t count = chunk_size(start, actions);
      float value[CHUNK];
      load_logits(value, x + start, mask ? mask + start : NULL, count);
      for (size_t j = 0; j < CHUNK; j++) {
        value[j] = exp_lane(value[j] - maximum);
        sums[j] += value[j];
      }
      for (size_t j = 0; j < count; j++) p[start + j] = value[j];
    }
    const float inverse = 1.0f / fold_sum(sums);
    for (size_t a = 0; a < actions; a++) p[a] *= inverse;
  }
}

KERNEL void kernel_softmax_backward(float *restrict dx, const float *restrict dp, const float *restrict p, size_t rows,
                                    size_t actions) {
  for (size_t row = 0; row < rows; row++, dx += actions, dp += actions, p += actions) {
    float mean = 0;
    for (size_t a = 0; a < actions; a++) mean += dp[a] * p[a];
    for (size_t a = 0; a < actions; a++) dx[a] += p[a] * (dp[a] - mean);
  }
}

KERNEL void kernel_log_softmax_forward(float *restrict log_p, const float *restrict x, const uint8_t *restrict mask,
                                       size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, log_p += actions, x += actions, mask = mask ? mask + actions : NULL) {
    const float maximum = row_maximum(x, mask, actions);
    float sums[CHUNK] = {0};
    for (size_t start = 0; start < actions; start += CHUNK) {
      const size_t count = chunk_size(start, actions);
      float value[CHUNK];
      load_logits(value, x + start, mask ? mask + start : NULL, count);
      for (size_t j = 0; j < CHUNK; j++) {
        value[j] -= maximum;
        sums[j] += exp_lane(value[j]);
      }
      for (size_t j = 0; j < count; j++) log_p[start + j] = value[j];
    }
    const float normaliser = log_lane(fold_sum(sums));
    for (size_t a = 0; a < actions; a++) log_p[a] -= normaliser;
  }
}

KERNEL void kernel_log_softmax_backward(float *restrict dx, const float *restrict dlog_p, const float *restrict log_p,
                                        size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, dx += actions, dlog_p += actions, log_p += actions) {
    float total = 0;
    for (size_t a = 0; a < actions; a++) total += log_p[a] > -INFINITY ? dlog_p[a] : 0.0f;
    for (size_t start = 0; start < actions; start += CHUNK) {
      const size_t count = chunk_size(start, actions);
      float p[CHUNK];
      load_padded(p, log_p + start, count, 0.0f);
      for (size_t j = 0; j < CHUNK; j++) p[j] = exp_lane(p[j]);
      for (size_t j = 0; j < count; j++) {
        dx[start + j] += log_p[start + j] > -INFINITY ? dlog_p[start + j] - p[j] * total : 0.0f;
      }
    }
  }
}

KERNEL void kernel_entropy_forward(float *restrict h, const float *restrict log_p, size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, log_p += actions) {
    float sums[CHUNK] = {0};
    for (size_t start = 0; start < actions; start += CHUNK) {
      float value[CHUNK];
      load_padded(value, log_p + start, chunk_size(start, actions), 0.0f);  // p log p = 0 at log p = 0
      for (size_t j = 0; j < CHUNK; j++) sums[j] += value[j] > -INFINITY ? exp_lane(value[j]) * value[j] : 0.0f;
    }
    h[row] = 0.0f - fold_sum(sums);
  }
}

KERNEL void kernel_entropy_backward(float *restrict dlog_p, const float *restrict dh, const float *restrict log_p,
                                    size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, dlog_p += actions, log_p += actions) {
    for (size_t start = 0; start < actions; start += CHUNK) {
      const size_t count = chunk_size(start, actions);
      float value[CHUNK];
      load_padded(value, log_p + start, count, 0.0f);
      for (size_t j = 0; j < CHUNK; j++) {
        value[j] = value[j] > -INFINITY ? exp_lane(value[j]) * (value[j] + 1.0f) : 0.0f;
      }
      for (size_t j = 0; j < count; j++) dlog_p[start + j] -= dh[row] * value[j];
    }
  }
}

// Adds probabilities in order until the sum exceeds `limit`; `action` is then where it stopped.
INLINE double sum_until(int *restrict action, const float *restrict log_p, size_t actions, double limit) {
  double sum = 0;
  for (size_t start = 0; start < actions; start += CHUNK) {
    const size_t count = chunk_size(start, actions);
    float p[CHUNK];
    load_padded(p, log_p + start, count, -INFINITY);
    for (size_t j = 0; j < CHUNK; j++) p[j] = exp_lane(p[j]);
    for (size_t j = 0; j < count; j++) {
      sum += (double)p[j];
      if (sum > limit) {
        *action = (int)(start + j);
        return sum;
      }
    }
  }
  return sum;
}

// Both sums run in the same order, so the second reaches the total of the first, and u < 1 always finds an action. A
// masked one adds nothing, so the sum never exceeds the limit there.
KERNEL void kernel_categorical_sample(int *restrict action, const float *restrict log_p, const float *restrict u,
                                      size_t rows, size_t actions) {
  for (size_t row = 0; row < rows; row++, log_p += actions) {
    const double total = sum_until(&action[row], log_p, actions, INFINITY);
    sum_until(&action[row], log_p, actions, (double)u[row] * total);
  }
}
