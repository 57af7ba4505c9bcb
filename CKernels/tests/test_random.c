#include "test.h"

/// Known answers of the Random123 library for philox4x32-10.
static void test_known_answers(void) {
  const struct {
    uint32_t counter[4], key[2], out[4];
  } known[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t k = 0; k < COUNT(known); k++) {
    uint32_t out[4];
    ck_philox(out, known[k].counter, known[k].key);
    check_true("known answer", memcmp(out, known[k].out, sizeof out) == 0);
  }
}

/// The address becomes counter and key as ck_random.h says.
static void test_layout(void) {
  const ck_address address = {
      .seed = 0x299f31d0a4093822, .step = 0x00abcdef85a308d3, .stream = 0x13198a2e, .purpose = 3};
  const uint32_t counter[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03abcdef}, key[2] = {0xa4093822, 0x299f31d0};
  uint32_t expected[4], block[4];
  ck_philox(expected, counter, key);
  ck_random_block(block, address, 0x243f6a88);
  check_true("layout", memcmp(block, expected, sizeof block) == 0);
}

static void test_uniform(void) {
  enum { N = 100003 };
  const ck_address address = {.seed = 1, .step = 2, .stream = 3, .purpose = 4};
  float *u = dirty(N), *few = dirty(7);
  ck_random_uniform(u, address, N);
  ck_random_uniform(few, address, 7);
  check_true("a shorter draw is a prefix", memcmp(few, u, 7 * sizeof *u) == 0);
  uint32_t word[4];
  ck_random_block(word, address, 1);
  check_true("word 5", u[5] == (float)(word[1] >> 8) * 0x1p-24f);
  double mean = 0, square = 0;
  for (size_t i = 0; i < N; i++) {
    check_true("within [0, 1)", u[i] >= 0 && u[i] < 1);
    mean += (double)u[i] / N;
    square += (double)u[i] * (double)u[i] / N;
  }
  check_close("mean", 0, mean, 0.5, 0.003);
  check_close("variance", 0, square - mean * mean, 1.0 / 12, 0.002);
}

static void test_below(void) {
  enum { N = 70000, LIMIT = 7 };
  const ck_address address = {.seed = 3, .step = 9, .stream = 4, .purpose = 5};
  uint32_t numbers[N], few[5];
  ck_random_below(numbers, address, LIMIT, N);
  ck_random_below(few, address, LIMIT, 5);
  check_true("a shorter draw is a prefix", memcmp(few, numbers, sizeof few) == 0);
  double count[LIMIT] = {0};
  for (size_t i = 0; i < N; i++) {
    check_true("below the limit", numbers[i] < LIMIT);
    if (numbers[i] < LIMIT) count[numbers[i]]++;
  }
  for (size_t i = 0; i < LIMIT; i++) check_close("as likely as another", i, count[i] / N, 1.0 / LIMIT, 0.006);
  ck_random_below(few, address, 1, 5);
  for (size_t i = 0; i < 5; i++) check_true("below one is zero", few[i] == 0);
}

/// Mean, variance and the fraction within one sigma, for the whole or the truncated distribution.
static void test_normal(void (*draw)(float *, ck_address, size_t), double variance, double within_one, double limit) {
  enum { N = 200001 };
  const ck_address address = {.seed = 7, .step = 1, .stream = 9, .purpose = 2};
  float *z = dirty(N), *few = dirty(6);
  draw(z, address, N);
  draw(few, address, 6);
  check_true("a shorter draw is a prefix", memcmp(few, z, 6 * sizeof *z) == 0);
  double mean = 0, square = 0, within = 0, neighbours = 0;
  for (size_t i = 0; i < N; i++) {
    check_true("within limits", fabsf(z[i]) <= (float)limit);
    mean += (double)z[i] / N;
    square += (double)z[i] * (double)z[i] / N;
    within += fabsf(z[i]) < 1 ? 1.0 / N : 0;
    if (i) neighbours += (double)z[i] * (double)z[i - 1] / N;
  }
  check_close("mean", 0, mean, 0, 0.01);
  check_close("variance", 0, square, variance, 0.01);
  check_close("within one sigma", 0, within, within_one, 0.005);
  check_close("correlation of neighbours", 0, neighbours, 0, 0.01);
}

int main(void) {
  test_known_answers();
  test_layout();
  test_uniform();
  test_below();
  test_normal(ck_random_normal, 1, 0.6827, 7);
  test_normal(ck_random_truncated_normal, 0.7737, 0.7152, 2);
  return finish();
}
