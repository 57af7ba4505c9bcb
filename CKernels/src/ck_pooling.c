#include "ck_pooling.h"

size_t ck_same_output(size_t size, size_t stride) { return (size + stride - 1) / stride; }

size_t ck_same_pad_before(size_t size, size_t window, size_t stride) {
  const size_t covered = (ck_same_output(size, stride) - 1) * stride + window;
  return covered > size ? (covered - size) / 2 : 0;
}
