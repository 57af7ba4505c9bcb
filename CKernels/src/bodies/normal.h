// Squashed normal distributions; what x holds is said in `ck_normal.h`.

#define HALF_LOG_TWO_PI 0.918938533f

// One dimension of one row.
typedef struct {
  float mu, log_sigma, sigma;
  int bounded;  // log sigma lies beyond its bounds, and has no gradient
} normal_number;

INLINE normal_number normal_at(const float *x, size_t row, size_t d, size_t dims, ck_normal_bounds bounds) {
  const float raw = x[(2 * row + 1) * dims + d];
  const float raised = raw < bounds.low ? bounds.low : raw;
  const float log_sigma = raised > bounds.high ? bounds.high : raised;
  return (normal_number){x[2 * row * dims + d], log_sigma, exp_lane(log_sigma), raw < bounds.low || raw > bounds.high};
}

// log(1 - tanh(u)^2) = 2 (log 2 - |u| - log(1 + exp(-2 |u|))), which is right where tanh(u) rounds to 1, too.
INLINE float log_squash_slope(float u) {
  const float magnitude = fabsf(u);
  return 2.0f * (0.693147181f - magnitude - log_lane(1.0f + exp_lane(-2.0f * magnitude)));
}

// E f(z) = sum of weight f(node) for polynomials f of degree 31 and standard normal z. (NumPy's hermgauss, rescaled.)
static const float normal_node[CHUNK] = {
    -6.6308782f,  -5.47222571f, -4.4929553f, -3.60087362f, -2.76024505f, -1.95198035f, -1.1638291f, -0.386760605f,
    0.386760605f, 1.1638291f,   1.95198035f, 2.76024505f,  3.60087362f,  4.4929553f,   5.47222571f, 6.6308782f};
static const float normal_weight[CHUNK] = {
    1.49781472e-10f, 1.30947322e-07f, 1.53000322e-05f, 0.000525984927f, 0.0072669376f,   0.0472847524f,
    0.158338373f,    0.286568521f,    0.286568521f,    0.158338373f,    0.0472847524f,   0.0072669376f,
    0.000525984927f, 1.53000322e-05f, 1.30947322e-07f, 1.49781472e-10f};

KERNEL void kernel_squashed_normal_sample(float *restrict u, const float *restrict x, const float *restrict z,
                                          const uint8_t *restrict mask, size_t rows, size_t dims,
                                          ck_normal_bounds bounds) {
  for (size_t i = 0; i < rows * dims; i++) {
    const normal_number n = normal_at(x, i / dims, i % dims, dims, bounds);
    const float sampled = z ? n.mu + n.sigma * z[i] : n.mu;
    u[i] = !mask || mask[i] ? sampled : 0.0f;
  }
}

KERNEL void kernel_squashed_normal_log_p_forward(float *restrict log_p, const float *restrict x,
                                                 const float *restrict u, const uint8_t *restrict mask, size_t rows,
                                                 size_t dims, ck_normal_bounds bounds) {
  for (size_t row = 0; row < rows; row++) {
    float sum = 0;
    for (size_t d = 0; d < dims; d++) {
      const size_t i = row * dims + d;
      if (mask && !mask[i]) continue;
      const normal_number n = normal_at(x, row, d, dims, bounds);
      const float z = (u[i] - n.mu) / n.sigma;
      sum -= 0.5f * z * z + n.log_sigma + HALF_LOG_TWO_PI + log_squash_slope(u[i]);
    }
    log_p[row] = sum;
  }
}

KERNEL void kernel_squashed_normal_log_p_backward(float *restrict dx, const float *restrict dlog_p,
                                                  const float *restrict x, const float *restrict u,
                                                  const uint8_t *restrict mask, size_t rows, size_t dims,
                                                  ck_normal_bounds bounds) {
  for (size_t i = 0; i < rows * dims; i++) {
    if (mask && !mask[i]) continue;
    const size_t row = i / dims, d = i % dims;
    const normal_number n = normal_at(x, row, d, dims, bounds);
    const float z = (u[i] - n.mu) / n.sigma;
    dx[2 * row * dims + d] += dlog_p[row] * z / n.sigma;
    if (!n.bounded) dx[(2 * row + 1) * dims + d] += dlog_p[row] * (z * z - 1.0f);
  }
}

KERNEL void kernel_squashed_normal_entropy_forward(float *restrict h, const float *restrict x,
                                                   const uint8_t *restrict mask, size_t rows, size_t dims,
                                                   ck_normal_bounds bounds) {
  for (size_t row = 0; row < rows; row++) {
    float sum = 0;
    for (size_t d = 0; d < dims; d++) {
      if (mask && !mask[row * dims + d]) continue;
      const normal_number n = normal_at(x, row, d, dims, bounds);
      float term[CHUNK];
      for (size_t j = 0; j < CHUNK; j++) {
        term[j] = normal_weight[j] * log_squash_slope(n.mu + n.sigma * normal_node[j]);
      }
      sum += 0.5f + HALF_LOG_TWO_PI + n.log_sigma + fold_sum(term);
    }
    h[row] = sum;
  }
}

// d log(1 - tanh(u)^2) / du = -2 tanh(u).
KERNEL void kernel_squashed_normal_entropy_backward(float *restrict dx, const float *restrict dh,
                                                    const float *restrict x, const uint8_t *restrict mask,
                                                    size_t rows, size_t dims, ck_normal_bounds bounds) {
  for (size_t i = 0; i < rows * dims; i++) {
    if (mask && !mask[i]) continue;
    const size_t row = i / dims, d = i % dims;
    const normal_number n = normal_at(x, row, d, dims, bounds);
    float by_mu[CHUNK], by_log_sigma[CHUNK];
    for (size_t j = 0; j < CHUNK; j++) {
      const float deviation = n.sigma * normal_node[j];
      by_mu[j] = -2.0f * normal_weight[j] * tanh_lane(n.mu + deviation);
      by_log_sigma[j] = by_mu[j] * deviation;
    }
    dx[2 * row * dims + d] += dh[row] * fold_sum(by_mu);
    if (!n.bounded) dx[(2 * row + 1) * dims + d] += dh[row] * (1.0f + fold_sum(by_log_sigma));
  }
}

// 1 - tanh(u)^2 without the difference, which leaves nothing where tanh(u) is near 1.
INLINE float squash_slope(float u) {
  const float e = exp_lane(-2.0f * fabsf(u));
  return 4.0f * e / ((1.0f + e) * (1.0f + e));
}

KERNEL void kernel_squashed_normal_action_forward(float *restrict action, float *restrict log_p,
                                                  const float *restrict x, const float *restrict z,
                                                  const uint8_t *restrict mask, size_t rows, size_t dims,
                                                  ck_normal_bounds bounds, float correction) {
  for (size_t row = 0; row < rows; row++) {
    float sum = 0;
    for (size_t d = 0; d < dims; d++) {
      const size_t i = row * dims + d;
      action[i] = 0;
      if (mask && !mask[i]) continue;
      const normal_number n = normal_at(x, row, d, dims, bounds);
      const float u = n.mu + n.sigma * z[i];
      const float log_slope = correction > 0 ? log_lane(squash_slope(u) + correction) : log_squash_slope(u);
      action[i] = tanh_lane(u);
      sum -= 0.5f * z[i] * z[i] + n.log_sigma + HALF_LOG_TWO_PI + log_slope;
    }
    log_p[row] = sum;
  }
}

// d log(slope + correction) / du = -2 tanh(u) slope / (slope + correction), by d slope / du = -2 tanh(u) slope.
KERNEL void kernel_squashed_normal_action_backward(float *restrict dx, const float *restrict daction,
                                                   const float *restrict dlog_p, const float *restrict x,
                                                   const float *restrict z, const uint8_t *restrict mask, size_t rows,
                                                   size_t dims, ck_normal_bounds bounds, float correction) {
  for (size_t row = 0; row < rows; row++) {
    const float weight = dlog_p ? dlog_p[row] : 0.0f;
    for (size_t d = 0; d < dims; d++) {
      const size_t i = row * dims + d;
      if (mask && !mask[i]) continue;
      const normal_number n = normal_at(x, row, d, dims, bounds);
      const float u = n.mu + n.sigma * z[i], slope = squash_slope(u);
      const float share = correction > 0 ? slope / (slope + correction) : 1.0f;
      const float du = weight * 2.0f * tanh_lane(u) * share + (daction ? daction[i] * slope : 0.0f);
      dx[2 * row * dims + d] += du;
      if (!n.bounded) dx[(2 * row + 1) * dims + d] += du * n.sigma * z[i] - weight;
    }
  }
}
