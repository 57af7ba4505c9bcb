#include "ck_random.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 10, WORDS = 4 };

void ck_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t product0 = UINT64_C(0xD2511F53) * c0, product1 = UINT64_C(0xCD9E8D57) * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)product1;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)product0;
    k0 += UINT32_C(0x9E3779B9);
    k1 += UINT32_C(0xBB67AE85);
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

void ck_random_block(uint32_t out[4], ck_address address, uint32_t block) {
  const uint32_t high = (uint32_t)(address.step >> 32) & UINT32_C(0xFFFFFF);
  const uint32_t counter[4] = {block, (uint32_t)address.step, address.stream, (uint32_t)address.purpose << 24 | high};
  const uint32_t key[2] = {(uint32_t)address.seed, (uint32_t)(address.seed >> 32)};
  ck_philox(out, counter, key);
}

void ck_random_uniform(float *u, ck_address address, size_t n) {
  uint32_t word[WORDS];
  for (size_t i = 0; i < n; i++) {
    if (i % WORDS == 0) ck_random_block(word, address, (uint32_t)(i / WORDS));
    u[i] = (float)(word[i % WORDS] >> 8) * 0x1p-24f;
  }
}

void ck_random_below(uint32_t *numbers, ck_address address, uint32_t limit, size_t n) {
  uint32_t word[WORDS];
  for (size_t i = 0; i < n; i++) {
    if (i % WORDS == 0) ck_random_block(word, address, (uint32_t)(i / WORDS));
    numbers[i] = (uint32_t)((uint64_t)word[i % WORDS] * limit >> 32);
  }
}

// Four words give four normal numbers. The uniform number under the logarithm lies in (0, 1].
static void normal_block(float z[4], ck_address address, uint32_t block) {
  const double turn = 6.283185307179586;
  uint32_t word[WORDS];
  ck_random_block(word, address, block);
  for (int pair = 0; pair < WORDS; pair += 2) {
    const double radius = sqrt(-2.0 * log(((double)word[pair] + 1.0) * 0x1p-32));
    const double angle = turn * 0x1p-32 * (double)word[pair + 1];
    z[pair] = (float)(radius * cos(angle));
    z[pair + 1] = (float)(radius * sin(angle));
  }
}

void ck_random_normal(float *z, ck_address address, size_t n) {
  float block[WORDS];
  for (size_t i = 0; i < n; i += WORDS) {
    normal_block(block, address, (uint32_t)(i / WORDS));
    memcpy(z + i, block, (n - i < WORDS ? n - i : WORDS) * sizeof *z);
  }
}

// A number falls outside with probability 0.0455. Element i owns sixteen blocks of four numbers, from block 16 i: all
// 64 fall outside with probability 1e-86.
void ck_random_truncated_normal(float *z, ck_address address, size_t n) {
  enum { BLOCKS = 16 };
  for (size_t i = 0; i < n; i++) {
    float block[WORDS];
    z[i] = 0;
    for (uint32_t attempt = 0; attempt < BLOCKS * WORDS; attempt++) {
      if (attempt % WORDS == 0) normal_block(block, address, (uint32_t)i * BLOCKS + attempt / WORDS);
      if (fabsf(block[attempt % WORDS]) > 2.0f) continue;
      z[i] = block[attempt % WORDS];
      break;
    }
  }
}
