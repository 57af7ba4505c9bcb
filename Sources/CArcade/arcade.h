/// What the games share inside the library; not part of its interface.
#ifndef ARCADE_H
#define ARCADE_H
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "carcade.h"
#include "ck_random.h"

enum { SIZE = CARCADE_SIZE, LAST = CARCADE_SIZE - 1, ENVIRONMENT_PURPOSE = 3 };

/// The words that one step of one slot uses, in order; a block is computed when its first word is asked for.
typedef struct {
  ck_address address;
  uint32_t used;
  uint32_t word[4];
} arcade_random;

static inline arcade_random arcade_random_of(const carcade_state *state) {
  arcade_random random;
  random.address = (ck_address){
      .seed = state->seed, .step = state->step, .stream = state->stream, .purpose = ENVIRONMENT_PURPOSE};
  random.used = 0;
  return random;
}

static inline uint32_t next_word(arcade_random *random) {
  if (random->used % 4 == 0) ck_random_block(random->word, random->address, random->used / 4);
  return random->word[random->used++ % 4];
}

/// True with probability `p`.
static inline bool chance(arcade_random *random, double p) { return (double)(next_word(random) >> 8) * 0x1p-24 < p; }

/// An integer in 0 ..< n, n small.
static inline int below(arcade_random *random, uint32_t n) { return (int)((uint64_t)next_word(random) * n >> 32); }

static inline int clamp(int value, int low, int high) { return value < low ? low : value > high ? high : value; }

static inline bool within(int value, int low, int high) { return value >= low && value <= high; }

/// Flags are 0 or 1; `bool` may not be read from bytes that are neither.
static inline bool is_flag(int value) { return within(value, 0, 1); }

/// Whether ten rows have no bit beyond the grid.
static inline bool rows_fit(const uint16_t rows[SIZE]) {
  uint32_t bits = 0;
  for (int y = 0; y < SIZE; y++) bits |= rows[y];
  return bits >> SIZE == 0;
}

static inline bool inside(int x) { return x >= 0 && x <= LAST; }

static inline void mark(uint8_t *observation, int plane, int y, int x) {
  observation[(y * SIZE + x) * SIZE + plane] = 1;
}

/// Marks the set bits of ten rows. Five rows go through one loop: its end is what a processor can't foresee.
static inline void mark_rows(uint8_t *observation, int plane, const uint16_t rows[SIZE]) {
  for (int first = 0; first < SIZE; first += SIZE / 2) {
    uint64_t bits = 0;
    for (int y = 0; y < SIZE / 2; y++) bits |= (uint64_t)rows[first + y] << (y * SIZE);
    for (; bits; bits &= bits - 1) observation[(first * SIZE + __builtin_ctzll(bits)) * SIZE + plane] = 1;
  }
}

/// What a step of a game came to.
typedef struct {
  int points;
  bool ended;
  bool success;
} outcome;

/// `draw` writes into an observation of zeros.
#define ARCADE_GAME(name)                                                                                             \
  void name##_begin(carcade_##name *game, arcade_random *random);                                                     \
  outcome name##_act(carcade_##name *game, int action, bool ramping, arcade_random *random);                          \
  void name##_draw(const carcade_##name *game, uint8_t *observation);                                                 \
  bool name##_is_possible(const carcade_##name *game)

ARCADE_GAME(swarm);
ARCADE_GAME(bricks);
ARCADE_GAME(vault);
ARCADE_GAME(forage);
ARCADE_GAME(diver);
ARCADE_GAME(crossing);

#endif
