KERNEL void kernel_relu_forward(float *y, const float *x, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? 0.0f : x[i];  // this way round, NaN stays NaN
}

KERNEL void kernel_relu_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] += y[i] > 0.0f ? dy[i] : 0.0f;
}

KERNEL void kernel_tanh_forward(float *y, const float *x, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = tanh_lane(x[i]);
}

KERNEL void kernel_tanh_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] += dy[i] * (1.0f - y[i] * y[i]);
}

KERNEL void kernel_sigmoid_forward(float *y, const float *x, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = sigmoid_lane(x[i]);
}

KERNEL void kernel_sigmoid_backward(float *restrict dx, const float *restrict dy, const float *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] += dy[i] * y[i] * (1.0f - y[i]);
}

KERNEL void kernel_exp(float *y, const float *x, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = exp_lane(x[i]);
}

KERNEL void kernel_log(float *y, const float *x, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = log_lane(x[i]);
}

KERNEL void kernel_add(float *y, const float *a, const float *b, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

KERNEL void kernel_multiply_forward(float *y, const float *a, const float *b, int relu, size_t n) {
  const float least = relu ? 0.0f : -INFINITY;
  INDEPENDENT
  for (size_t i = 0; i < n; i++) {
    const float product = a[i] * b[i];
    y[i] = product < least ? least : product;
  }
}

// dx += dy factor, where y > 0 if there is a y.
INLINE void add_product_gradient(float *restrict dx, const float *restrict dy, const float *restrict y,
                                 const float *restrict factor, size_t n) {
  if (y) {
    for (size_t i = 0; i < n; i++) dx[i] += y[i] > 0.0f ? dy[i] * factor[i] : 0.0f;
  } else {
    for (size_t i = 0; i < n; i++) dx[i] += dy[i] * factor[i];
  }
}

KERNEL void kernel_multiply_backward(float *restrict da, float *restrict db, const float *restrict dy,
                                     const float *restrict y, const float *restrict a, const float *restrict b,
                                     size_t n) {
  if (da) add_product_gradient(da, dy, y, b, n);
  if (db) add_product_gradient(db, dy, y, a, n);
}

KERNEL void kernel_accumulate(float *restrict y, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}

KERNEL void kernel_axpy(float *restrict y, float a, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

KERNEL void kernel_scale(float *y, float a, const float *x, size_t n) {
  INDEPENDENT
  for (size_t i = 0; i < n; i++) y[i] = a * x[i];
}

KERNEL void kernel_scale_u8(float *restrict y, const uint8_t *restrict x, float scale, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = scale * (float)x[i];
}

// A NaN wins on either side: comparisons with it are false.
INLINE int is_minimum(float a, float b) { return !(b < a) && b == b; }

KERNEL void kernel_minimum_forward(float *restrict y, const float *restrict a, const float *restrict b, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = is_minimum(a[i], b[i]) ? a[i] : b[i];
}

KERNEL void kernel_minimum_backward(float *restrict da, float *restrict db, const float *restrict dy,
                                    const float *restrict a, const float *restrict b, size_t n) {
  if (da) {
    for (size_t i = 0; i < n; i++) da[i] += is_minimum(a[i], b[i]) ? dy[i] : 0.0f;
  }
  if (db) {
    for (size_t i = 0; i < n; i++) db[i] += is_minimum(a[i], b[i]) ? 0.0f : dy[i];
  }
}
