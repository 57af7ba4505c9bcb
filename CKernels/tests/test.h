/// The few things that all kernel tests share. A test is a program: it prints what failed and `finish` gives its exit
/// status.
#ifndef TEST_H
#define TEST_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckernels.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static size_t checks = 0, failures = 0;
static void *blocks[1 << 16];
static size_t block_count = 0;

/// Memory of exactly this size, so that the address sanitizer sees one element too many. `finish` frees it.
static inline void *allocate(size_t bytes) {
  void *block = malloc(bytes ? bytes : 1);
  if (!block || block_count == COUNT(blocks)) abort();
  blocks[block_count++] = block;
  return block;
}

/// Uniform in [-1, 1), from a generator of its own: nothing here depends on the library under test.
static inline double random_number(void) {
  static uint64_t state = 1;
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) * 0x1p-52 - 1.0;
}

static inline size_t random_index(size_t limit) { return (size_t)((random_number() + 1.0) / 2.0 * (double)limit); }

static inline float *noise(size_t n, double scale) {
  float *x = allocate(n * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = (float)(scale * random_number());
  return x;
}

/// What arena memory looks like: a kernel that reads what it should only write shows it.
static inline float *dirty(size_t n) {
  float *x = allocate(n * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = NAN;
  return x;
}

static inline float *copy(const float *x, size_t n) { return memcpy(allocate(n * sizeof *x), x, n * sizeof *x); }

static inline double *widen(const float *x, size_t n) {
  double *y = allocate(n * sizeof *y);
  for (size_t i = 0; i < n; i++) y[i] = (double)x[i];
  return y;
}

/// Bytes 0 and 1, ones with the given probability.
static inline uint8_t *flags(size_t n, double probability) {
  uint8_t *flag = allocate(n);
  for (size_t i = 0; i < n; i++) flag[i] = (random_number() + 1.0) / 2.0 < probability;
  return flag;
}

static inline int *indices(size_t n, size_t limit) {
  int *index = allocate(n * sizeof *index);
  memset(index, 0, n * sizeof *index);  // gcc would warn of what loops may leave
  for (size_t i = 0; i < n; i++) index[i] = (int)random_index(limit);
  return index;
}

static inline void report(const char *name, size_t i, double actual, double expected) {
  if (++failures <= 20) printf("  %s[%zu]: %.9g, expected %.9g\n", name, i, actual, expected);
}

/// |actual - expected| <= tolerance (1 + |expected|). Written so that NaN fails; equal infinities pass.
static inline void check_close(const char *name, size_t i, double actual, double expected, double tolerance) {
  checks++;
  if (actual == expected) return;
  if (!(fabs(actual - expected) <= tolerance * (1.0 + fabs(expected)))) report(name, i, actual, expected);
}

static inline void check_all(const char *name, const float *actual, const double *expected, size_t n,
                             double tolerance) {
  for (size_t i = 0; i < n; i++) check_close(name, i, (double)actual[i], expected[i], tolerance);
}

static inline void check_true(const char *name, int condition) {
  checks++;
  if (!condition) report(name, 0, 0, 1);
}

/// Compares `gradient - initial` with central differences in double of `loss` with respect to each of x's n elements.
static inline void check_gradient(const char *name, const float *gradient, const float *initial, double *x, size_t n,
                                  double (*loss)(void *), void *context, double tolerance) {
  const double step = 1e-5;
  for (size_t i = 0; i < n; i++) {
    const double saved = x[i];
    x[i] = saved + step;
    const double above = loss(context);
    x[i] = saved - step;
    const double below = loss(context);
    x[i] = saved;
    check_close(name, i, (double)gradient[i] - (double)initial[i], (above - below) / (2 * step), tolerance);
  }
}

/// The weighted sum that turns a vector of outputs into a loss whose gradient is `weight`.
static inline double weighted(const double *y, const float *weight, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += y[i] * (double)weight[i];
  return sum;
}

enum { PASSED = 0, FAILED = 1, SKIPPED = 77 };

/// The exit status. A run for a kernel level that this processor lacks tested another level, and says so.
static inline int finish(void) {
  while (block_count > 0) free(blocks[--block_count]);
  printf("%zu checks, %zu failed\n", checks, failures);
  if (failures > 0) return FAILED;
  return ck_kernel_level_refused() ? SKIPPED : PASSED;
}

#endif
