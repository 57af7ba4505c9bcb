// Rows are short (2 to 20 actions), so sixteen of them lie side by side, a row in a lane, and the actions pass one by one.
// So no lane is idle, and nothing is summed across lanes.
enum { CHUNK = 16, SHORT = 8 };

// Where the rows of a chunk begin. Lanes beyond the last row repeat it.
typedef struct {
  size_t count;
  size_t start[CHUNK];
} row_chunk;

INLINE row_chunk chunk_of(size_t first, size_t rows, size_t actions) {
  row_chunk chunk = {.count = rows - first < CHUNK ? rows - first : CHUNK};
  for (size_t j = 0; j < CHUNK; j++) chunk.start[j] = (first + (j < chunk.count ? j : chunk.count - 1)) * actions;
  return chunk;
}

// One number of each row.
INLINE void load_lanes(float *restrict value, const float *restrict x, const row_chunk *chunk, size_t a) {
  for (size_t j = 0; j < CHUNK; j++) value[j] = x[chunk->start[j] + a];
}

INLINE void store_lanes(float *restrict y, const float *restrict value, const row_chunk *chunk, size_t a) {
  for (size_t j = 0; j < CHUNK; j++) y[chunk->start[j] + a] = value[j];
}

INLINE void add_lanes(float *restrict y, const float *restrict value, const row_chunk *chunk, size_t a) {
  for (size_t j = 0; j < chunk->count; j++) y[chunk->start[j] + a] += value[j];
}

// Logits where allowed, -infinity elsewhere. Masked logits are not looked at, whatever they are.
INLINE void load_logits(float *restrict value, const float *restrict x, const uint8_t *restrict mask,
                        const row_chunk *chunk, size_t a) {
  load_lanes(value, x, chunk, a);
  if (!mask) return;
  for (size_t j = 0; j < CHUNK; j++) value[j] = mask[chunk->start[j] + a] ? value[j] : -INFINITY;
}

// The largest logit of each row, and the sum of exp(x - largest).
INLINE void row_sums(float *restrict largest, float *restrict sum, const float *restrict x,
                     const uint8_t *restrict mask, const row_chunk *chunk, size_t actions) {
  float value[CHUNK];
  for (size_t j = 0; j < CHUNK; j++) largest[j] = -INFINITY, sum[j] = 0;
  for (size_t a = 0; a < actions; a++) {
    load_logits(value, x, mask, chunk, a);
    for (size_t j = 0; j < CHUNK; j++) largest[j] = value[j] > largest[j] ? value[j] : largest[j];
  }
  for (size_t a = 0; a < actions; a++) {
    load_logits(value, x, mask, chunk, a);
    for (size_t j = 0; j < CHUNK; j++) sum[j] += exp_lane(value[j] - largest[j]);
  }
}

// Without a mask, in rows so short that their numbers fit registers: `actions` is a constant, and the compiler lays rows side
// by side. Sums run in the order of longer rows.
INLINE void short_softmax(float *restrict p, const float *restrict x, size_t rows, const size_t actions) {
  for (size_t row = 0; row < rows; row++) {
    float value[SHORT], largest = -INFINITY, sum = 0;
    UNROLLED for (size_t a = 0; a < actions; a++) value[a] = x[row * actions + a];
    UNROLLED for (size_t a = 0; a < actions; a++) largest = value[a] > largest ? value[a] : largest;
    UNROLLED for (size_t a = 0; a < actions; a++) value[a] = exp_lane(value[a] - largest), sum += value[a];
    UNROLLED for (size_t a = 0; a < actions; a++) p[row * actions + a] = value[a] / sum;
  }
}

INLINE void short_softmax_gradient(float *restrict dx, const float *restrict dp, const float *restrict p, size_t rows,
                                   const size_t actions) {
  for (size_t row = 0; row < rows; row++) {
    float mean = 0;
    UNROLLED for (size_t a = 0; a < actions; a++) mean += dp[row * actions + a] * p[row * actions + a];
    UNROLLED for (size_t a = 0; a < actions; a++) {
      dx[row * actions + a] += p[row * actions + a] * (dp[row * actions + a] - mean);
    }
  }
}

// `ROWS(actions)` for a short row's actions, each a constant; then the kernel is done.
#define IF_SHORT(ROWS, actions)      \
  switch (actions) {                 \
    case 2: ROWS(2); return;         \
    case 3: ROWS(3); return;         \
    case 4: ROWS(4); return;         \
    case 5: ROWS(5); return;         \
    case 6: ROWS(6); return;         \
    case 7: ROWS(7); return;         \
    case SHORT: ROWS(SHORT); return; \
  }

KERNEL void kernel_softmax_forward(float *restrict p, const float *restrict x, const uint8_t *restrict mask,
                                   size_t rows, size_t actions) {
#define ROWS(actions) short_softmax(p, x, rows, actions)
  if (!mask) IF_SHORT(ROWS, actions)
#undef ROWS
  for (size_t first = 0; first < rows; first += CHUNK) {
    const row_chunk chunk = chunk_of(first, rows, actions);
    float value[CHUNK], largest[CHUNK], sum[CHUNK];
    row_sums(largest, sum, x, mask, &chunk, actions);
    for (size_t a = 0; a < actions; a++) {
      load_logits(value, x, mask, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) value[j] = exp_lane(value[j] - largest[j]) / sum[j];
      store_lanes(p, value, &chunk, a);
    }
  }
}

KERNEL void kernel_softmax_backward(float *restrict dx, const float *restrict dp, const float *restrict p, size_t rows,
                                    size_t actions) {
#define ROWS(actions) short_softmax_gradient(dx, dp, p, rows, actions)
  IF_SHORT(ROWS, actions)
#undef ROWS
  for (size_t row = 0; row < rows; row++, dx += actions, dp += actions, p += actions) {
    float mean = 0;
    for (size_t a = 0; a < actions; a++) mean += dp[a] * p[a];
    for (size_t a = 0; a < actions; a++) dx[a] += p[a] * (dp[a] - mean);
  }
}

KERNEL void kernel_log_softmax_forward(float *restrict log_p, const float *restrict x, const uint8_t *restrict mask,
                                       size_t rows, size_t actions) {
  for (size_t first = 0; first < rows; first += CHUNK) {
    const row_chunk chunk = chunk_of(first, rows, actions);
    float value[CHUNK], largest[CHUNK], sum[CHUNK];
    row_sums(largest, sum, x, mask, &chunk, actions);
    for (size_t j = 0; j < CHUNK; j++) sum[j] = log_lane(sum[j]);
    for (size_t a = 0; a < actions; a++) {
      load_logits(value, x, mask, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) value[j] = value[j] - largest[j] - sum[j];
      store_lanes(log_p, value, &chunk, a);
    }
  }
}

KERNEL void kernel_log_softmax_backward(float *restrict dx, const float *restrict dlog_p, const float *restrict log_p,
                                        size_t rows, size_t actions) {
  for (size_t first = 0; first < rows; first += CHUNK) {
    const row_chunk chunk = chunk_of(first, rows, actions);
    float value[CHUNK], gradient[CHUNK], total[CHUNK] = {0};
    for (size_t a = 0; a < actions; a++) {
      load_lanes(value, log_p, &chunk, a);
      load_lanes(gradient, dlog_p, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) total[j] += value[j] > -INFINITY ? gradient[j] : 0.0f;
    }
    for (size_t a = 0; a < actions; a++) {
      load_lanes(value, log_p, &chunk, a);
      load_lanes(gradient, dlog_p, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) {
        gradient[j] = value[j] > -INFINITY ? gradient[j] - exp_lane(value[j]) * total[j] : 0.0f;
      }
      add_lanes(dx, gradient, &chunk, a);
    }
  }
}

KERNEL void kernel_entropy_forward(float *restrict h, const float *restrict log_p, size_t rows, size_t actions) {
  for (size_t first = 0; first < rows; first += CHUNK) {
    const row_chunk chunk = chunk_of(first, rows, actions);
    float value[CHUNK], sum[CHUNK] = {0};
    for (size_t a = 0; a < actions; a++) {
      load_lanes(value, log_p, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) sum[j] += value[j] > -INFINITY ? exp_lane(value[j]) * value[j] : 0.0f;
    }
    for (size_t j = 0; j < chunk.count; j++) h[first + j] = 0.0f - sum[j];
  }
}

KERNEL void kernel_entropy_backward(float *restrict dlog_p, const float *restrict dh, const float *restrict log_p,
                                    size_t rows, size_t actions) {
  for (size_t first = 0; first < rows; first += CHUNK) {
    const row_chunk chunk = chunk_of(first, rows, actions);
    float value[CHUNK], scale[CHUNK];
    for (size_t j = 0; j < CHUNK; j++) scale[j] = 0.0f - dh[first + (j < chunk.count ? j : chunk.count - 1)];
    for (size_t a = 0; a < actions; a++) {
      load_lanes(value, log_p, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) {
        value[j] = value[j] > -INFINITY ? scale[j] * (exp_lane(value[j]) * (value[j] + 1.0f)) : 0.0f;
      }
      add_lanes(dlog_p, value, &chunk, a);
    }
  }
}

// Both sums run in the same order, so the second reaches the total of the first, and u < 1 always finds an action. A
// masked one adds nothing, so the sum never exceeds the limit there.
KERNEL void kernel_categorical_sample(int *restrict action, const float *restrict log_p, const float *restrict u,
                                      size_t rows, size_t actions) {
  for (size_t first = 0; first < rows; first += CHUNK) {
    const row_chunk chunk = chunk_of(first, rows, actions);
    float value[CHUNK];
    double limit[CHUNK] = {0}, sum[CHUNK] = {0};
    for (size_t a = 0; a < actions; a++) {
      load_lanes(value, log_p, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) limit[j] += (double)exp_lane(value[j]);
    }
    for (size_t j = 0; j < CHUNK; j++) limit[j] *= (double)u[first + (j < chunk.count ? j : chunk.count - 1)];
    int32_t chosen[CHUNK];  // the last until another is found, as none is among NaN
    for (size_t j = 0; j < CHUNK; j++) chosen[j] = (int32_t)actions - 1;
    for (size_t a = 0; a < actions; a++) {
      load_lanes(value, log_p, &chunk, a);
      for (size_t j = 0; j < CHUNK; j++) {
        const double before = sum[j];
        sum[j] += (double)exp_lane(value[j]);
        chosen[j] = !(before > limit[j]) && sum[j] > limit[j] ? (int32_t)a : chosen[j];
      }
    }
    for (size_t j = 0; j < chunk.count; j++) action[first + j] = chosen[j];
  }
}
