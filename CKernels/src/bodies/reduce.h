// Sixteen accumulators: element i goes to accumulator i mod 16, and they are folded in halves. A product of two floats
// is exact in double, so fused multiply-add changes nothing and every level gives the same bits.
enum { ACCUMULATORS = 16 };

INLINE double fold(double *accumulator) {
  for (size_t half = ACCUMULATORS / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) accumulator[j] += accumulator[j + half];
  }
  return accumulator[0];
}

KERNEL double kernel_sum(const float *x, size_t n) {
  double accumulator[ACCUMULATORS] = {0};
  size_t i = 0;
  for (; i + ACCUMULATORS <= n; i += ACCUMULATORS) {
    for (size_t j = 0; j < ACCUMULATORS; j++) accumulator[j] += (double)x[i + j];
  }
  for (size_t j = 0; i + j < n; j++) accumulator[j] += (double)x[i + j];
  return fold(accumulator);
}

KERNEL double kernel_dot(const float *x, const float *y, size_t n) {
  double accumulator[ACCUMULATORS] = {0};
  size_t i = 0;
  for (; i + ACCUMULATORS <= n; i += ACCUMULATORS) {
    for (size_t j = 0; j < ACCUMULATORS; j++) accumulator[j] += (double)x[i + j] * (double)y[i + j];
  }
  for (size_t j = 0; i + j < n; j++) accumulator[j] += (double)x[i + j] * (double)y[i + j];
  return fold(accumulator);
}

KERNEL double kernel_sum_squares(const float *x, size_t n) { return kernel_dot(x, x, n); }

// Without its sign, a float orders like its bits, and NaN lies above infinity: the largest wins, NaN included.
KERNEL float kernel_max_abs(const float *x, size_t n) {
  uint32_t largest = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t magnitude = bits_of(x[i]) & 0x7fffffffu;
    largest = magnitude > largest ? magnitude : largest;
  }
  return float_of(largest);
}

KERNEL size_t kernel_count_nonfinite(const float *x, size_t n) {
  size_t count = 0;
  for (size_t start = 0; start < n;) {
    const size_t end = n - start > 65536 ? start + 65536 : n;  // a block's count fits 32 bits: twice the lanes
    uint32_t partial = 0;
    for (size_t i = start; i < end; i++) partial += (bits_of(x[i]) & 0x7f800000u) == 0x7f800000u;
    count += partial;
    start = end;
  }
  return count;
}

KERNEL void kernel_column_sum(float *restrict y, const float *restrict x, size_t rows, size_t columns) {
  size_t first = 0;
  for (; first + ACCUMULATORS <= columns; first += ACCUMULATORS) {
    float accumulator[ACCUMULATORS];
    memcpy(accumulator, y + first, sizeof accumulator);
    for (size_t row = 0; row < rows; row++) {
      for (size_t j = 0; j < ACCUMULATORS; j++) accumulator[j] += x[row * columns + first + j];
    }
    memcpy(y + first, accumulator, sizeof accumulator);
  }
  for (size_t row = 0; row < rows; row++) {
    for (size_t j = first; j < columns; j++) y[j] += x[row * columns + j];
  }
}

enum { TREE_TILE = 256 };

// total = the tree over blocks [low, high) of elements [offset, offset + width); a level of recursion keeps one tile on
// the stack.
KERNEL void tree_tile(float *restrict total, const float *const *blocks, size_t low, size_t high, size_t offset,
                      size_t width) {
  if (high - low == 1) {
    memcpy(total, blocks[low] + offset, width * sizeof *total);
    return;
  }
  const size_t middle = low + (high - low) / 2;
  tree_tile(total, blocks, low, middle, offset, width);
  if (high - middle == 1) {
    kernel_accumulate(total, blocks[middle] + offset, width);
    return;
  }
  float right[TREE_TILE];
  tree_tile(right, blocks, middle, high, offset, width);
  kernel_accumulate(total, right, width);
}

KERNEL void kernel_tree_sum(float *y, const float *const *blocks, size_t count, size_t n) {
  for (size_t offset = 0; offset < n; offset += TREE_TILE) {
    const size_t width = n - offset < TREE_TILE ? n - offset : TREE_TILE;
    float total[TREE_TILE];
    tree_tile(total, blocks, 0, count, offset, width);
    memcpy(y + offset, total, width * sizeof *y);  // last, as y may be blocks[0]
  }
}
