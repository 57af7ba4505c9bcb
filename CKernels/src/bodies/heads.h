INLINE float fold_sum(float *value) {
  for (size_t half = CHUNK / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) value[j] += value[j + half];
  }
  return value[0];
}

KERNEL void kernel_task_head_forward(float *restrict y, const float *restrict x, const float *restrict w,
                                     const float *restrict b, const int *restrict task, size_t rows, size_t inputs) {
  for (size_t row = 0; row < rows; row++) {
    const float *features = x + row * inputs, *head = w + (size_t)task[row] * inputs;
    float sums[CHUNK] = {0};
    size_t i = 0;
    for (; i + CHUNK <= inputs; i += CHUNK) {
      for (size_t j = 0; j < CHUNK; j++) sums[j] += features[i + j] * head[i + j];
    }
    for (size_t j = 0; i + j < inputs; j++) sums[j] += features[i + j] * head[i + j];
    y[row] = fold_sum(sums) + b[task[row]];
  }
}

KERNEL void kernel_task_head_backward(float *restrict dx, float *restrict dw, float *restrict db,
                                      const float *restrict dy, const float *restrict x, const float *restrict w,
                                      const int *restrict task, size_t rows, size_t inputs) {
  for (size_t row = 0; row < rows; row++) {
    const size_t head = (size_t)task[row] * inputs;
    if (dw) kernel_axpy(dw + head, dy[row], x + row * inputs, inputs);
    if (db) db[task[row]] += dy[row];
    if (dx) kernel_axpy(dx + row * inputs, dy[row], w + head, inputs);
  }
}
