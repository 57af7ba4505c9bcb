#include <string.h>

#include "cworkers.h"

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static bytes16 load(const uint8_t *from) {
  bytes16 value;
  memcpy(&value, from, sizeof value);
  return value;
}

static void store(uint8_t *to, bytes16 value) { memcpy(to, &value, sizeof value); }

/// The byte-wise zip of the low and of the high halves: one instruction each on x86 and arm.
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

void cworkers_interleave_planes(uint8_t *channels_last, const uint8_t *planes_first, size_t planes, size_t pixels) {
  size_t pixel = 0;
  if (planes == 4) {
    const uint8_t *p0 = planes_first, *p1 = p0 + pixels, *p2 = p1 + pixels, *p3 = p2 + pixels;
    // Zipping planes 0 with 2 and 1 with 3 first makes the second zip give 0, 1, 2, 3.
    for (; pixel + 16 <= pixels; pixel += 16) {
      bytes16 a = load(p0 + pixel), b = load(p1 + pixel), c = load(p2 + pixel), d = load(p3 + pixel);
      bytes16 even_low = ZIP_LOW(a, c), even_high = ZIP_HIGH(a, c), odd_low = ZIP_LOW(b, d), odd_high = ZIP_HIGH(b, d);
      uint8_t *to = channels_last + 4 * pixel;
      store(to, ZIP_LOW(even_low, odd_low));
      store(to + 16, ZIP_HIGH(even_low, odd_low));
      store(to + 32, ZIP_LOW(even_high, odd_high));
      store(to + 48, ZIP_HIGH(even_high, odd_high));
    }
  }
  for (; pixel < pixels; pixel++) {
    for (size_t plane = 0; plane < planes; plane++) {
      channels_last[pixel * planes + plane] = planes_first[plane * pixels + pixel];
    }
  }
}
