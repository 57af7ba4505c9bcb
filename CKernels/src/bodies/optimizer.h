INLINE void rmsprop(float *restrict p, float *restrict ms, float *restrict momentum, const float *restrict gradient,
                    size_t n, float clip, float rate, float decay, float momentum_decay, float epsilon,
                    int epsilon_inside) {
  for (size_t i = 0; i < n; i++) {
    const float g = clip * gradient[i];
    ms[i] = decay * ms[i] + (1.0f - decay) * (g * g);
    const float root = epsilon_inside ? sqrtf(ms[i] + epsilon) : sqrtf(ms[i]) + epsilon;
    float step = rate * g / root;
    if (momentum) {
      step += momentum_decay * momentum[i];
      momentum[i] = step;
    }
    p[i] -= step;
  }
}

// Four calls with constants, so that the loop has no branch in it.
KERNEL void kernel_rmsprop_step(float *restrict p, float *restrict ms, float *restrict momentum,
                                const float *restrict gradient, size_t n, float clip, float rate, float decay,
                                float momentum_decay, float epsilon, int epsilon_inside) {
  if (momentum && epsilon_inside) {
    rmsprop(p, ms, momentum, gradient, n, clip, rate, decay, momentum_decay, epsilon, 1);
  } else if (momentum) {
    rmsprop(p, ms, momentum, gradient, n, clip, rate, decay, momentum_decay, epsilon, 0);
  } else if (epsilon_inside) {
    rmsprop(p, ms, NULL, gradient, n, clip, rate, decay, momentum_decay, epsilon, 1);
  } else {
    rmsprop(p, ms, NULL, gradient, n, clip, rate, decay, momentum_decay, epsilon, 0);
  }
}

KERNEL void kernel_adam_step(float *restrict p, float *restrict m, float *restrict v, const float *restrict gradient,
                             size_t n, float clip, float rate, float beta1, float beta2, float epsilon, size_t step) {
  // The corrections for the slots' start at zero, in double as beta^step is near one at first.
  const float m_scale = (float)(1.0 / (1.0 - pow((double)beta1, (double)step)));
  const float v_scale = (float)(1.0 / (1.0 - pow((double)beta2, (double)step)));
  for (size_t i = 0; i < n; i++) {
    const float g = clip * gradient[i];
    m[i] = beta1 * m[i] + (1.0f - beta1) * g;
    v[i] = beta2 * v[i] + (1.0f - beta2) * (g * g);
    p[i] -= rate * (m_scale * m[i]) / (sqrtf(v_scale * v[i]) + epsilon);
  }
}

KERNEL void kernel_polyak(float *restrict target, const float *restrict source, float tau, size_t n) {
  for (size_t i = 0; i < n; i++) target[i] += tau * (source[i] - target[i]);
}
