// dy = dy where y > 0, else 0;  db += column sums of the new dy, rows in order. db may be NULL.
KERNEL void kernel_mask_gradient(float *restrict dy, float *restrict db, const float *restrict y, size_t rows,
                                 size_t columns) {
  if (!db) {
    for (size_t i = 0; i < rows * columns; i++) dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    return;
  }
  // Row by row, as dy and y are large and come from memory in this order; db stays in the cache.
  for (size_t row = 0; row < rows; row++) {
    float *restrict gradient = dy + row * columns;
    const float *restrict output = y + row * columns;
    for (size_t j = 0; j < columns; j++) {
      gradient[j] = output[j] > 0.0f ? gradient[j] : 0.0f;
      db[j] += gradient[j];
    }
  }
}
