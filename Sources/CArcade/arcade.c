#include "arcade.h"

_Static_assert(sizeof(carcade_state) <= 1024, "Tests/Parity/arcade_library.py sets 1024 bytes a state aside");

#define EACH_GAME(do)                                                                                                 \
  switch (rules->game) {                                                                                              \
    case CARCADE_SWARM: do(swarm); break;                                                                             \
    case CARCADE_BRICKS: do(bricks); break;                                                                           \
    case CARCADE_VAULT: do(vault); break;                                                                             \
    case CARCADE_FORAGE: do(forage); break;                                                                           \
    case CARCADE_DIVER: do(diver); break;                                                                             \
    case CARCADE_CROSSING: do(crossing); break;                                                                       \
  }

static void begin(carcade_state *state, const carcade_rules *rules, arcade_random *random) {
  state->episode_step = 0;
  state->last_action = CARCADE_NOOP;
#define BEGIN(name) name##_begin(&state->name, random)
  EACH_GAME(BEGIN)
#undef BEGIN
}

static outcome act(carcade_state *state, const carcade_rules *rules, int action, arcade_random *random) {
  outcome result = {0};
#define ACT(name) result = name##_act(&state->name, action, rules->ramping, random)
  EACH_GAME(ACT)
#undef ACT
  return result;
}

void carcade_observe(const carcade_state *state, const carcade_rules *rules, uint8_t *observation) {
  memset(observation, 0, CARCADE_OBSERVATION_BYTES);
#define DRAW(name) name##_draw(&state->name, observation)
  EACH_GAME(DRAW)
#undef DRAW
}

void carcade_reset(
    carcade_state *states, size_t n, const carcade_rules *rules, uint64_t seed, const uint32_t *streams,
    uint8_t *observation) {
  for (size_t i = 0; i < n; i++) {
    carcade_state *state = &states[i];
    // Bytes between fields and unused members of the union too: equal states are then equal bytes.
    memset(state, 0, sizeof *state);
    state->seed = seed;
    state->stream = streams[i];
    arcade_random random = arcade_random_of(state);
    begin(state, rules, &random);
    carcade_observe(state, rules, observation + i * CARCADE_OBSERVATION_BYTES);
  }
}

void carcade_step(
    carcade_state *states, size_t n, const carcade_rules *rules, const int32_t *actions, carcade_rows rows) {
  for (size_t i = 0; i < n; i++) {
    carcade_state *state = &states[i];
    state->step++;
    state->episode_step++;
    arcade_random random = arcade_random_of(state);
    if (!chance(&random, rules->sticky)) state->last_action = actions[i];

    outcome result = act(state, rules, state->last_action, &random);
    bool truncated = !result.ended && rules->horizon && state->episode_step >= rules->horizon;
    rows.reward[i] = (float)result.points * rules->reward_scale;
    rows.terminated[i] = result.ended;
    rows.truncated[i] = truncated;
    rows.success[i] = result.success;
    if (result.ended || truncated) {
      carcade_observe(state, rules, rows.final_observation + i * CARCADE_OBSERVATION_BYTES);
      begin(state, rules, &random);
    }
    carcade_observe(state, rules, rows.observation + i * CARCADE_OBSERVATION_BYTES);
  }
}

void carcade_begin(carcade_state *state, const carcade_rules *rules, uint8_t *observation) {
  arcade_random random = arcade_random_of(state);
  // The step before has used this address from its first block on, and far fewer blocks.
  random.used = 1u << 20;
  begin(state, rules, &random);
  carcade_observe(state, rules, observation);
}

int carcade_is_possible(const carcade_state *state, const carcade_rules *rules, uint64_t seed, uint32_t stream) {
  if (state->seed != seed || state->stream != stream || state->step > 1ull << 53) return 0;
  if (state->episode_step > state->step || (rules->horizon && state->episode_step >= rules->horizon)) return 0;
  if (!within(state->last_action, 0, CARCADE_ACTIONS - 1)) return 0;
  bool possible = false;
#define IS_POSSIBLE(name) possible = name##_is_possible(&state->name)
  EACH_GAME(IS_POSSIBLE)
#undef IS_POSSIBLE
  return possible;
}

uint8_t carcade_action_mask(uint8_t game) {
  enum { NOOP = 1 << CARCADE_NOOP, FIRE = 1 << CARCADE_FIRE };
  enum { SIDEWAYS = 1 << CARCADE_LEFT | 1 << CARCADE_RIGHT, UPRIGHT = 1 << CARCADE_UP | 1 << CARCADE_DOWN };
  switch (game) {
    case CARCADE_SWARM: return NOOP | SIDEWAYS | FIRE;
    case CARCADE_BRICKS: return NOOP | SIDEWAYS;
    case CARCADE_CROSSING: return NOOP | UPRIGHT;
    case CARCADE_DIVER: return NOOP | SIDEWAYS | UPRIGHT | FIRE;
    default: return NOOP | SIDEWAYS | UPRIGHT;
  }
}
