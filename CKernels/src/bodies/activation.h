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
