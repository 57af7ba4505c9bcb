/// A cannon under a block of aliens that marches sideways and down. An alien shot is a point; a bomb or an alien that
/// reaches the cannon, or an alien on the ground, ends the episode. A cleared wave is followed by a faster one.
///
/// Planes: 0 cannon, 1 aliens, 2 aliens that march left, 3 aliens that march right, 4 shots, 5 bombs.
#include "arcade.h"

enum { SLOWEST = 12, FASTEST = 6, BOMB_INTERVAL = 10, SHOT_INTERVAL = 5, WAVE_ROWS = 4, WAVE = 0x0fc, COLUMNS = 0x3ff };

static void new_wave(carcade_swarm *game) {
  for (int y = 0; y < WAVE_ROWS; y++) game->aliens[y] = WAVE;
  game->direction = -1;
}

void swarm_begin(carcade_swarm *game, arcade_random *random) {
  (void)random;
  memset(game, 0, sizeof *game);
  new_wave(game);
  game->x = 5;
  game->interval = game->move_timer = SLOWEST;
  game->bomb_timer = BOMB_INTERVAL;
}

static uint32_t occupied_columns(const carcade_swarm *game) {
  uint32_t columns = 0;
  for (int y = 0; y < SIZE; y++) columns |= game->aliens[y];
  return columns;
}

static int count(const carcade_swarm *game) {
  int aliens = 0;
  for (int y = 0; y < SIZE; y++) aliens += __builtin_popcount(game->aliens[y]);
  return aliens;
}

static void march(carcade_swarm *game, outcome *result) {
  int left = count(game);
  game->move_timer = (int8_t)(left < game->interval ? left : game->interval);
  uint32_t columns = occupied_columns(game);
  if (columns & (game->direction < 0 ? 1u : 1u << LAST)) {
    game->direction = (int8_t)-game->direction;
    if (game->aliens[LAST]) result->ended = true;
    // Those that have landed show in the top row of the last frame, as in MinAtar.
    uint16_t landed = game->aliens[LAST];
    memmove(game->aliens + 1, game->aliens, LAST * sizeof *game->aliens);
    game->aliens[0] = landed;
  } else {
    for (int y = 0; y < SIZE; y++) {
      uint32_t row = game->aliens[y];
      game->aliens[y] = (uint16_t)((game->direction < 0 ? row >> 1 : row << 1) & COLUMNS);
    }
  }
  if (game->aliens[LAST] >> game->x & 1) result->ended = true;
}

/// The lowest alien of the column nearest to the cannon drops a bomb; of two equally near columns the left one.
static void drop_bomb(carcade_swarm *game) {
  uint32_t columns = occupied_columns(game);
  for (int distance = 0; distance < SIZE; distance++) {
    for (int side = -1; side <= 1; side += 2) {
      int x = game->x + side * distance;
      if (!inside(x) || !(columns >> x & 1)) continue;
      int y = LAST;
      while (!(game->aliens[y] >> x & 1)) y--;
      game->bombs[y] |= (uint16_t)(1u << x);
      return;
    }
  }
}

outcome swarm_act(carcade_swarm *game, int action, bool ramping, arcade_random *random) {
  (void)random;
  outcome result = {0};
  if (action == CARCADE_FIRE && game->shot_timer == 0) {
    game->shots[LAST] |= (uint16_t)(1u << game->x);
    game->shot_timer = SHOT_INTERVAL;
  }
  game->x = (int8_t)clamp(game->x + (action == CARCADE_RIGHT) - (action == CARCADE_LEFT), 0, LAST);

  memmove(game->shots, game->shots + 1, LAST * sizeof *game->shots);
  game->shots[LAST] = 0;
  memmove(game->bombs + 1, game->bombs, LAST * sizeof *game->bombs);
  game->bombs[0] = 0;
  if ((game->bombs[LAST] | game->aliens[LAST]) >> game->x & 1) result.ended = true;

  if (game->move_timer == 0) march(game, &result);
  if (game->bomb_timer == 0) {
    game->bomb_timer = BOMB_INTERVAL;
    drop_bomb(game);
  }
  for (int y = 0; y < SIZE; y++) {
    uint16_t hit = game->aliens[y] & game->shots[y];
    if (!hit) continue;
    result.points += __builtin_popcount(hit);
    game->aliens[y] ^= hit;
    game->shots[y] ^= hit;
  }
  if (game->shot_timer > 0) game->shot_timer--;
  game->move_timer--;
  game->bomb_timer--;
  if (occupied_columns(game) == 0) {
    if (ramping && game->interval > FASTEST) game->interval--;
    new_wave(game);
  }
  return result;
}

void swarm_draw(const carcade_swarm *game, uint8_t *observation) {
  mark(observation, 0, LAST, game->x);
  mark_rows(observation, 1, game->aliens);
  mark_rows(observation, game->direction < 0 ? 2 : 3, game->aliens);
  mark_rows(observation, 4, game->shots);
  mark_rows(observation, 5, game->bombs);
}

bool swarm_is_possible(const carcade_swarm *game) {
  return rows_fit(game->aliens) && rows_fit(game->shots) && rows_fit(game->bombs) && occupied_columns(game) != 0
         && inside(game->x) && abs(game->direction) == 1 && within(game->interval, FASTEST, SLOWEST)
         && within(game->move_timer, 0, SLOWEST) && within(game->bomb_timer, 0, BOMB_INTERVAL)
         && within(game->shot_timer, 0, SHOT_INTERVAL);
}
