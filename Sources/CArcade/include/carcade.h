/// Six games on a 10x10 grid, stepped in batches: one space of observations and actions for all of them.
///
/// An observation is `uint8 [10, 10, 10]`: row from the top, column from the left, plane; a cell of a plane is 0 or 1.
/// Plane 0 is the player, and planes that a game doesn't use are zero. Every game takes the same six actions; those it
/// has no use for act as `CARCADE_NOOP`.
///
/// Memory belongs to the caller. A state is plain data without pointers, so that saving is copying bytes. Nothing is
/// allocated and there are no globals: calls on different states may run at the same time. Ends of episodes follow
/// SAME_STEP: the step that ends an episode also starts the next one, and the last frame of the old goes to
/// `final_observation`.
///
/// Random numbers are addressed (`ck_random.h`) by the seed, the slot's stream, purpose 3, and the number of steps the
/// slot has made in its whole life, so equal seeds and actions give equal frames.
#ifndef CARCADE_H
#define CARCADE_H
#include <stddef.h>
#include <stdint.h>

#define CARCADE_SIZE 10                ///< rows, columns, and planes
#define CARCADE_OBSERVATION_BYTES 1000 ///< bytes of one observation
#define CARCADE_ACTIONS 6
/// Of the rules of all games; a change of what any game does raises it.
#define CARCADE_RULES_VERSION 1

enum { CARCADE_NOOP, CARCADE_LEFT, CARCADE_UP, CARCADE_RIGHT, CARCADE_DOWN, CARCADE_FIRE };

/// Games. All but the vault follow the rules of a game of MinAtar 1.0.15 (Young and Tian 2019, "MinAtar: An
/// Atari-Inspired Testbed", 1903.03176), written anew from its description and from measuring its behaviour.
enum {
  CARCADE_SWARM,     ///< rules of its space invaders
  CARCADE_BRICKS,    ///< rules of its breakout
  CARCADE_VAULT,     ///< our own: ladders, key, door and skull
  CARCADE_FORAGE,    ///< rules of its asterix
  CARCADE_DIVER,     ///< rules of its seaquest
  CARCADE_CROSSING,  ///< rules of its freeway
  CARCADE_GAMES
};

/// What a batch plays: the same for all of its slots, and for life.
typedef struct {
  float sticky;        ///< probability that the last action is repeated instead of the given one
  float reward_scale;  ///< what the points of a game are multiplied by
  uint32_t horizon;    ///< steps after which an episode is truncated, 0 for never
  uint8_t game;
  uint8_t ramping;     ///< whether a game grows harder as an episode goes on
} carcade_rules;

typedef struct {
  int8_t x, y, right, timer;
  int8_t shot_timer;  ///< of submarines that shoot
} carcade_swimmer;

typedef struct {
  int8_t x, y, right;
} carcade_bullet;

/// Bits of rows: bit x of `row[y]` is the cell in column x.
typedef struct {
  uint16_t aliens[CARCADE_SIZE], shots[CARCADE_SIZE], bombs[CARCADE_SIZE];
  int8_t x, direction, interval, move_timer, bomb_timer, shot_timer;
} carcade_swarm;

typedef struct {
  uint16_t wall[CARCADE_SIZE];
  int8_t paddle, x, y, dx, dy, trail_x, trail_y;
  int8_t struck;  ///< the last step met a brick
} carcade_bricks;

typedef struct {
  uint16_t wall[CARCADE_SIZE], ladder[CARCADE_SIZE];
  int8_t x, y, key_x, key_y, door_x, door_y, exit_x, exit_y;
  int8_t skull_x, skull_y, skull_dx, skull_left, skull_right, skull_timer;
  int8_t key_lies, key_held, door_closed;
} carcade_vault;

typedef struct {
  struct {
    int8_t present, x, right, treasure;
  } lane[8];  ///< lane i is row i + 1
  int8_t x, y, spawn_interval, spawn_timer, move_interval, move_timer, ramp_timer, ramps;
} carcade_forage;

enum { CARCADE_MOST_SWIMMERS = 40, CARCADE_MOST_DIVERS = 4, CARCADE_MOST_SHOTS = 4 };

typedef struct {
  carcade_swimmer fish[CARCADE_MOST_SWIMMERS], subs[CARCADE_MOST_SWIMMERS], divers[CARCADE_MOST_DIVERS];
  carcade_bullet torpedoes[CARCADE_MOST_SWIMMERS], shots[CARCADE_MOST_SHOTS];
  uint8_t fish_count, sub_count, diver_count, torpedo_count, shot_count;
  int16_t oxygen, rescued;
  int8_t x, y, right, at_surface;
  int8_t spawn_interval, spawn_timer, diver_timer, move_interval, shot_timer, ramps;
} carcade_diver;

typedef struct {
  struct {
    int8_t x, step, interval, timer;  ///< `step` is -1 or 1
  } car[8];  ///< car i drives in row i + 1
  int16_t frames_left;
  int8_t y, move_timer;
} carcade_crossing;

/// One slot: a game in progress.
typedef struct {
  uint64_t seed;
  uint64_t step;          ///< steps made in the slot's whole life
  uint32_t stream;
  uint32_t episode_step;  ///< steps made in this episode
  int32_t last_action;
  union {
    carcade_swarm swarm;
    carcade_bricks bricks;
    carcade_vault vault;
    carcade_forage forage;
    carcade_diver diver;
    carcade_crossing crossing;
  };
} carcade_state;

/// Where the results of a step go: arrays over slots, each wholly written, `final_observation` only where an episode
/// ended.
typedef struct {
  uint8_t *observation;        ///< [n, 10, 10, 10]
  uint8_t *final_observation;  ///< [n, 10, 10, 10]
  float *reward;
  uint8_t *terminated;
  uint8_t *truncated;
  uint8_t *success;            ///< the exit of the vault was reached; 0 in other games
} carcade_rows;

/// Starts a new life in each of `n` slots and writes the first observations.
void carcade_reset(
    carcade_state *states, size_t n, const carcade_rules *rules, uint64_t seed, const uint32_t *streams,
    uint8_t *observation);

/// Acts once in each of `n` slots. Actions outside 0...5 act as `CARCADE_NOOP`.
void carcade_step(
    carcade_state *states, size_t n, const carcade_rules *rules, const int32_t *actions, carcade_rows rows);

/// Leaves one slot's episode unfinished, starts its next one and writes the first observation. For between two steps,
/// and only where the last one ended no episode.
void carcade_begin(carcade_state *state, const carcade_rules *rules, uint8_t *observation);

/// Writes the observation of one slot as it is now.
void carcade_observe(const carcade_state *state, const carcade_rules *rules, uint8_t *observation);

/// Whether slot `state` of seed and stream can have been left by `carcade_step` or `carcade_reset` with these rules: what reads and
/// writes a state stays within its memory then. For states that come from a file.
int carcade_is_possible(const carcade_state *state, const carcade_rules *rules, uint64_t seed, uint32_t stream);

/// Which actions a game has: bit a is set when action a does something.
uint8_t carcade_action_mask(uint8_t game);

#endif
