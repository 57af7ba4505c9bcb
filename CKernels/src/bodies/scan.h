// Time runs backwards, columns side by side. What is carried from step to step stays in a tile of columns.
enum { TILE = 64 };

INLINE size_t tile_size(size_t first, size_t batch) { return batch - first < TILE ? batch - first : TILE; }

KERNEL void kernel_vtrace(float *restrict vs, float *restrict advantage, const float *restrict log_rho,
                          const float *restrict reward, const float *restrict discount,
                          const uint8_t *restrict continues, const float *restrict value,
                          const float *restrict next_value, const uint8_t *restrict valid, size_t steps, size_t batch,
                          ck_vtrace_options options) {
  const float lambda = options.lambda;
  // q = mix vs_{t+1} + (1 - mix) V'_t
  const float mix = options.lambda_in_advantage ? lambda : 1.0f;
  for (size_t first = 0; first < batch; first += TILE) {
    const size_t width = tile_size(first, batch);
    float error[TILE] = {0};    // e_{t+1}
    float vs_next[TILE] = {0};  // vs_{t+1}
    for (size_t t = steps; t-- > 0;) {
      const size_t row = t * batch + first;
      const int last = t + 1 == steps;
      for (size_t j = 0; j < width; j++) {
        const size_t i = row + j;
        const float raised = log_rho[i] < -80.0f ? -80.0f : log_rho[i];
        const float rho = exp_lane(raised > 80.0f ? 80.0f : raised);
        const float rho_value = rho < options.rho_bar ? rho : options.rho_bar;
        const float rho_trace = rho < options.c_bar ? rho : options.c_bar;
        const float rho_policy = rho < options.pg_rho_bar ? rho : options.pg_rho_bar;
        const float v = value[i], bootstrap = next_value[i];
        const float delta = rho_value * (reward[i] + discount[i] * bootstrap - v);
        const float trace = discount[i] * lambda * rho_trace * error[j];
        const float e = delta + (continues[i] ? trace : 0.0f);
        const float mixed = mix * vs_next[j] + (1.0f - mix) * bootstrap;
        const float q = continues[i] && !last ? mixed : bootstrap;
        const float a = rho_policy * (reward[i] + discount[i] * q - v);
        error[j] = valid[i] ? e : 0.0f;
        vs_next[j] = v + error[j];
        vs[i] = vs_next[j];
        advantage[i] = valid[i] ? a : 0.0f;
      }
    }
  }
}

KERNEL void kernel_gae(float *restrict advantage, const float *restrict reward, const float *restrict discount,
                       const uint8_t *restrict continues, const float *restrict value,
                       const float *restrict next_value, size_t steps, size_t batch, float lambda) {
  for (size_t first = 0; first < batch; first += TILE) {
    const size_t width = tile_size(first, batch);
    float next[TILE] = {0};  // A_{t+1}
    for (size_t t = steps; t-- > 0;) {
      const size_t row = t * batch + first;
      for (size_t j = 0; j < width; j++) {
        const size_t i = row + j;
        const float delta = reward[i] + discount[i] * next_value[i] - value[i];
        const float trace = discount[i] * lambda * next[j];
        next[j] = delta + (continues[i] ? trace : 0.0f);
        advantage[i] = next[j];
      }
    }
  }
}

KERNEL void kernel_n_step_return(float *restrict g, const float *restrict reward, const float *restrict discount,
                                 const uint8_t *restrict continues, const float *restrict next_value, size_t steps,
                                 size_t batch) {
  for (size_t first = 0; first < batch; first += TILE) {
    const size_t width = tile_size(first, batch);
    float next[TILE] = {0};  // G_{t+1}
    for (size_t t = steps; t-- > 0;) {
      const size_t row = t * batch + first;
      const int last = t + 1 == steps;
      for (size_t j = 0; j < width; j++) {
        const size_t i = row + j;
        next[j] = reward[i] + discount[i] * (continues[i] && !last ? next[j] : next_value[i]);
        g[i] = next[j];
      }
    }
  }
}
