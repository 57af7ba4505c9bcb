#include "cworkers.h"

size_t cworkers_first_not_finite(const float *numbers, size_t count) {
  for (size_t start = 0; start < count; start += 64) {
    size_t end = start + 64 < count ? start + 64 : count;
    // A number times zero is zero, unless it is infinite or none; the sum is looked at once a block.
    float sum = 0;
    for (size_t i = start; i < end; i++) sum += 0 * numbers[i];
    if (sum == 0) continue;
    for (size_t i = start; i < end; i++) {
      if (!(0 * numbers[i] == 0)) return i;
    }
  }
  return count;
}
