/// Environment steps a second on one core, observations and new episodes included, uniformly random actions:
/// the best of fifteen rounds of 256,000 steps, as other work on a machine only slows.
///
///     clang -O2 -I CKernels/include -I Sources/CArcade/include Sources/CArcade/*.c CKernels/src/ck_random.c \
///       Tests/Parity/bench_arcade.c -lm -o bench_arcade && ./bench_arcade
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "carcade.h"

enum { SLOTS = 64, ROUNDS = 4000, REPEATS = 15, ACTION_ROWS = 1024 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(void) {
  static carcade_state states[SLOTS];
  static uint8_t observation[SLOTS * CARCADE_OBSERVATION_BYTES], final_observation[sizeof observation];
  static int32_t actions[ACTION_ROWS][SLOTS];
  static float reward[SLOTS];
  static uint8_t terminated[SLOTS], truncated[SLOTS], success[SLOTS];
  static const char *const names[CARCADE_GAMES] = {"swarm", "bricks", "vault", "forage", "diver", "crossing"};
  uint32_t streams[SLOTS];
  for (uint32_t i = 0; i < SLOTS; i++) streams[i] = i;
  for (int i = 0; i < ACTION_ROWS; i++)
    for (int j = 0; j < SLOTS; j++) actions[i][j] = rand() % CARCADE_ACTIONS;
  carcade_rows rows = {observation, final_observation, reward, terminated, truncated, success};
  for (uint8_t game = 0; game < CARCADE_GAMES; game++) {
    carcade_rules rules = {.sticky = 0.1f, .reward_scale = 1, .horizon = 2500, .game = game, .ramping = 1};
    carcade_reset(states, SLOTS, &rules, 1, streams, observation);
    double best = 1e9;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      double start = now();
      for (int round = 0; round < ROUNDS; round++)
        carcade_step(states, SLOTS, &rules, actions[round % ACTION_ROWS], rows);
      double seconds = now() - start;
      if (seconds < best) best = seconds;
    }
    printf("%-9s %6.2f million steps/s, %5.1f ns a step\n", names[game], 1e-6 * SLOTS * ROUNDS / best,
           1e9 * best / (SLOTS * ROUNDS));
  }
  return 0;
}
